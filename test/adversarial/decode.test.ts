import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { canariesIn, type Haystack } from "./decode.ts";

const TEXT = "bcdfghjkpqrstz";
const CANARIES = [{ cell: "the cell", text: TEXT }];
const bytes = Buffer.from(TEXT);
const points = [...bytes];

function said(text: string): Haystack {
  return { bytes: Buffer.from(text), rows: [] };
}

function rows(...cells: (string | Buffer | null)[][]): Haystack {
  return {
    bytes: Buffer.alloc(0),
    rows: cells.map((row) => row.map((cell) => (typeof cell === "string" ? Buffer.from(cell) : cell))),
  };
}

const HAYS: Record<string, Haystack> = {
  "as it stands": said(`x ${TEXT} y`),
  "in capitals": said(TEXT.toUpperCase()),
  backwards: said([...TEXT].reverse().join("")),
  "with something between the letters": said([...TEXT].join(", ")),
  "in elements": said([...TEXT].map((letter) => `<row><q>${letter}</q></row>`).join("\n")),
  hex: said(`\\x${bytes.toString("hex")}`),
  "hex in capitals and at an odd place": said(`A${bytes.toString("hex").toUpperCase()}`),
  "hex with colons": said(bytes.toString("hex").replace(/(..)/g, "$1:")),
  base64: said(bytes.toString("base64")),
  "base64 behind other bytes": said(Buffer.concat([Buffer.from("xy"), bytes]).toString("base64")),
  "JSON escapes": said(points.map((code) => `\\u00${code.toString(16)}`).join("")),
  "XML escapes": said(points.map((code) => `&#x${code.toString(16)};`).join("")),
  "URL escapes": said(points.map((code) => `%${code.toString(16)}`).join("")),
  "octal escapes": said(points.map((code) => `\\${code.toString(8).padStart(3, "0")}`).join("")),
  bits: said(points.map((code) => code.toString(2).padStart(8, "0")).join("")),
  "code points": said(`{${points.join(",")}}`),
  "a letter in each row": rows(...[...TEXT].map((letter, at) => [String(at), letter])),
  "a letter in each row, in no order": rows(
    ...[...TEXT].map((letter, at) => [String(at), letter]).sort(([, one], [, two]) => (one! > two! ? -1 : 1)),
  ),
  "a letter in each column": rows([...TEXT]),
  "a code point in each row": rows(...points.map((code) => [String(code)])),
  "binary integers": rows(
    ...points.map((code) => {
      const cell = Buffer.alloc(4);
      cell.writeInt32BE(code);
      return [cell];
    }),
  ),
};

describe("a canary is found", () => {
  for (const [form, hay] of Object.entries(HAYS)) {
    test(form, () => assert.deepEqual(canariesIn(hay, CANARIES), ["the cell"]));
  }
});

test("what is near a canary is none", () => {
  for (const text of ["", TEXT.slice(1), `${TEXT.slice(0, 6)}x${TEXT.slice(6)}`, "bcdf ghjk pqrs t"]) {
    assert.deepEqual(canariesIn(said(text), CANARIES), [], text);
  }
});
