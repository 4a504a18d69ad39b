import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { SallyportError } from "../protocol/errors.ts";
import { MAX_SECRET, resolveSecret, type SecretReference } from "./secrets.ts";

const folder = mkdtempSync(join(tmpdir(), "sallyport-secrets-"));
after(() => rmSync(folder, { recursive: true }));

const sources = { env: { PASSWORD: "from env\n", EMPTY: "" }, commandLimitMs: 300 };
const resolve = (reference: SecretReference) =>
  resolveSecret(reference, "the password of target orders", sources);
const node = (script: string): SecretReference => ({ command: [process.execPath, "-e", script] });

function file(name: string, content: string): SecretReference {
  const path = join(folder, name);
  writeFileSync(path, content);
  return { file: path };
}

async function refusal(reference: SecretReference): Promise<SallyportError> {
  const error = await resolve(reference).then(
    () => assert.fail("it was resolved"),
    (error: unknown) => error,
  );
  assert.ok(error instanceof SallyportError);
  assert.equal(error.code, "invalid_config");
  assert.match(error.message, /^the password of target orders can't be read: /);
  return error;
}

describe("a secret", () => {
  test("comes from the environment, a file or a command, without one newline at its end", async () => {
    assert.equal(await resolve({ env: "PASSWORD" }), "from env");
    assert.equal(await resolve(file("lines", "a\nb\n\n")), "a\nb\n");
    assert.equal(await resolve(file("dos", "x\r\n")), "x");
    assert.equal(await resolve(node("console.log('printed')")), "printed");
  });

  test("is read anew each time, so that it can be rotated", async () => {
    const reference = file("rotated", "old");
    assert.equal(await resolve(reference), "old");
    file("rotated", "new");
    assert.equal(await resolve(reference), "new");
  });

  test("that is missing, empty or no text is an error that says where it should be", async () => {
    assert.match((await refusal({ env: "MISSING" })).message, /MISSING is not set/);
    assert.match((await refusal({ env: "EMPTY" })).message, /empty/);
    assert.match((await refusal({ file: join(folder, "absent") })).message, /ENOENT/);
    assert.match((await refusal(file("zero", "a\0b"))).message, /zero byte/);
    assert.match((await refusal({ command: ["/absent/program"] })).message, /ENOENT/);
  });

  test("is bounded in length", async () => {
    assert.equal((await resolve(file("longest", "x".repeat(MAX_SECRET)))).length, MAX_SECRET);
    await refusal(file("long", "x".repeat(MAX_SECRET + 1)));
    await refusal({ file: "/dev/zero" });
    assert.match((await refusal(node("process.stdout.write('x'.repeat(100000))"))).message, /more than/);
  });

  test("whose command hangs is given up", async () => {
    assert.match((await refusal(node("setInterval(() => {}, 1000)"))).message, /longer than/);
  });

  test("never stands in an error, nor does what its command printed", async () => {
    const error = await refusal(node("console.log('hunter2'); console.error('hunter2'); process.exit(3)"));
    assert.match(error.message, /exit status 3/);
    assert.doesNotMatch(`${error.message} ${error.hint} ${error.stack}`, /hunter2/);
  });
});
