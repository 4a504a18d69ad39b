import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { SallyportError } from "../errors.ts";
import { SEED } from "../seeded.ts";
import { scpCommand, scpLine } from "./command.ts";
import { errorLine, readMessage } from "./message.ts";

console.log(`scp messages: SEED=${SEED}`);

const words = (line: string) => scpCommand(line.split(" "));

describe("a command line of scp", () => {
  test("is read with its options in any form", () => {
    const rest = { preserve: false, intoFolder: false, verbose: false };
    assert.deepEqual(words("scp -t /srv"), { ...rest, mode: "sink", recursive: false, paths: ["/srv"] });
    assert.deepEqual(words("scp -r -f -- -odd"), {
      ...rest,
      mode: "source",
      recursive: true,
      paths: ["-odd"],
    });
    assert.deepEqual(words("scp -vrpdt x"), {
      mode: "sink",
      recursive: true,
      preserve: true,
      intoFolder: true,
      verbose: true,
      paths: ["x"],
    });
    assert.deepEqual(words("scp -f a b")?.paths, ["a", "b"]);
  });

  for (const line of [
    "scp a b",
    "scp -t",
    "scp -f",
    "scp -t -f x",
    "scp -t a b",
    "scp -S /bin/sh -t x",
    "scp -oProxyCommand=id -t x",
    "scp -t -P 22 x",
    "/tmp/scp -t x",
    "rsync -t x",
    "scp -t ~root/x",
    "scp -t *.log",
    "scp -t ",
    "scp -f a\\b",
    "scp -f a\nb",
  ]) {
    test(`is none: ${JSON.stringify(line)}`, () => assert.equal(words(line), null));
  }

  test("is run as it was understood, whatever the shell", () => {
    const line = (text: string[]) => scpLine(scpCommand(["scp", ...text])!, "/home/deploy");
    assert.equal(line(["-t", "~/a b;id"]), "scp -t -- '/home/deploy/a b;id'");
    assert.equal(line(["-t", "it's $(id)/"]), "scp -t -- '/home/deploy/it'\\''s $(id)/'");
    assert.equal(
      line(["-r", "-p", "-f", "*.log", "/x[ab]?"]),
      "scp -rpf -- '/home/deploy/'*'.log' '/x'['ab']?",
    );
    assert.equal(line(["-f", "~"]), "scp -f -- '/home/deploy'");
  });
});

const refused = (line: string | Buffer) =>
  assert.throws(
    () => readMessage(Buffer.from(line)),
    (error) => error instanceof SallyportError && error.code === "protocol_violation",
  );

describe("a message of scp", () => {
  test("is read", () => {
    assert.deepEqual(readMessage(Buffer.from("C0644 12 a b")), { type: "file", name: "a b", size: 12 });
    assert.deepEqual(readMessage(Buffer.from("D0755 0 d")), { type: "folder", name: "d", size: 0 });
    assert.deepEqual(readMessage(Buffer.from("E")), { type: "end" });
    assert.deepEqual(readMessage(Buffer.from("T1700000000 0 1700000000 0")), { type: "times" });
    assert.deepEqual(readMessage(Buffer.from("\u0001no\u001b[2Jt")), {
      type: "error",
      isFatal: false,
      words: "no?[2Jt",
    });
  });

  for (const name of [
    "..",
    ".",
    "../x",
    "/etc/passwd",
    "a/b",
    "a\0b",
    "a\rb",
    "a\u001b[2J",
    "a\\^Jb",
    "a".repeat(256),
  ]) {
    test(`has no name like ${JSON.stringify(name.slice(0, 20))}`, () => {
      refused(`C0644 1 ${name}`);
      refused(`D0755 0 ${name}`);
    });
  }

  for (const line of [
    "C0644 1 ",
    "C644 1 x",
    "C00644 1 x",
    "C0888 1 x",
    "C0644 -1 x",
    "C0644 0x1 x",
    "C0644 99999999999999999999 x",
    "C0644 9999999999999999 x",
    "C0644  1 x",
    "D0755 1 x",
    "EE",
    "T1 0 1",
    "T-1 0 1 0",
    "X",
    "",
    " C0644 1 x",
  ]) {
    test(`is not ${JSON.stringify(line)}`, () => refused(line));
  }

  test("is not bytes that aren't UTF-8", () => refused(Buffer.from([...Buffer.from("C0644 1 "), 0xff])));

  test("of an error is one line, whatever its words", () => {
    assert.equal(errorLine("a\nC0644 1 x\u0000").toString(), "\u0001a?C0644 1 x?\n");
  });

  test("that is garbage throws nothing but SallyportError, and no name leads elsewhere", () => {
    const start = fc.constantFrom("", "C0644 1 ", "D0755 0 ", "T", "E");
    fc.assert(
      fc.property(start, fc.uint8Array({ maxLength: 40 }), (head, garbage) => {
        try {
          const message = readMessage(Buffer.concat([Buffer.from(head), garbage]));
          if ("name" in message) assert.doesNotMatch(message.name, /\/|^\.{0,2}$/);
        } catch (error) {
          assert.ok(error instanceof SallyportError);
        }
      }),
      { seed: SEED, numRuns: 3000 },
    );
  });
});
