import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { TestTimers } from "../../guard/testing.ts";
import { TypedInput } from "./typed-input.ts";

const runs = (name: string, ...args: string[]) => spawnSync(name, args).status === 0;
const PYTHON = runs("python3", "-c", "import pty, getpass") ? false : "python3 not installed";
const NO_VIM = PYTHON || (runs("vim", "--version") ? false : "vim not installed");

/** Gives a program a terminal of 80 columns, and copies both ways. */
const TERMINAL = `
import fcntl, os, pty, select, struct, sys, termios
os.environ["PS1"] = "ready> "
pid, fd = pty.fork()
if pid == 0: os.execvp(sys.argv[1], sys.argv[1:])
fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
while True:
    for one in select.select([fd, 0], [], [])[0]:
        try: data = os.read(one, 65536)
        except OSError: data = b""
        if not data: os._exit(0)
        os.write(1 if one == fd else fd, data)
`;
const SECRET = "zq7-Winter-pale";

/** Types each text once what stands before it was shown, and answers what was recorded. */
async function play(command: string[], steps: readonly [shown: string, typed: string][]): Promise<string> {
  const home = mkdtempSync(join(tmpdir(), "sallyport-typed-"));
  const env = {
    PATH: process.env.PATH,
    HOME: home,
    TERM: "xterm-256color",
    LC_ALL: "C.UTF-8",
  };
  const child = spawn("python3", ["-c", TERMINAL, ...command], {
    cwd: home,
    env,
    stdio: ["pipe", "pipe", "inherit"],
    timeout: 150_000,
    killSignal: "SIGKILL",
  });
  let recorded = "";
  const input = new TypedInput({
    terminal: true,
    timers: new TestTimers(),
    record: (kind, bytes) => {
      recorded += kind === "input" ? Buffer.from(bytes).toString() : `«${Buffer.from(bytes).readUInt32BE()}»`;
    },
  });
  let seen = "";
  let step = 0;
  child.stdout.on("data", (chunk: Buffer) => {
    seen += chunk.toString("latin1");
    input.shown(chunk);
    for (let next = steps[step]; next !== undefined; next = steps[step]) {
      const at = seen.indexOf(next[0]);
      if (at < 0) break;
      seen = seen.slice(at + next[0].length);
      step += 1;
      input.typed(Buffer.from(next[1]), () => child.stdin.write(next[1]));
    }
  });
  await once(child, "close");
  rmSync(home, { recursive: true, force: true });
  input.end();
  assert.equal(step, steps.length, `shown last: ${JSON.stringify(seen.slice(-300))}`);
  assert.ok(!recorded.includes(SECRET), recorded);
  return recorded;
}

const bash = ["bash", "--norc", "--noprofile", "-i"];
const python = (prompt: string) => `python3 -c 'import getpass; print(len(getpass.getpass("${prompt}")))'`;

describe("programs at a real terminal", { skip: PYTHON, timeout: 150_000 }, () => {
  test("bash, read -s and what is typed after it", async () => {
    // The word says when nothing is echoed any more.
    const hidden = `stty -echo; echo go''od; read -s p; stty echo; echo "<\${#p}>"`;
    const recorded = await play(bash, [
      ["ready> ", "ls /\r"],
      ["ready> ", `${hidden}\r`],
      ["good", `${SECRET}\r`],
      ["<15>", "echo do''ne\r"],
      ["done", "exit\r"],
    ]);
    assert.equal(recorded, `ls /\r${hidden}\r«${SECRET.length}»\recho do''ne\rexit\r`);
  });

  test("key by key, with history, completion and corrections", async () => {
    const recorded = await play(bash, [
      ["ready> ", "e"],
      ["e", "c"],
      ["c", "ho a''x"],
      ["ho a''x", "\x7f"],
      ["\b", "b''c\r"],
      ["abc", "\x1b[A"],
      ["echo a''b''c", "\x15"],
      ["\x1b[K", "ls /usr/b\t"],
      ["in", "\x15"],
      ["\x1b[K", "exit\r"],
    ]);
    assert.equal(recorded, "echo a''x\x7fb''c\r\x1b[A\x15ls /usr/b\t\x15exit\r");
  });

  test("a line longer than the screen is wide", async () => {
    const long = `echo ${"lorem ipsum ".repeat(20)}`;
    const recorded = await play(bash, [
      ["ready> ", `${long}\r`],
      ["ipsum \r\n", "exit\r"],
    ]);
    assert.equal(recorded, `${long}\rexit\r`);
  });

  test("getpass, with a prompt and without a telling word", async () => {
    for (const prompt of ["Password: ", "Say it: ", "[sudo] password for bob: "]) {
      const recorded = await play(bash, [
        ["ready> ", `${python(prompt)}\r`],
        [`"${prompt}`, ""],
        [prompt, `${SECRET}\r`],
        ["15", "exit\r"],
      ]);
      assert.equal(recorded, `${python(prompt)}\r«${SECRET.length}»\rexit\r`);
    }
  });

  test("stty -echo", async () => {
    const recorded = await play(bash, [
      ["ready> ", "stty -echo; echo go''od; head -1 | wc -c; stty echo\r"],
      ["good", `${SECRET}\r`],
      ["16", "exit\r"],
    ]);
    assert.equal(recorded, `stty -echo; echo go''od; head -1 | wc -c; stty echo\r«${SECRET.length}»\rexit\r`);
  });

  test("a paste of a command and the password it will ask for", async () => {
    const command = `read -sp 'Password: ' p; echo "<\${#p}>"`;
    const recorded = await play(bash, [
      ["ready> ", `${command}\r${SECRET}\r`],
      ["\rPassword: ", ""],
      // What was pasted ends in a carriage return, which the terminal's driver only makes a line end from now on.
      ["", "\r"],
      ["<16>", "exit\r"],
    ]);
    assert.equal(recorded, `${command}\r«${SECRET.length}»\r\rexit\r`);
  });

  test("vim", { skip: NO_VIM }, async () => {
    const recorded = await play(bash, [
      ["ready> ", "vim -u NONE -n notes\r"],
      ["\x1b[1;1H\x1b[?25h", "ihello"],
      ["hello", "\x1b"],
      ["\x1b[", "yyp"],
      ["hello", ":wq"],
      [":wq", "\r"],
      ["ready> ", "exit\r"],
    ]);
    assert.equal(recorded, "vim -u NONE -n notes\rihello\x1byyp:wq\rexit\r");
  });
});
