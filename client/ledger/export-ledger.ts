import { Frontier } from "../../protocol/witness/frontier.ts";
import type { VerifiedLedger } from "./verified-ledger.ts";

/** Bytes that are gathered before they are written. */
const CHUNK = 64 * 1024;

/**
 * Writes a ledger as JSON lines: what it is, each entry from 0, the checkpoint that covers them. Throws after the last
 * entry where they are not the ones that were signed: the file is then none.
 */
export async function exportLedger(
  ledger: VerifiedLedger,
  write: (chunk: Uint8Array) => Promise<void>,
): Promise<number> {
  const { origin, note, size } = ledger.checkpoint;
  const tree = Frontier.empty();
  let lines = line({ format: "sallyport ledger 1", origin });
  const entries = ledger.all(
    (leaf) => tree.append(leaf),
    () => tree.root(),
  );
  for await (const { index, text } of entries) {
    lines += line({ index, entry: text });
    if (lines.length < CHUNK) continue;
    await write(Buffer.from(lines));
    lines = "";
  }
  await write(Buffer.from(lines + line({ checkpoint: note })));
  return size;
}

function line(value: object): string {
  return `${JSON.stringify(value)}\n`;
}
