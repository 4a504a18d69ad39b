import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { SEED } from "../../../protocol/seeded.ts";
import { TestTimers } from "../../guard/testing.ts";
import { DECIDE_MS, MOST_UNDECIDED } from "./echo.ts";
import { LONGEST_SECRET, TypedInput } from "./typed-input.ts";

console.log(`typed input: SEED=${SEED}`);

/** What was recorded: keys as they are, `«n»` for so many that were withheld. */
class Rig {
  readonly timers = new TestTimers();
  readonly input: TypedInput;
  readonly logs: (() => void)[] = [];
  recorded = "";
  passed = "";

  constructor(terminal: boolean) {
    this.input = new TypedInput({
      terminal,
      timers: this.timers,
      record: (kind, bytes, logged) => {
        const buffer = Buffer.from(bytes);
        this.recorded += kind === "input" ? buffer.toString() : `«${buffer.readUInt32BE()}»`;
        if (logged !== undefined) this.logs.push(logged);
      },
    });
  }

  /** Those that begin with `>` are typed, the others shown. */
  play(...steps: string[]): this {
    for (const step of steps) {
      if (!step.startsWith(">")) this.input.shown(Buffer.from(step));
      else {
        const typed = step.slice(1);
        this.input.typed(Buffer.from(typed), () => {
          this.passed += typed;
        });
      }
    }
    return this;
  }
}

const typist = (...steps: string[]) => {
  const rig = new Rig(true).play(...steps);
  rig.input.end();
  assert.equal(
    rig.passed,
    steps
      .filter((step) => step.startsWith(">"))
      .map((step) => step.slice(1))
      .join(""),
  );
  assert.equal(rig.timers.size, 0);
  return rig.recorded;
};

const keys = (text: string) => [...text].map((key) => `>${key}`);
const echoed = (text: string) => [...text].flatMap((key) => [`>${key}`, key]);

describe("at a terminal", () => {
  const dialogues: Record<string, [string[], string]> = {
    "a command that is echoed key by key": [["$ ", ...echoed("ls -la"), ">\r", "\r\nfile\r\n$ "], "ls -la\r"],
    "a command that is echoed in pieces": [["$ ", ">ls -la\r", "ls", " -l", "a\r\n"], "ls -la\r"],
    "a command that is typed faster than it is echoed": [
      ["$ ", ...keys("make test\r"), "make test\r\n"],
      "make test\r",
    ],
    "a command with colours and redrawn by the shell": [
      ["$ ", ">g", "g", ">i", "\b\x1b[32mgi\x1b[0m", ">t", "\b\b\x1b[32mgit\x1b[0m", ">\r", "\r\n"],
      "git\r",
    ],
    "suggestions of fish behind the cursor": [
      [
        "~> ",
        ">l",
        "l\x1b[90ms -la\x1b[39m\x1b[5D",
        ">s",
        "s\x1b[90m -la\x1b[39m\x1b[4D",
        ">\r",
        "\x1b[K\r\n",
      ],
      "ls\r",
    ],
    "a line that goes on in the screen's next": [
      ["$ ", `>${"abcdefghij".repeat(8)}kl\r`, `${"abcdefghij".repeat(8)} \rkl\r\n`],
      `${"abcdefghij".repeat(8)}kl\r`,
    ],
    "control keys and arrows keep their place": [
      [
        "$ ",
        ">\x1b[A",
        "ls",
        ">\x03",
        "^C\r\n$ ",
        ">c",
        "c",
        ">\t",
        "at ",
        ">\x7f",
        "\b\x1b[K",
        ">\r",
        "\r\n",
      ],
      "\x1b[A\x03c\t\x7f\r",
    ],
    "a sequence that is cut": [["$ ", ">\x1b", ">[", ">A", "ls", ">x", "x"], "\x1b[Ax"],
    "corrected at once": [["$ ", ">lx\x7fs\r", "lx\b \bs\r\n"], "lx\x7fs\r"],
    "inserted in the middle": [["$ ", ">X", "Xc\b", ">Y", "Yc\b"], "XY"],
    umlauts: [["$ ", ">echo grüß 日本\r", "echo grüß 日本\r\n"], "echo grüß 日本\r"],
    "several lines pasted": [
      ["$ ", ">echo a\recho b\r", "echo a\r\na\r\n$ echo b\r\nb\r\n$ "],
      "echo a\recho b\r",
    ],
    "several lines pasted, echoed before they are read": [
      ["$ ", ">echo a\recho b\r", "echo a\r\necho b\r\n", "a\r\n$ echo b\r\nb\r\n"],
      "echo a\recho b\r",
    ],
    sudo: [
      [
        "$ ",
        ...echoed("sudo x"),
        ">\r",
        "\r\n[sudo] password for bob: ",
        ...keys("hunter2"),
        ">\r",
        "\r\n# ",
        ...echoed("id"),
        ">\r",
        "\r\n",
      ],
      "sudo x\r«7»\rid\r",
    ],
    "a password that is shown as stars": [
      ["[sudo] password for bob: ", ...[..."hunter2"].flatMap((key) => [`>${key}`, "*"]), ">\r", "\r\n"],
      "«7»\r",
    ],
    "a password that is shown as dots": [
      ["Passphrase: ", ...[..."hunter2"].flatMap((key) => [`>${key}`, "•"]), ">\r", "\r\n"],
      "«7»\r",
    ],
    "read -s, without a word": [
      ["$ ", ...echoed("read -s p"), ">\r", "\r\n", ...keys("hunter2"), ">\r", "$ ", ">ls\r", "ls\r\n"],
      "read -s p\r«7»\rls\r",
    ],
    "a password typed ahead": [
      ["$ ", ">sudo x\rhunter2\r", "sudo x\r\n", "[sudo] password for bob: ", "\r\nok\r\n$ "],
      "sudo x\r«7»\r",
    ],
    "a password typed ahead that is a word of the prompt": [
      ["$ ", ">sudo x\rpassword\r", "sudo x\r\n[sudo] password for bob: \r\nok\r\n$ "],
      "sudo x\r«8»\r",
    ],
    "such a word, and the prompt by itself": [
      ["$ ", ">sudo x\rpassword\r", "sudo x\r\n", "[sudo] password for bob: ", "\r\nok\r\n$ "],
      "sudo x\r«8»\r",
    ],
    "the name of the prompt as a password": [
      [
        "[sudo] password for bob: ",
        ">bob\r",
        "\r\nSorry, try again.\r\n[sudo] password for bob: ",
        ">bobby\r",
        "\r\n",
      ],
      "«3»\r«5»\r",
    ],
    "a PIN": [["Enter PIN: ", ...keys("1234"), ">\r", "\r\n1234 files\r\n"], "«4»\r"],
    "a prompt that shows what is typed": [["Enter token: ", ...echoed("abc123"), ">\r", "\r\n"], "abc123\r"],
    "an answer of one key": [["Go on? [y/N] ", ">y", "y", ">\r", "\r\n"], "y\r"],
    "what a process says meanwhile is no echo": [
      ["Password: ", ...keys("hun"), "job 17 done hun\r\n", ...keys("ter2"), ">\r", "\r\n$ "],
      "«7»\r",
    ],
    "keys of a pager": [["\x1b[?1049h1\r\n2\r\n:", ">q", "\x1b[?1049l$ ", ">ls\r", "ls\r\n"], "qls\r"],
    "keys of an editor": [
      ["\x1b[?1049h\x1b[H~", ">dd", "\x1b[5;1H", ">:", ":", ">wq", "wq", ">\r", "\x1b[?1049l"],
      "dd:wq\r",
    ],
    "a password in a program that has the whole screen": [
      ["\x1b[?1049h\x1b[H$ ", ">hunter2", ">\r", "\r\n\x1b[5;1H"],
      "«7»\r",
    ],
    "a prompt in a program that has the whole screen": [
      ["\x1b[?1049h\x1b[5;1HPassword: ", ">h", "\x1b7\x1b[9;1H12:01\x1b8", ">i", "\x1b[5;11H", ">\r", "\r\n"],
      "«2»\r",
    ],
  };
  for (const [name, [steps, expected]] of Object.entries(dialogues)) {
    test(name, () => assert.equal(typist(...steps), expected));
  }

  test("an echo that comes late is waited for, but not for ever", () => {
    const rig = new Rig(true).play("$ ", ">ls\r");
    rig.timers.pass(DECIDE_MS - 1);
    assert.equal(rig.recorded, "");
    rig.play("ls\r\n");
    assert.equal(rig.recorded, "ls\r");
    rig.play(">secret\r");
    rig.timers.pass(DECIDE_MS);
    assert.equal(rig.recorded, "ls\r«6»\r");
    assert.equal(rig.timers.size, 0);
  });

  test("what was answered while a secret is asked for is told at once", () => {
    const rig = new Rig(true).play("Password: ", ">hunter2\r", "\r\n");
    assert.equal(rig.recorded, "«7»\r");
  });

  test("little is kept of what is undecided", () => {
    const rig = new Rig(true);
    for (let sent = 0; sent < 4 * MOST_UNDECIDED; sent += 64) rig.play(`>${"x".repeat(63)}\r`);
    rig.play(`>${"y".repeat(2 * MOST_UNDECIDED)}`);
    const told = [...rig.recorded.matchAll(/«(\d+)»/g)].reduce((sum, [, count]) => sum + Number(count), 0);
    assert.ok(told >= 3 * MOST_UNDECIDED, `${told} told`);
  });

  test("prompts in other languages, and what is none", () => {
    const asks = [
      "Password: ",
      "bob's password:",
      "Enter passphrase for key '/home/bob/.ssh/id_ed25519': ",
      "(current) UNIX password: ",
      "New password: ",
      "[sudo via ansible, key=abcdef] password:",
      "Verification code: ",
      "One-time password (OATH) for bob: ",
      "Passwort: ",
      "Mot de passe : ",
      "Contraseña: ",
      "[sudo] Пароль: ",
      "密码：",
      "パスワード: ",
      "\x1b[1mPassword\x1b[0m: ",
      "Enter PIN for 'Yubikey': ",
      "Vault secret? ",
    ];
    for (const prompt of asks) {
      const rig = new Rig(true).play(prompt, ">s3cr3t\r", "\r\nfine\r\n");
      assert.equal(rig.recorded, "«6»\r", prompt);
    }
    const not = ["bob@host:~$ ", "bob@host:~/passwords$ ", "Spinning: ", "password changed\r\n$ ", "Name: "];
    for (const prompt of not) {
      const rig = new Rig(true).play(prompt, ">s3cr3t\r", "\r\nfine\r\n");
      assert.equal(rig.recorded, "", prompt);
      rig.input.end();
    }
  });

  test("whatever is typed and shown, each byte is told once and in order", () => {
    const step = fc.oneof(
      fc.constantFrom(
        "ls",
        "l",
        "s",
        "\r",
        "\x1b[A",
        "\x7f",
        "*",
        "Password: ",
        "\r\n",
        "\b \b",
        "\x1b[?1049h",
        "\x1b[?1049l",
        " \r",
        "x".repeat(40),
      ),
      fc.string({ maxLength: 6 }),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), step), { maxLength: 40 }), (steps) => {
        let typed = Buffer.alloc(0);
        let told = 0;
        const timers = new TestTimers();
        const input = new TypedInput({
          terminal: true,
          timers,
          record: (kind, bytes) => {
            const buffer = Buffer.from(bytes);
            const length = kind === "input" ? buffer.length : buffer.readUInt32BE();
            if (kind === "input") assert.deepEqual(buffer, typed.subarray(told, told + length));
            told += length;
          },
        });
        for (const [isTyped, text] of steps) {
          if (!isTyped) {
            input.shown(Buffer.from(text));
            continue;
          }
          typed = Buffer.concat([typed, Buffer.from(text)]);
          input.typed(Buffer.from(text), () => {});
        }
        input.end();
        assert.equal(told, typed.length);
        assert.equal(timers.size, 0);
      }),
      { seed: SEED, numRuns: 500 },
    );
  });
});

describe("without a terminal", () => {
  test("what is sent passes when it is on record", () => {
    const rig = new Rig(false).play(">data\n");
    assert.deepEqual([rig.recorded, rig.passed], ["data\n", ""]);
    rig.logs.shift()!();
    assert.equal(rig.passed, "data\n");
  });

  test("the line that answers sudo -S is withheld, and nothing else", () => {
    const rig = new Rig(false).play(
      ">before\n",
      "\x1b[0m[sudo] password for bob: ",
      ">hun",
      ">ter2\nrest\n",
      ">more\n",
    );
    assert.equal(rig.recorded, "before\n«3»«4»\nrest\nmore\n");
    assert.equal(rig.passed, "");
    for (const logged of rig.logs) logged();
    assert.equal(rig.passed, "before\nhunter2\nrest\nmore\n");
  });

  test("a prompt of Ansible's, answered in one chunk", () => {
    const rig = new Rig(false).play(
      "[sudo via ansible, key=abc] password:",
      ">hunter2\n",
      "\r\nBECOME-SUCCESS\r\n",
      ">module\n",
    );
    assert.equal(rig.recorded, "«7»\nmodule\n");
  });

  test("what is longer than any password is recorded from there on", () => {
    const rig = new Rig(false).play("Password: ", `>${"x".repeat(LONGEST_SECRET + 10)}`, ">yy");
    assert.equal(rig.recorded, `«${LONGEST_SECRET}»${"x".repeat(10)}yy`);
    for (const logged of rig.logs) logged();
    assert.equal(rig.passed.length, LONGEST_SECRET + 12);
  });

  test("a prompt asks once", () => {
    const rig = new Rig(false).play("Password: ", ">a\n", ">b\n");
    assert.equal(rig.recorded, "«1»\nb\n");
  });
});
