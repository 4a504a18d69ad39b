import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { promisify } from "node:util";
import { parseCheckpoint } from "../../protocol/ledger/checkpoint.ts";
import { parseNote, verifierKey } from "../../protocol/ledger/note.ts";
import { entryText } from "../../protocol/ledger/reading.ts";
import { parseKeys } from "../../protocol/recording/keys.ts";
import { startTestEdge, testTarget } from "../gateway.ts";
import { ledgerChecker } from "./checker.ts";
import { ledgerOf } from "./ledger-rig.ts";

const checker = ledgerChecker();
const missing = "missing" in checker ? checker.missing : false;
const folder = mkdtempSync(join(tmpdir(), "sallyport-checker-"));
after(() => rmSync(folder, { recursive: true, force: true }));

/** Exit status and what was said. */
async function check(...args: string[]): Promise<{ code: number; said: string }> {
  try {
    const { stdout } = await promisify(execFile)((checker as { path: string }).path, args);
    return { code: 0, said: stdout };
  } catch (error) {
    const { code, stderr } = error as { code: number; stderr: string };
    return { code, said: stderr };
  }
}

describe("Go's own libraries for transparency logs", { timeout: 300_000, skip: missing }, () => {
  test("prove an entry, and that the ledger only grew, of what the edge serves", async () => {
    const gateway = await startTestEdge();
    try {
      const ledger = ledgerOf(gateway);
      const before = await ledger.checkpoint();
      // More than one tile's worth is in tiles of several levels and widths.
      await gateway.apply({ targets: Array.from({ length: 280 }, (_, n) => testTarget(`target-${n}`)) });
      await ledger.drained();
      const { note, entries } = await ledger.read();
      const { origin, size } = parseCheckpoint(parseNote(note).text);
      assert.ok(size > 256, `${size} entries`);
      const [key] = parseKeys(await gateway.api("GET", "/v1/keys")).edge;
      const trusted = verifierKey({ name: origin, key: key! });
      const [old, entry] = [join(folder, "old"), join(folder, "entry")];
      const { href } = new URL("/ledger", gateway.edge.url);
      writeFileSync(old, before);
      for (const index of [0, 7, 255, 256, size - 1]) {
        writeFileSync(entry, entryText(entries[index]!.entry));
        const { code, said } = await check(href, trusted, old, String(index), entry);
        assert.equal(code, 0, said);
        assert.match(
          said,
          new RegExp(`: ${size} entries; entry ${index} is among them; the first \\d+ are those`),
        );
      }
      const wrongPlace = await check(href, trusted, old, "3", entry);
      assert.deepEqual([wrongPlace.code, /entry 3/.test(wrongPlace.said)], [1, true]);
      writeFileSync(old, before.replace(/\n\d+\n/, "\n2\n"));
      assert.match((await check(href, trusted, old, String(size - 1), entry)).said, /the earlier checkpoint/);
    } finally {
      await gateway.stop();
    }
  });
});
