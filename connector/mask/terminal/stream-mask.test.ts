import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { SEED } from "../../../protocol/seeded.ts";
import { TestTimers } from "../../guard/testing.ts";
import { DEFAULT_DETECTORS, DETECTOR_NAMES, type DetectorName, type Detectors } from "../detectors/modes.ts";
import { TELLING } from "../detectors/open.ts";
import { Scanner } from "../detectors/scanner.ts";
import { HOLD_MS, MOST_HELD, StreamMask } from "./stream-mask.ts";

console.log(`stream mask: SEED=${SEED}`);

const every = (mode: "off" | "mask" | "report") =>
  Object.fromEntries(DETECTOR_NAMES.map((name) => [name, mode])) as Record<DetectorName, typeof mode>;

class Rig {
  readonly timers = new TestTimers();
  readonly mask: StreamMask;
  readonly parts: Buffer[] = [];

  constructor(detectors: Detectors = DEFAULT_DETECTORS, terminal = true) {
    this.mask = new StreamMask({
      detectors,
      terminal,
      timers: this.timers,
      out: (bytes) => this.parts.push(bytes),
    });
  }

  push(...chunks: (string | Uint8Array)[]): this {
    for (const chunk of chunks) this.mask.push(Buffer.from(chunk as Uint8Array));
    return this;
  }

  get out(): string {
    return Buffer.concat(this.parts).toString("latin1");
  }

  flushed(): string {
    this.mask.flush();
    assert.equal(this.timers.size, 0);
    return this.out;
  }
}

const TOKEN = `ghp_${"a1B2".repeat(9)}`;
const KEY = `-----BEGIN RSA PRIVATE KEY-----\r\n${"MIIEowIBAAKCAQEA+/ab\r\n".repeat(20)}-----END RSA PRIVATE KEY-----\r\n`;
const stars = (text: string) => text.replace(/[^\r\n]/g, "*");

describe("what goes on at once", () => {
  const through: Record<string, string> = {
    "ordinary output": "total 12\r\n-rw-r--r-- 1 root root 4096 Nov 22 08:17 notes.txt\r\n",
    "a prompt": "\x1b]0;bob@host: ~\x07\x1b[01;32mbob@host\x1b[00m:\x1b[01;34m~\x1b[00m$ ",
    "a packet that ends one of git's messages":
      "003fwant 1f2e3d4c5b6a79880716253443526170819a0b0c ofs-delta\n0000",
    "a chunk that ends with a short number": "took 123",
    "a complete token, and something behind it": "key AKIAIOSFODNN7EXAMPL \r\n",
  };
  for (const [name, text] of Object.entries(through)) {
    test(name, () => {
      const rig = new Rig().push(text);
      assert.equal(rig.out, text);
      assert.equal(rig.timers.size, 0);
    });
  }

  test("keys of a command that somebody types", () => {
    const rig = new Rig();
    const line = "grep -r password /var/log | sort -k 17 > out.txt; systemctl restart nginx";
    let waited = 0;
    for (let at = 0; at < line.length; at += 1) {
      rig.push(line[at]!);
      if (rig.out.length <= at) waited += 1;
    }
    assert.equal(waited, 0);
  });

  test("all, where nothing is looked for", () => {
    const chunk = Buffer.from("4111111111111111");
    const rig = new Rig(every("off"));
    rig.mask.push(chunk);
    assert.equal(rig.parts[0], chunk);
  });
});

describe("a value", () => {
  test("is found across chunks", () => {
    for (const value of [
      "4111111111111111",
      "4111 1111 1111 1111",
      TOKEN,
      "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abcdef",
    ]) {
      for (let cut = TELLING; cut < value.length; cut += 1) {
        const rig = new Rig().push(`x ${value.slice(0, cut)}`, `${value.slice(cut)} y`);
        assert.equal(rig.flushed(), `x ${stars(value)} y`);
      }
    }
  });

  test("a key is found line by line", () => {
    const rig = new Rig().push(...KEY.split(/(?<=\n)/), "$ ");
    assert.equal(rig.flushed(), `${stars(KEY)}$ `);
    assert.deepEqual(rig.mask.take(), { "private-key": { masked: 1, reported: 0 } });
  });

  test("is found through what terminals pass over", () => {
    const between: Record<string, string> = {
      colours: "\x1b[1;31m",
      "colours with colons": "\x1b[38:2::1:2:3m",
      "a title": "\x1b]0;title\x07",
      "a link": "\x1b]8;;http://x/\x1b\\",
      "a device's string": "\x1bP+q544e\x1b\\",
      "a program's command": "\x1b_Gi=1\x1b\\",
      "a character set": "\x1b(B",
      "a mode": "\x1b[?25l",
      "erasing to the line's end": "\x1b[K",
      "a control of eight bits": "\x9b1m",
      "a control of eight bits in UTF-8": "\xc2\x9b1m",
      bell: "\x07",
      "shift in": "\x0f",
      zero: "\0",
    };
    for (const [name, sequence] of Object.entries(between)) {
      const wide = [..."4111111111111111"].join(sequence);
      const expected = [..."****************"].join(sequence);
      const whole = Buffer.from(`x ${wide} y`, "latin1");
      assert.equal(new Rig().push(whole).flushed(), `x ${expected} y`, name);
      const rig = new Rig();
      for (const byte of whole) rig.mask.push(Buffer.from([byte]));
      assert.equal(
        rig.flushed().replaceAll(/[*14]/g, "_"),
        `x ${expected} y`.replaceAll(/[*14]/g, "_"),
        name,
      );
      assert.deepEqual(rig.mask.take(), { card: { masked: 1, reported: 0 } }, name);
    }
  });

  test("is found where the cursor went back, on top of what was there", () => {
    assert.equal(new Rig().push("4x\b111111111111111 ").flushed(), "**\b*************** ");
    assert.equal(new Rig().push("4x\x1b[D111111111111111 ").flushed(), "**\x1b[D*************** ");
    const bold = [..."4111111111111111"].map((digit) => `${digit}\b${digit}`).join("");
    assert.equal(new Rig().push(`${bold} `).flushed(), `${"*\b*".repeat(16)} `);
  });

  test("a cursor that went to the right is a space", () => {
    assert.equal(
      new Rig().push("4111\x1b[C1111\x1b[C1111\x1b[C1111 ").flushed(),
      "****\x1b[C****\x1b[C****\x1b[C**** ",
    );
  });

  test("a cursor that went elsewhere, and a zero byte behind a word, part two texts", () => {
    assert.equal(
      new Rig().push("12\x1b[5;1H4111111111111111\x1b[6;1H34 ").flushed(),
      `12\x1b[5;1H${"*".repeat(16)}\x1b[6;1H34 `,
    );
    assert.equal(new Rig().push(`SHELL=sh\0${TOKEN}\0X=1`).flushed(), `SHELL=sh\0${stars(TOKEN)}\0X=1`);
  });

  test("is found where a shell goes on in the screen's next line", () => {
    assert.equal(new Rig().push("41111111 \r11111111 x").flushed(), "******** \r******** x");
  });

  test("in a title, a link or the clipboard's name is masked there", () => {
    const rig = new Rig().push(`\x1b]0;${TOKEN}\x07\x1b]8;;https://x/?k=${TOKEN}\x1b\\here`);
    assert.equal(rig.flushed(), `\x1b]0;${stars(TOKEN)}\x07\x1b]8;;https://x/?k=${stars(TOKEN)}\x1b\\here`);
  });

  test("is counted and left where it is only reported", () => {
    const rig = new Rig().push("to alice@example", ".com, ", "4111111111111111 ");
    assert.equal(rig.flushed(), "to alice@example.com, **************** ");
    assert.deepEqual(rig.mask.take(), {
      email: { masked: 0, reported: 1 },
      card: { masked: 1, reported: 0 },
    });
    rig.mask.use({ ...DEFAULT_DETECTORS, card: "report" });
    assert.ok(rig.push("4111111111111111 ").flushed().endsWith("4111111111111111 "));
  });
});

describe("what is held", () => {
  test("goes on after a while, and of what follows the rest is masked", () => {
    const rig = new Rig().push("ghp_a1B2");
    assert.equal(rig.out, "");
    rig.timers.pass(HOLD_MS - 1);
    assert.equal(rig.out, "");
    rig.timers.pass(1);
    assert.equal(rig.out, "ghp_a1B2");
    rig.push(`${TOKEN.slice(8)} x`);
    assert.equal(rig.flushed(), `ghp_a1B2${stars(TOKEN.slice(8))} x`);
    assert.deepEqual(rig.mask.take(), { token: { masked: 1, reported: 0 } });
  });

  test("is masked when it is a value by then, and so is what still belongs to it", () => {
    const rig = new Rig().push(TOKEN);
    rig.timers.pass(HOLD_MS);
    assert.equal(rig.out, stars(TOKEN));
    rig.push("abc", "def x");
    assert.equal(rig.flushed(), `${stars(`${TOKEN}abcdef`)} x`);
    assert.deepEqual(rig.mask.take(), { token: { masked: 1, reported: 0 } });
  });

  test("waits anew when something else is held", () => {
    const rig = new Rig().push("ghp_a");
    rig.timers.pass(HOLD_MS - 1);
    rig.push(" ghp_b");
    rig.timers.pass(1);
    assert.equal(rig.out, "ghp_a ");
    rig.timers.pass(HOLD_MS - 1);
    assert.equal(rig.out, "ghp_a ghp_b");
  });

  test("is not wanted after the end", () => {
    const rig = new Rig().push("ghp_a1B2");
    rig.mask.end();
    assert.equal(rig.timers.size, 0);
  });

  test("has a bound, whatever comes", () => {
    const fillers: Record<string, string> = {
      "an unterminated title": `\x1b]0;${"x".repeat(1000)}`,
      "endless parameters": "\x1b[1;1;1;1;1;1;1;1",
      colours: "\x1b[1m",
      backspaces: "x\b",
      "a long key": "MIIEowIB",
      "strings in strings": "\x1b]\x1bP",
      zeros: "\0",
      "a token that does not end": "a1B2",
    };
    for (const [name, filler] of Object.entries(fillers)) {
      for (const begin of ["glpat-", "-----BEGIN PRIVATE KEY-----"]) {
        const rig = new Rig().push(begin);
        const chunk = filler.repeat(Math.ceil(4096 / filler.length));
        let [sent, most] = [begin.length, 0];
        for (let i = 0; i < 40; i += 1) {
          rig.push(chunk);
          sent += chunk.length;
          most = Math.max(most, sent - rig.parts.reduce((sum, part) => sum + part.length, 0));
        }
        assert.ok(most <= MOST_HELD, `${name}: ${most} bytes`);
        assert.equal(rig.flushed().length, sent, name);
      }
    }
  });
});

test("what was given out does not change any more", () => {
  const given: { part: Buffer; copy: Buffer }[] = [];
  const mask = new StreamMask({
    detectors: DEFAULT_DETECTORS,
    terminal: true,
    timers: new TestTimers(),
    out: (part) => given.push({ part, copy: Buffer.from(part) }),
  });
  for (const chunk of ["a 41", "11 1111 ", "1111 1111 ", TOKEN, "abc ", KEY]) mask.push(Buffer.from(chunk));
  mask.flush();
  for (const { part, copy } of given) assert.deepEqual(part, copy);
});

describe("for any text", () => {
  const value = fc.constantFrom(
    "4111111111111111",
    "4111-1111-1111-1111",
    "378282246310005",
    "SSN 123-45-6789",
    "123-45-6789 (SSN)",
    "123-45-6789",
    TOKEN,
    "AKIAIOSFODNN7EXAMPLE",
    KEY,
    `aws_secret_access_key = ${"wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"}`,
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc",
    "alice@example.com",
    "password=Tr0ub4dor_3x9",
    "postgres://admin:hunter2@db/orders",
    "GB82 WEST 1234 5698 7654 32",
    "+49 30 123456-78",
    '{"a": 4111111111111111}',
  );
  const filler = fc.constantFrom(
    " ",
    "\r\n",
    ", ",
    "word",
    "card ",
    "17",
    ".",
    "\t",
    "ghp_",
    "eyJ",
    "-----BEGIN ",
    "4111 ",
    "x@",
    "0000",
  );
  const text = fc
    .array(fc.oneof(value, filler, fc.string({ maxLength: 5 })), { maxLength: 25 })
    .map((parts) =>
      parts
        .join("")
        .replace(/ \r(?!\n)/g, " ")
        .replace(/[^\t\r\n\x20-\x7e]/g, "."),
    );
  const cuts = fc.array(fc.nat({ max: 60 }), { maxLength: 60 });
  const modes = fc.constantFrom<Detectors>(DEFAULT_DETECTORS, every("mask"), every("report"));
  const chunked = (bytes: Buffer, sizes: readonly number[]) => {
    const chunks: Buffer[] = [];
    let at = 0;
    for (const size of sizes) {
      if (size > 0 && at < bytes.length) chunks.push(Buffer.from(bytes.subarray(at, at + size)));
      at += size;
    }
    if (at < bytes.length) chunks.push(Buffer.from(bytes.subarray(at)));
    return chunks;
  };
  /** Of the bytes that are masked only in `whole`, no more than the beginning of a value stands before the end of a chunk. */
  const agrees = (out: Buffer, whole: Buffer, plain: Buffer, ends: readonly number[]) => {
    assert.equal(out.length, whole.length);
    for (let at = 0; at < out.length; at += 1) {
      if (out[at] === whole[at]) continue;
      assert.equal(out[at], plain[at]);
      const end = ends.find((one) => one > at)!;
      assert.ok(end !== undefined && end - at < TELLING, `byte ${at} of ${JSON.stringify(plain.toString())}`);
    }
  };

  test("what is masked is what is masked in the whole", () => {
    fc.assert(
      fc.property(text, cuts, modes, fc.boolean(), (plain, sizes, detectors, terminal) => {
        const bytes = Buffer.from(plain);
        const whole = Buffer.from(bytes);
        const scanner = new Scanner(detectors);
        scanner.scan(whole, 0, whole.length, 0);
        const rig = new Rig(detectors, terminal);
        const chunks = chunked(bytes, sizes);
        let end = 0;
        const ends = chunks.map((chunk) => (end += chunk.length));
        for (const chunk of chunks) rig.mask.push(chunk);
        agrees(Buffer.from(rig.flushed(), "latin1"), whole, bytes, ends);
        // Of two detectors that know the same value, either may have it.
        const masked = (counts: ReturnType<Scanner["take"]>) =>
          Object.values(counts ?? {}).reduce((sum, count) => sum + count.masked, 0);
        assert.equal(masked(rig.mask.take()), masked(scanner.take()));
      }),
      { seed: SEED, numRuns: 1_500 },
    );
  });

  test("sequences between its characters change nothing, and don't change", () => {
    const sequence = fc.constantFrom(
      "\x1b[31m",
      "\x1b[0;1m",
      "\x1b]0;t\x07",
      "\x1b(B",
      "\x1b[?25h",
      "\x07",
      "\x1b[K",
      "\x1bP1$r0m\x1b\\",
    );
    fc.assert(
      fc.property(text, fc.array(fc.tuple(fc.nat(), sequence), { maxLength: 20 }), (plain, inserted) => {
        const masked = new Rig().push(plain).flushed();
        const places = inserted
          .map(([at, one]) => ({ at: at % (plain.length + 1), one }))
          .sort((a, b) => a.at - b.at);
        const dressed = (text: string) => {
          let result = "";
          let at = 0;
          for (const place of places) {
            result += text.slice(at, place.at) + place.one;
            at = place.at;
          }
          return result + text.slice(at);
        };
        assert.equal(new Rig().push(dressed(plain)).flushed(), dressed(masked));
      }),
      { seed: SEED, numRuns: 800 },
    );
  });

  test("no byte is lost, doubled or moved, whatever timers do", () => {
    const piece = fc.oneof(
      value,
      filler,
      fc.constantFrom(
        "\x1b[",
        "\x1b]",
        "\x1b",
        "\b",
        "\x9b",
        "\xc2",
        "\x9c",
        "\x1bP",
        "\0",
        " \r",
        "\x1b[3D",
        "\x1b[C",
      ),
      fc.string({ maxLength: 8 }),
    );
    fc.assert(
      fc.property(
        fc.array(fc.tuple(piece, fc.nat({ max: 50 })), { maxLength: 60 }),
        fc.boolean(),
        (steps, terminal) => {
          const rig = new Rig(every("mask"), terminal);
          const pieces = steps.map(([one]) => Buffer.from(one, "latin1"));
          for (const [index, [, ms]] of steps.entries()) {
            rig.mask.push(Buffer.from(pieces[index]!));
            rig.timers.pass(ms);
          }
          const [out, plain] = [rig.flushed(), Buffer.concat(pieces).toString("latin1")];
          assert.equal(out.length, plain.length);
          for (let at = 0; at < out.length; at += 1)
            assert.ok(out[at] === plain[at] || out[at] === "*" || out[at] === "1");
        },
      ),
      { seed: SEED, numRuns: 1_500 },
    );
  });
});
