import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { readCast } from "../../../protocol/asciicast-testing.ts";
import { Composer, inChunks } from "../../../protocol/recording/testing.ts";
import { verifyRecording } from "../../../protocol/recording/verify.ts";
import { generateKey } from "../../../protocol/signatures.ts";
import { ofKind } from "../kind.ts";
import { recordedEntries } from "../source.ts";
import { SESSION, SshScene } from "../ssh/testing.ts";
import { exportCast } from "./export-cast.ts";

let folder: string;

before(() => {
  folder = mkdtempSync(join(tmpdir(), "sallyport-cast-"));
});

after(() => rmSync(folder, { recursive: true }));

const database = new Composer(SESSION, await generateKey(), await generateKey()).opened();

test("a recording with bytes of channels verifies, and its terminal is exported from the file", async () => {
  const scene = new SshScene().opened([80, 24]).shell().output("$ ").withheld(3).exited(0);
  scene.composer.ended();
  const file = await scene.composer.file();
  assert.equal((await verifyRecording(inChunks(file), scene.composer.keys)).verdict, "verified");
  const output = join(folder, "shell.cast");
  const words = await exportCast("x.sallyport", recordedEntries(inChunks(file, 100)), { version: 3, output });
  assert.equal(words, `${output}: asciicast 3, 3 events`);
  assert.deepEqual(
    readCast(readFileSync(output, "utf8")).events.map(([, code]) => code),
    ["o", "m", "x"],
  );
});

test("what can't be played leaves no file", async () => {
  const output = join(folder, "none.cast");
  const scene = new SshScene().opened().exec("id");
  const recordings = [
    [scene.composer, "not_found"],
    [database, "invalid_request"],
  ] as const;
  for (const [composer, code] of recordings) {
    const entries = recordedEntries(inChunks(await composer.file()));
    await assert.rejects(exportCast(SESSION, entries, { version: 2, output }), { code });
  }
  assert.deepEqual(
    readdirSync(folder).filter((name) => name !== "shell.cast"),
    [],
  );
});

test("the kind of a recording is found, and no entry lost by it", async () => {
  for (const [composer, kind] of [
    [new SshScene().opened().composer, "ssh"],
    [database, "postgres"],
  ] as const) {
    const found = await ofKind(recordedEntries(inChunks(await composer.file())));
    assert.equal(found.kind, kind);
    assert.equal(await countOf(found.entries), composer.entries.length);
  }
  const empty = await ofKind(
    recordedEntries(inChunks(await new Composer(SESSION, await generateKey(), await generateKey()).file())),
  );
  assert.equal(await countOf(empty.entries), 0);
});

async function countOf(entries: AsyncIterable<unknown>): Promise<number> {
  let count = 0;
  for await (const _ of entries) count++;
  return count;
}
