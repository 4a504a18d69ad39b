import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Duplex, duplexPair } from "node:stream";
import { after, before, describe, test } from "node:test";
import fc from "fast-check";
import { SallyportError } from "../../../protocol/errors.ts";
import { scpCommand } from "../../../protocol/scp/command.ts";
import { SEED } from "../../../protocol/seeded.ts";
import type { FileGuard } from "./file-guard.ts";
import { ScpRelay } from "./scp.ts";
import { TargetNames } from "./target-names.ts";
import { NotingGuard } from "./testing-guard.ts";
import { sftpServer } from "./testing-sftp.ts";
import { Turns } from "./turns.ts";

console.log(`hostile scp: SEED=${SEED}`);
const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

let folder: string;
let server: ReturnType<typeof sftpServer>;
let names: TargetNames;
before(async () => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "sallyport-scp-")));
  for (const name of ["a", "b", "secret"]) mkdirSync(join(folder, name));
  for (const name of ["a/x", "b/x", "a/y", "secret/key"]) writeFileSync(join(folder, name), name);
  symlinkSync("../secret/key", join(folder, "a/link"));
  server = sftpServer(folder);
  names = await TargetNames.open(server.stream);
});
after(() => {
  names.end();
  server.child.kill();
  rmSync(folder, { recursive: true });
});

/** One end of a stream; reads as much as is asked for. */
class End {
  readonly stream: Duplex;
  constructor(stream: Duplex) {
    this.stream = stream;
  }
  say(text: string): void {
    this.stream.write(Buffer.from(text, "latin1"));
  }
  async hear(length: number): Promise<string> {
    for (;;) {
      const bytes: Buffer | null = this.stream.read(length);
      if (bytes !== null) return bytes.toString("latin1");
      if (this.stream.readableEnded || this.stream.destroyed) return "";
      await new Promise<void>((resolve) => this.stream.once("readable", resolve).once("end", resolve));
    }
  }
  async line(): Promise<string> {
    let text = "";
    for (let one = await this.hear(1); one !== "" && one !== "\n"; one = await this.hear(1)) text += one;
    return text;
  }
}

function scp(words: string, guard: FileGuard = new NotingGuard([join(folder, "secret")])) {
  const [agentNear, agentFar] = duplexPair();
  const [targetNear, targetFar] = duplexPair();
  const over = Promise.withResolvers<SallyportError | null>();
  const relay = new ScpRelay({
    command: scpCommand(["scp", ...words.replaceAll("$", folder).split(" ")])!,
    agent: agentFar,
    target: targetNear,
    names,
    guard,
    turns: new Turns(),
    over: over.resolve,
  });
  relay.start();
  return { agent: new End(agentNear), target: new End(targetFar), over: over.promise, relay };
}

describe("scp of a hostile agent", () => {
  test("gets no byte to the target ahead of the target's word on what it announces", async () => {
    const { agent, target, over } = scp("-t $/a/");
    target.say("\0");
    // The data would be taken for messages by a target that refuses the file.
    agent.say("C0644 12 new\nC0644 1 evil\n\0");
    assert.equal(await target.line(), "C0644 12 new");
    target.say("\u0001scp: no space\n");
    assert.equal(await agent.hear(1), "\0");
    assert.equal(await agent.line(), "\u0001scp: no space");
    // Now it is a message, and judged as one.
    assert.equal(await target.line(), "C0644 1 evil");
    agent.stream.end();
    target.stream.end();
    await over;
  });

  for (const [what, said] of [
    ["a name that leads elsewhere", "C0644 1 ../secret/key\n"],
    ["a folder that was not asked for", "D0755 0 d\n"],
    ["the end of no folder", "E\n"],
    ["times of nothing", "T1 0 1 0\nT1 0 1 0\n"],
    ["a line without an end", `C0644 1 ${"x".repeat(5000)}`],
    ["no message", "hello\n"],
    ["a NUL", "C0644 1 a\0b\n"],
  ] as const) {
    test(`that sends ${what} is cut off`, async () => {
      const { agent, target, over } = scp("-t $/a/");
      target.say("\0");
      agent.say(said);
      assert.equal((await over)?.code, "protocol_violation");
      assert.equal(target.stream.read(), null);
    });
  }

  test("goes no deeper than is kept", async () => {
    const { agent, target, over } = scp("-r -t $/a/");
    target.say("\0");
    agent.say("D0755 0 d\n".repeat(300));
    target.say("\0");
    const answer = async () => {
      while ((await target.line()) !== "") target.say("\0");
    };
    void answer();
    assert.equal((await over)?.code, "protocol_violation");
  });

  test("is refused what is forbidden, and its times, and goes on with what is not", async () => {
    const guard = new NotingGuard([join(folder, "secret")]);
    const { agent, target, over } = scp("-p -t $/a/", guard);
    target.say("\0");
    agent.say("T1 0 1 0\n");
    assert.equal(await agent.hear(2), "\0\0");
    agent.say("C0644 3 link\n");
    const refusal = `sallyport: ${join(folder, "a/link")}: refused by policy: not this`;
    assert.equal(await agent.line(), `\u0001${refusal}`);
    agent.say("C0644 3 fine\n");
    assert.equal(await target.line(), "C0644 3 fine");
    target.say("\0");
    assert.equal(await agent.hear(1), "\0");
    agent.say("abc\0");
    assert.equal(await target.hear(4), "abc\0");
    target.say("\0");
    assert.equal(await agent.hear(1), "\0");
    assert.deepEqual(guard.noted.at(-1), {
      closed: join(folder, "a/fine"),
      read: null,
      written: { bytes: 3, sha256: sha256("abc"), whole: true },
    });
    agent.stream.end();
    assert.equal(await over, null);
    assert.equal(await target.hear(1), "");
  });

  test("that goes in the middle of a file leaves a record of what it sent", async () => {
    const guard = new NotingGuard();
    const { agent, target, over } = scp("-t $/a/cut", guard);
    target.say("\0");
    agent.say("C0644 10 ignored\n");
    assert.equal(await target.line(), "C0644 10 ignored");
    target.say("\0");
    agent.say("abc");
    agent.stream.end();
    assert.equal(await over, null);
    assert.deepEqual(guard.noted.at(-1), {
      closed: join(folder, "a/cut"),
      read: null,
      written: { bytes: 3, sha256: sha256("abc"), whole: false },
    });
  });

  test("is stopped while people think", async () => {
    const asked = Promise.withResolvers<void>();
    const guard: FileGuard = {
      judge() {
        asked.resolve();
        return new Promise(() => {});
      },
      closed: async () => {},
      failed: () => {},
    };
    const { agent, target, over } = scp("-t $/a/", guard);
    target.say("\0");
    agent.say("C0644 10 held\n");
    await asked.promise;
    target.stream.end();
    assert.equal(await over, null);
  });
});

describe("scp of a hostile target", () => {
  const source = async (words: string, said: string, guard?: FileGuard) => {
    const all = scp(words, guard);
    all.agent.say("\0");
    assert.equal(await all.target.hear(1), "\0");
    all.target.say(said);
    return all;
  };

  for (const [what, words, said] of [
    ["another name", "-f $/a/x", "C0644 1 .bashrc\n"],
    ["a name that is in two folders", "-f $/a/x $/b/x", "C0644 1 x\n"],
    ["what lies below a pattern for folders", "-f $/*/x", "C0644 1 x\n"],
    ["what is a link to what is forbidden", "-f $/a/*", "C0644 1 link\n"],
    ["what is forbidden", "-f $/secret/key", "C0644 1 key\n"],
    ["a folder's forbidden file", "-r -f $/secret", "D0755 0 secret\n"],
  ] as const) {
    test(`that sends ${what} is declined, and the agent told`, async () => {
      const { agent, target, over } = await source(words, said);
      assert.ok((await target.line()).startsWith("\u0001"));
      assert.ok((await agent.line()).startsWith("\u0001sallyport: "));
      target.stream.end();
      assert.equal(await over, null);
      assert.equal(agent.stream.read(), null);
    });
  }

  for (const [what, words, said] of [
    ["a name that leads elsewhere", "-f $/a/*", "C0644 1 ../x\n"],
    ["a folder that was not asked for", "-f $/a/*", "D0755 0 a\n"],
    ["no message", "-f $/a/x", "Welcome\n"],
    ["a line feed in disguise", "-f $/a/*", "C0644 1 x\\^Jy\n"],
  ] as const) {
    test(`that sends ${what} is cut off`, async () => {
      const { over } = await source(words, said);
      assert.equal((await over)?.code, "protocol_violation");
    });
  }

  test("sends no more than it announced, and is hashed", async () => {
    const guard = new NotingGuard();
    const { agent, target, over } = await source("-f $/a/x $/a/y", "C0644 3 x\n", guard);
    assert.equal(await agent.line(), "C0644 3 x");
    agent.say("\0");
    assert.equal(await target.hear(1), "\0");
    target.say("abcd");
    assert.equal(await agent.hear(3), "abc");
    assert.equal((await over)?.code, "protocol_violation");
    assert.deepEqual(guard.noted.at(-1), {
      closed: join(folder, "a/x"),
      read: { bytes: 3, sha256: sha256("abc"), whole: false },
      written: null,
    });
  });

  test("has its errors told in plain characters", async () => {
    const { agent, target, over } = await source("-f $/a/x", "\u0001scp: \u001b]0;x\u0007none\n");
    assert.equal(await agent.line(), "\u0001scp: ?]0;x?none");
    target.stream.end();
    assert.equal(await over, null);
  });

  test("or agent, that sends garbage makes nothing but a typed error", async () => {
    const start = fc.constantFrom("", "\0", "\0C0644 3 x\n", "\0T1 0 1 0\n", "\0D0755 0 a\n", "\u0001");
    const side = fc.record(
      { head: start, tail: fc.uint8Array({ maxLength: 30 }) },
      { noNullPrototype: true },
    );
    await fc.assert(
      fc.asyncProperty(fc.constantFrom("-r -t $/a/", "-r -f $/a/x"), side, side, async (words, one, two) => {
        const { agent, target, over } = scp(words);
        for (const [end, { head, tail }] of [
          [agent, one],
          [target, two],
        ] as const) {
          end.stream.resume();
          end.say(head);
          end.stream.end(tail);
        }
        const error = await over;
        assert.ok(error === null || (error instanceof SallyportError && error.code !== "internal"));
      }),
      { seed: SEED, numRuns: 150 },
    );
  });
});
