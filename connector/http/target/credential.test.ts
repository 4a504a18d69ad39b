import assert from "node:assert/strict";
import {
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, type TestContext, test } from "node:test";
import type { SecretReference } from "../../../protocol/secrets.ts";
import type { HttpCredential } from "./config.ts";
import { renewedSecret } from "./renewed.ts";
import { ask, failure, recording, serve, upstreamAt } from "./testing.ts";

let folder: string;
before(() => {
  folder = mkdtempSync(join(tmpdir(), "sallyport-credential-"));
});
after(() => rmSync(folder, { recursive: true }));

function secret(name: string, text: string): { file: string } {
  const file = join(folder, name);
  writeFileSync(file, text);
  return { file };
}

async function target(t: TestContext, credential: HttpCredential) {
  const { seen, listener } = recording();
  return { upstream: upstreamAt(t, await serve(t, listener), { credential }), seen };
}

describe("the connector's credential", () => {
  test("stands in a header of its own, in the place of all that could be taken for it", async (t) => {
    const value = secret("key", "swordfish-7\n");
    const { upstream, seen } = await target(t, { type: "header", name: "x-api-key", value });
    await ask(upstream, {
      fields: ["x-api-key", "x_api_key", "x.api.key", "x-api_key", "x~api!key"].map(
        (name) => [name, "evil"] as const,
      ),
    });
    const own = seen[0]!.rawHeaders.filter((_, i) => /^x.api.key$/i.test(seen[0]!.rawHeaders[i - (i % 2)]!));
    assert.deepEqual(own, ["x-api-key", "swordfish-7"]);
  });

  test("of user and password is UTF-8", async (t) => {
    const password = secret("password", "Ünter:7");
    const { upstream, seen } = await target(t, { type: "basic", user: "jürgen", password });
    await ask(upstream, { fields: [["authorization", "Basic ZXZpbDpldmls"]] });
    assert.equal(seen[0]!.headers.authorization, `Basic ${Buffer.from("jürgen:Ünter:7").toString("base64")}`);
  });

  test("in a file is read again when the file changes, and only then", async (t) => {
    const token = secret("token", "first");
    const { upstream, seen } = await target(t, { type: "bearer", token });
    await ask(upstream);
    writeFileSync(token.file, "second");
    await ask(upstream);
    // As kubelets do it: another file, of the same size, by a link.
    secret("third", "number");
    renameSync(token.file, join(folder, "old"));
    symlinkSync(join(folder, "third"), token.file);
    utimesSync(join(folder, "third"), new Date(0), new Date(0));
    await ask(upstream);
    assert.deepEqual(
      seen.map(({ headers }) => headers.authorization),
      ["Bearer first", "Bearer second", "Bearer number"],
    );
    rmSync(token.file);
    const gone = await failure(ask(upstream));
    assert.equal(gone.code, "invalid_config");
    assert.equal(seen.length, 3);
  });

  for (const [claim, text] of [
    ["nothing", ""],
    ["two lines", "a\nb"],
    ["a line end within", "a\r\nHost: evil"],
    ["a blank before it", " abc"],
    ["what is no ASCII", "tökén"],
    ["a null", "a\0b"],
    ["far too much", "x".repeat(70_000)],
  ] as const) {
    test(`is not sent when its file has ${claim}, and does not stand in the error`, async (t) => {
      const reference = secret("bad", text);
      for (const credential of [
        { type: "bearer", token: reference },
        { type: "header", name: "x-key", value: reference },
      ] as const) {
        const { upstream, seen } = await target(t, credential);
        const error = await failure(ask(upstream));
        assert.equal(error.code, "invalid_config");
        assert.ok(error.hint);
        if (text !== "") assert.ok(!`${error.message}${error.hint}`.includes(text));
        assert.equal(seen.length, 0);
      }
    });
  }
});

describe("a secret that is read anew", () => {
  const count = (file: string): SecretReference => ({
    command: [
      process.execPath,
      "-e",
      `require("fs").appendFileSync(${JSON.stringify(file)}, "x"); console.log("s")`,
    ],
  });

  test("by a command is kept for a minute, and asked for once by many", async () => {
    let now = 0;
    const file = join(folder, "runs");
    const renewed = renewedSecret(count(file), "a secret", () => now);
    assert.deepEqual(await Promise.all([renewed.get(), renewed.get(), renewed.get()]), ["s", "s", "s"]);
    now = 59_999;
    await renewed.get();
    assert.equal(readFileSync(file, "utf8"), "x");
    now = 60_000;
    await renewed.get();
    assert.equal(readFileSync(file, "utf8"), "xx");
  });

  test("is not kept when it could not be read", async () => {
    const file = join(folder, "late");
    const renewed = renewedSecret({ file }, "a secret");
    assert.equal((await failure(renewed.get())).code, "invalid_config");
    writeFileSync(file, "here");
    assert.equal(await renewed.get(), "here");
  });
});
