import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { printedRandom } from "../recording/testing.ts";
import { runs } from "../seeded.ts";
import { type Target, targets } from "./changed-bits.ts";

/** Hostile files: nothing crashes, hangs or passes for what it is not. */
describe("hostile files", () => {
  let all: Target[];
  const random = printedRandom();
  const RUNS = runs(60, 3_000);

  before(async () => {
    all = await targets();
  });

  /** What is told at times that nothing signs, left out: see `freeBytes`. */
  const content = (file: Buffer) => file.toString("latin1").replace(/"written":\d+/g, "");

  async function assertSound(target: Target, changed: Buffer, what: string): Promise<void> {
    const { verdict } = await target.verify(changed);
    if (content(changed) !== content(target.file)) {
      assert.notEqual(verdict, "verified", `${target.name}, ${what}`);
    }
  }

  const at = (length: number) => random(Math.max(1, length));

  test("bytes that were changed, cut out, put in, doubled", async () => {
    for (const target of all) {
      for (let run = 0; run < RUNS; run++) {
        let bytes = Buffer.from(target.file);
        for (let change = 0; change <= random(3); change++) {
          const start = at(bytes.length);
          const length = random(40);
          const noise = Buffer.from(Array.from({ length }, () => random(256)));
          const kept = bytes.subarray(start, start + length);
          const middle = [noise, Buffer.alloc(0), Buffer.concat([kept, kept]), Buffer.concat([noise, kept])][
            random(4)
          ]!;
          bytes = Buffer.concat([bytes.subarray(0, start), middle, bytes.subarray(start + length)]);
        }
        await assertSound(target, bytes, `run ${run}`);
      }
    }
  });

  test("lines that were dropped, doubled, swapped, or taken from another file", async () => {
    const foreign = all.flatMap(({ file }) => file.toString("latin1").split("\n"));
    for (const target of all.filter(({ name }) => name !== "recording")) {
      for (let run = 0; run < RUNS; run++) {
        const lines = target.file.toString("latin1").split("\n");
        const [one, other] = [at(lines.length), at(lines.length)];
        const changed = [
          () => lines.toSpliced(one, 1),
          () => lines.toSpliced(one, 0, lines[one]!),
          () => lines.with(one, lines[other]!).with(other, lines[one]!),
          () => lines.toSpliced(one, 0, foreign[at(foreign.length)]!),
          () => lines.slice(0, one),
        ][random(5)]!();
        await assertSound(target, Buffer.from(changed.join("\n"), "latin1"), `run ${run}`);
      }
    }
  });

  test("values in JSON that are of another kind, far too large, or deep", async () => {
    const values = [
      "null",
      "-1",
      "1e999",
      "9007199254740993",
      "0.5",
      '""',
      "[]",
      "{}",
      "true",
      '"\\ud800"',
      "[".repeat(5_000),
    ];
    for (const target of all.filter(({ name }) => name !== "recording")) {
      for (let run = 0; run < RUNS; run++) {
        const text = target.file.toString("latin1");
        const members = [...text.matchAll(/\\?"[A-Za-z]+\\?":(?:\\?"[^"\\]*\\?"|\d+)/g)];
        const member = members[at(members.length)]!;
        const name = member[0].slice(0, member[0].indexOf(":") + 1);
        const value = values[at(values.length)]!;
        const changed =
          text.slice(0, member.index) + name + value + text.slice(member.index + member[0].length);
        await assertSound(target, Buffer.from(changed, "latin1"), `${name}${value.slice(0, 10)}`);
      }
    }
  });

  test("the same JSON in another spelling is refused", async () => {
    const spellings: [string, (text: string) => string][] = [
      ["a blank", (text) => text.replace('":', '": ')],
      ["a blank at the end", (text) => text.replace(/\n$/, " \n")],
      ["a line feed less", (text) => text.replace(/\n$/, "")],
      ["a line feed of two characters", (text) => text.replace("\n", "\r\n")],
      ["a member twice", (text) => text.replace('{"format"', '{"format":"","format"')],
      ["an escape", (text) => text.replace("sallyport", "\\u0073allyport")],
      ["a number", (text) => text.replace(/"index":(\d+)/, '"index":$1.0')],
      ["a member more", (text) => text.replace('{"format"', '{"more":1,"format"')],
      [
        "members in another order",
        (text) => text.replace(/("index":\d+),("(?:entry|hash)":"[^"\\]*(?:\\.[^"\\]*)*")/, "$2,$1"),
      ],
      ["a byte order mark", (text) => `\ufeff${text}`],
    ];
    for (const { name, file, verify } of all.filter(({ name }) => name !== "recording")) {
      for (const [what, spell] of spellings) {
        const text = file.toString();
        const other = spell(text);
        assert.notEqual(other, text, `${name}: ${what}`);
        assert.equal((await verify(Buffer.from(other))).verdict, "failed", `${name}: ${what}`);
      }
    }
  });

  test("a line without an end is refused before it fills memory", async () => {
    for (const { verify, name } of all) {
      const report = await verify(Buffer.alloc(40 * 1024 * 1024, "x"));
      assert.equal(report.verdict, "failed", name);
    }
  });

  test("nothing at all is no evidence", async () => {
    for (const { verify, name } of all) assert.equal((await verify(Buffer.alloc(0))).verdict, "failed", name);
  });
});
