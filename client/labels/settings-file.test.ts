import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { parse } from "yaml";
import type { LabelProposal } from "../../protocol/label-scan.ts";
import { proposedLines } from "./lines.ts";
import { isSaid, readSettings, settingsDiff, withoutRepeated } from "./settings-file.ts";

const folder = mkdtempSync(join(tmpdir(), "sallyport-labels-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const proposal = (column: string, part: Partial<LabelProposal> = {}): LabelProposal => ({
  schema: "public",
  relation: "customers",
  column,
  path: [],
  label: `pii.${/^[a-z]+$/.test(column) ? column : "other"}`,
  mask: { mask: "null" },
  confidence: "high",
  reasons: ["its name says so"],
  ...part,
});
const PROPOSALS = [
  proposal("email", { mask: { mask: "partial", as: "email" } }),
  proposal("phone"),
  proposal("body", { path: ["a", "b'c"], label: "pii.name" }),
  proposal('e"v\u202eil\n: x #\\', { reasons: ["it refers to a\nlabels: {}"] }),
  proposal("name", { confidence: "low" }),
];

/** The file after the printed change, or null where there is none. */
function patched(text: string, proposals = PROPOSALS): { before: One; after: One; text: string } | null {
  const file = join(folder, "sallyport.yaml");
  writeFileSync(file, text);
  const settings = readSettings(file, "orders");
  const diff = settingsDiff(settings, proposedLines(proposals, settings.labels));
  assert.equal(readFileSync(file, "utf8"), text);
  if (diff === null) return null;
  execFileSync("patch", ["-p0", "--quiet", file], { cwd: folder, input: `${diff.join("\n")}\n` });
  const changed = readFileSync(file, "utf8");
  const find = (yaml: string) =>
    (parse(yaml) as { targets: One[] }).targets.find(({ name }) => name === "orders")!;
  return { before: find(text), after: find(changed), text: changed };
}

interface One {
  name: string;
  labels?: Record<string, string>;
  masks?: Record<string, unknown>;
}

const NEW = {
  "public.customers.email": "pii.email",
  "public.customers.phone": "pii.phone",
  "public.customers.body->'a'->'b''c'": "pii.name",
  'public.customers."e""v\u202eil\n: x #\\"': "pii.other",
};

describe("the change of a settings file", () => {
  test("adds labels and masks where there are none", () => {
    const text =
      "targets:\n  - kind: postgres\n    name: orders\n    connection: {host: h}\n  - name: other\n";
    const { after, text: changed } = patched(text)!;
    assert.deepEqual(after.labels, NEW);
    assert.deepEqual(after.masks, { "pii.email": { mask: "partial", as: "email" } });
    assert.match(changed, /# public\.customers\.name: pii\.name {2}/);
    assert.match(changed, /a⟨U\+000A⟩labels/);
    assert.doesNotMatch(changed, /\u202e/);
  });

  test("adds to what there is, with its indentation", () => {
    const text = `targets:
- name: other
  labels:
    a.b.c: x
- name: orders
  labels:
        "*.*.ssn": pii.ssn   # first
        public.t.c: none     # last

  # why
  masks:
    pii.ssn: {mask: hash}
  connection:
    host: h
limits: {idle: 1h}
`;
    const { after, text: changed } = patched(text)!;
    assert.deepEqual(after.labels, { "*.*.ssn": "pii.ssn", "public.t.c": "none", ...NEW });
    assert.deepEqual(Object.keys(after.masks!), ["pii.ssn", "pii.email"]);
    assert.match(changed, /# last\n {8}public\.customers\.email/);
  });

  test("is not shown where lines can't be put in by themselves", () => {
    for (const text of [
      "targets:\n  - name: orders\n    labels: {a.b.c: x}\n",
      "targets: [{name: orders}]\n",
      "targets:\n  - name: orders\n    kind: postgres",
      "targets:\n  - name: orders\n    labels: &l\n      a.b.c: x\n  - name: z\n    labels: *l\n",
      "targets:\n  - name: z\n    labels: &l\n      a.b.c: x\n  - name: orders\n    labels: *l\n",
      "targets:\n  - name: orders\n    labels:\n",
    ]) {
      assert.equal(patched(text), null, text);
    }
  });

  test("leaves a mask to the labels that the file has", () => {
    const text = "targets:\n  - name: orders\n    labels:\n      a.b.c: pii.email\n";
    assert.equal(patched(text)!.after.masks, undefined);
  });

  test("has one mask for a label, which must do for all its columns", () => {
    const both = [PROPOSALS[0]!, proposal("mail", { label: "pii.email", mask: { mask: "null" } })];
    assert.deepEqual(proposedLines(both, new Set()).masks, []);
  });

  test("has no guess twice", () => {
    const file = join(folder, "guess.yaml");
    writeFileSync(file, "targets:\n  - name: orders\n    # public.customers.name: pii.name   # low\n");
    const lines = withoutRepeated(readSettings(file, "orders"), proposedLines(PROPOSALS, new Set()));
    assert.deepEqual(lines.unsure, []);
    assert.equal(lines.labels.length, 4);
  });
});

describe("what a file says already", () => {
  const settings = (labels: string) => {
    const file = join(folder, "said.yaml");
    writeFileSync(file, `targets:\n  - name: orders\n    labels:\n${labels}`);
    return readSettings(file, "orders");
  };

  test("is not proposed again", () => {
    const said = settings("      public.*.email: none\n      public.customers.body->'a': x\n");
    const answers = PROPOSALS.map((one) => isSaid(said, one));
    assert.deepEqual(answers, [true, false, true, false, false]);
    assert.equal(isSaid(said, proposal("body", { path: ["b"] })), false);
    assert.equal(isSaid(said, proposal("body")), true);
  });

  test("must be readable", () => {
    assert.throws(
      () => settings("      customers.email: x\n"),
      /said\.yaml:4:\d+: .* is not a column's pattern/,
    );
    assert.throws(() => settings("      a.b.c: [x]\n"), { code: "invalid_config" });
    assert.throws(() => readSettings(join(folder, "said.yaml"), "other"), /has no target other/);
    assert.throws(() => readSettings(join(folder, "absent.yaml"), "orders"), /can't be read/);
  });
});
