import assert from "node:assert/strict";
import { test } from "node:test";
import { PlainText } from "./plain-text.ts";

function lines(...chunks: string[]): string[] {
  const text = new PlainText();
  return [...chunks.flatMap((chunk) => text.push(Buffer.from(chunk))), ...text.end()];
}

test("a terminal's output is its lines, without what drew them", () => {
  assert.deepEqual(lines("\x1b[1mtotal\x1b[0m 8\r\n\tfile\r", "\n\r\nlast"), [
    "total 8",
    "\tfile",
    "",
    "last",
  ]);
});

test("a progress bar is a line for each of its states, a backspace takes back", () => {
  assert.deepEqual(lines("10%\r50%\r100%\r\nlss\b \b -l"), ["10%", "50%", "100%", "ls -l"]);
});

test("a line without end comes in parts", () => {
  assert.deepEqual(
    lines("x".repeat(10_000)).map((line) => line.length),
    [4_096, 4_096, 1_808],
  );
});

test("a character that is split between chunks is whole", () => {
  const text = new PlainText();
  const bytes = Buffer.from("é\n");
  assert.deepEqual([...text.push(bytes.subarray(0, 1)), ...text.push(bytes.subarray(1))], ["é"]);
});
