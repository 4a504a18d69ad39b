import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { SafeOutput } from "./safe-output.ts";
import "../../../protocol/seeded.ts";

/**
 * What may come out, written anew: text without controls, eight C0, and these sequences in seven bits. Whatever is left
 * when all of it is taken away is forbidden.
 */
const ALLOWED = new RegExp(
  [
    "[\\x08\\t\\n\\x0b\\f\\r\\x0e\\x0f]",
    "[^\\x00-\\x1f\\x7f-\\x9f]",
    "\\x1b[78DEM]",
    "\\x1b[()][0AB]",
    // Cursor, erasing, scrolling, with few and short numbers.
    "\\x1b\\[\\d{0,4}[A-GIZ`ade@JKLMPXbST]",
    "\\x1b\\[\\d{0,4}(?:[;:]\\d{0,4})?[Hfr]",
    "\\x1b\\[[su]",
    "\\x1b\\[\\d{0,4}(?:[;:]\\d{0,4}){0,31}m",
    "\\x1b\\[\\?[012]?[JK]",
    "\\x1b\\[4[hl]",
    "\\x1b\\[\\?(?:5|6|7|12|25|47|1047|1048|1049)(?:;(?:5|6|7|12|25|47|1047|1048|1049))*[hl]",
    "\\x1b\\[[0-6]? q",
    "\\x1b\\[!p",
  ].join("|"),
  "gu",
);

function forbiddenIn(output: string): string {
  return output.replace(ALLOWED, "");
}

function shown(...chunks: (string | Uint8Array)[]): string {
  const safe = new SafeOutput();
  return chunks.map((chunk) => safe.push(Buffer.from(chunk))).join("");
}

/** What makes the terminal of who watches do something, and what of it may be shown. */
const ATTACKS: [what: string, bytes: string | Uint8Array, left: string][] = [
  ["OSC 52 sets the clipboard", "a\x1b]52;c;cm0gLXJmIC8=\x07b", "ab"],
  ["OSC 52 asks for the clipboard", "a\x1b]52;c;?\x1b\\b", "ab"],
  ["OSC 0 sets the title", "a\x1b]0;rm -rf /\x07b", "ab"],
  ["OSC 2 with ST", "a\x1b]2;evil\x1b\\b", "ab"],
  ["OSC 8 links to elsewhere", "\x1b]8;;file:///etc\x1b\\click\x1b]8;;\x1b\\", "click"],
  ["OSC 10 asks for a colour", "a\x1b]10;?\x07b", "ab"],
  ["OSC 1337 writes a file", "a\x1b]1337;File=name=eA==:AAAA\x07b", "ab"],
  ["OSC with a C1 ST", "a\x1b]0;x\u009cb", "ab"],
  ["OSC that a CAN ends", "a\x1b]0;x\x18b", "ab"],
  ["OSC in a C1", "a\u009d0;x\x07b", "ab"],
  ["OSC in which another begins", "a\x1b]0;\x1b]52;c;eA==\x07b", "ab"],
  ["OSC in which a report is asked for", "a\x1b]0;\x1b[6nb", "ab"],
  ["DECRQSS", 'a\x1bP$q"p\x1b\\b', "ab"],
  ["DECUDK redefines keys", "a\x1bP0;1|17/726d\x1b\\b", "ab"],
  ["sixel", "a\x1bPq#0;2;0;0;0#0~~\x1b\\b", "ab"],
  ["DCS in a C1", "a\u0090$qm\u009cb", "ab"],
  ["BEL does not end DCS", "a\x1bPx\x07y\x1b\\b", "ab"],
  ["APC", "a\x1b_Gi=1;AAAA\x1b\\b", "ab"],
  ["PM", "a\x1b^secret\x1b\\b", "ab"],
  ["SOS", "a\x1bXsecret\x1b\\b", "ab"],
  ["DSR", "a\x1b[5n\x1b[6n\x1b[?6n\x1b[?15nb", "ab"],
  ["DA", "a\x1b[c\x1b[0c\x1b[>c\x1b[=cb", "ab"],
  ["DECID", "a\x1bZb", "ab"],
  ["ENQ", "a\x05b", "ab"],
  ["XTVERSION", "a\x1b[>0qb", "ab"],
  ["DECRQM", "a\x1b[?2026$p\x1b[4$pb", "ab"],
  ["DECREQTPARM", "a\x1b[xb", "ab"],
  ["DECRQCRA reads the screen", "a\x1b[1;1;1;1;10;10*yb", "ab"],
  ["XTWINOPS", "a\x1b[8;1;1t\x1b[21t\x1b[18tb", "ab"],
  ["printing", "a\x1b[i\x1b[5i\x1b[?4ib", "ab"],
  ["mouse reports", "a\x1b[?1000h\x1b[?1003;1006hb", "ab"],
  ["focus reports and pasting", "a\x1b[?1004h\x1b[?2004hb", "ab"],
  ["keys", "a\x1b[?1h\x1b=\x1b[>4;2m\x1b[>1u\x1b[=1ub", "ab"],
  ["the keyboard is locked", "a\x1b[2h\x1b[12l\x1b[20hb", "ab"],
  ["132 columns", "a\x1b[?3h\x1b[?40hb", "ab"],
  ["output held back", "a\x1b[?2026hb", "ab"],
  ["the mouse is followed by SD", "a\x1b[1;2;3;4;5Tb", "ab"],
  ["out of UTF-8", "a\x1b%@b\x1b%Gc", "abc"],
  ["eight-bit answers", "a\x1b Gb", "ab"],
  ["tab stops", "a\x1b[3g\x1bHb", "ab"],
  ["other screens' memory", "a\x1b[3Jb", "ab"],
  ["what is remembered of modes", "a\x1b[?1000s\x1b[?1000rb", "ab"],
  ["a bell, XOFF, DEL, NUL", "a\x07\x13\x7f\0b", "ab"],
  ["CSI in eight bits is no UTF-8", Buffer.from("a\x9b6nb", "latin1"), "a\ufffd6nb"],
  ["OSC in eight bits", Buffer.from("a\x9d0;x\x9cb", "latin1"), "a\ufffd0;x\ufffdb"],
  ["CSI as UTF-8 of a C1", "a\u009b6nb", "ab"],
  ["an overlong ESC is no ESC", Buffer.from([0x61, 0xc0, 0x9b, 0x5b, 0x36, 0x6e]), "a\ufffd\ufffd[6n"],
  ["ESC in the midst of CSI", "a\x1b[3\x1b[6nb", "ab"],
  ["controls in the midst of CSI", "a\x1b[\n6\rnb", "a\n\rb"],
  ["numbers without end", `a\x1b[${"9".repeat(20)}bz`, "az"],
  ["a sequence without end", `a\x1b[${"1;".repeat(100)}mz`.slice(0, 150), "a"],
];

describe("what a replayed terminal shows", () => {
  for (const [what, bytes, left] of ATTACKS) {
    test(`${what}: in one piece, and byte by byte`, () => {
      const whole = shown(bytes);
      if (left !== "a") assert.equal(whole, left);
      assert.equal(forbiddenIn(whole), "");
      assert.equal(shown(...[...Buffer.from(bytes)].map((byte) => Uint8Array.of(byte))), whole);
    });
  }

  test("is what programs draw with", () => {
    const drawn =
      "\x1b[?1049h\x1b[H\x1b[2J\x1b[1;31;48;5;17mred\x1b[38:2::1:2:3mtrue\x1b[0m\x1b(0lqk\x1b(B" +
      "\x1b[2;20r\x1b[5;7H\x1b[K\x1b[3L\x1b7\x1b8\x1bM\x1b[?25l\x1b[2 q\t\b\r\n日本\u{1f600}\x1b[?1049l";
    assert.equal(shown(drawn), drawn);
  });

  test("of several modes at once, those that are allowed", () => {
    assert.equal(shown("\x1b[?1000;25;1006;7h"), "\x1b[?25;7h");
  });

  test("of a full reset, what concerns the screen", () => {
    assert.equal(shown("\x1b[?1049h\x1bc"), "\x1b[?1049h\x1b[?1049l\x1b[!p\x1b[2J\x1b[H");
  });

  test("goes on behind a string that never ends: it hides a little, not the rest", () => {
    for (const begin of ["\x1b]0;", "\x1bP", "\x1b_", "\u009d"]) {
      assert.match(shown(begin, "x".repeat(5_000), "rm -rf /"), /^x{900,}rm -rf \/$/);
    }
  });

  test("has no forbidden sequence for any bytes, and is the same in any pieces", () => {
    const piece = fc.oneof(
      fc.uint8Array({ maxLength: 12 }),
      fc
        .constantFrom(...ATTACKS.map(([, bytes]) => bytes))
        .map((bytes) => Uint8Array.from(Buffer.from(bytes))),
      fc
        .array(fc.constantFrom(..."\x1b\u009b[]P;?>$! q0149nhltmcpJ\\\x07\x18\x9cé"), { maxLength: 12 })
        .map((characters) => Uint8Array.from(Buffer.from(characters.join("")))),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), fc.nat(7), (pieces, size) => {
        const bytes = Buffer.concat(pieces);
        const whole = shown(bytes);
        assert.equal(forbiddenIn(whole), "");
        const parts: Uint8Array[] = [];
        for (let at = 0; at < bytes.length; at += size + 1) parts.push(bytes.subarray(at, at + size + 1));
        assert.equal(shown(...parts), whole);
      }),
      { numRuns: 3_000 },
    );
  });
});

describe("afterwards the terminal", () => {
  const restored = (...drawn: string[]): string => {
    const safe = new SafeOutput();
    for (const chunk of drawn) safe.push(Buffer.from(chunk));
    return safe.restore();
  };

  test("has its screen, cursor, colours, margins and characters again", () => {
    const text = restored("\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[31m\x1b[2;5r\x1b[4h\x1b[3 q\x1b(0");
    for (const part of [
      "\x1b[?1049l",
      "\x1b[?25h",
      "\x1b[?7h",
      "\x1b[0m",
      "\x1b[r",
      "\x1b[4l",
      "\x1b[0 q",
      "\x1b(B",
    ]) {
      assert.ok(text.includes(part), JSON.stringify(part));
    }
    assert.equal(forbiddenIn(text), "");
  });

  test("does not leave a screen that was left already, nor move its cursor for nothing", () => {
    assert.doesNotMatch(restored("\x1b[?1049h", "\x1b[?1049l"), /1049|\[r/);
  });

  test("is restored once", () => {
    const safe = new SafeOutput();
    safe.push(Buffer.from("\x1b[?1049h"));
    assert.ok(safe.alternate);
    assert.match(safe.restore(), /1049l/);
    assert.doesNotMatch(safe.restore(), /1049/);
    assert.ok(!safe.alternate);
  });
});
