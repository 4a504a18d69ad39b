import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Case, ProgramOptions } from "./places.ts";

const ALL_BYTES = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
const BIG = randomBytes(5 * 1024 * 1024);

/** Commands, by OpenSSH's client. */
const command = (
  name: string,
  line: string,
  options?: Parameters<Parameters<Case["run"]>[0]["exec"]>[1],
): Case => ({
  name,
  run: ({ exec }) => exec(line, options),
});

/**
 * A command by `ssh -t` at a terminal of its own, which `set` prepares. On a connection of its own, too: a client that
 * shares one makes its terminal raw only when the command may have said something already.
 */
const atTerminal = (
  name: string,
  line: string,
  { set = "true", dialogue = [] }: { set?: string; dialogue?: ProgramOptions["dialogue"] } = {},
): Case => ({
  name,
  run: ({ program, config, host }) => {
    const quoted = ["-F", config, "-t", host, line].map((word) => `'${word.replaceAll("'", "'\\''")}'`);
    return program("script", ["-qec", `${set}; exec ssh ${quoted.join(" ")}`, "/dev/null"], {
      ...(dialogue && { dialogue }),
      keepInput: true,
      env: { ...process.env, TERM: "vt220" },
    });
  },
});

export const EXEC: Case[] = [
  command("outputs apart, and a status", "echo out; echo err >&2; exit 7"),
  command("nothing said, nothing heard", "true"),
  command("a command that is not there", "no-such-command --at-all"),
  command("a syntax error", "echo ("),
  command("all bytes, both ways", "tee /dev/stderr", { input: ALL_BYTES }),
  command("5 MB both ways", "cat", { input: BIG }),
  command("5 MB in, its hash out", "sha256sum", { input: BIG }),
  command("5 MB out", `head -c ${BIG.length} /dev/zero | tr '\\0' x`),
  command("no input (-n)", "cat; echo end", { args: ["-n"], input: "never read" }),
  command("a reader who ends before its input does", "head -c 10; exit 3", { input: BIG }),
  command("a process that closes its input", "exec <&-; echo closed; exit 4", { input: BIG }),
  command("a process that closes its output first", "exec >&-; cat | wc -c >&2", { input: BIG }),
  command(
    "quotes, newlines, tabs",
    `printf '%s|' "a b" 'c\td' "e
f" g\\ h $'i\\nj'; echo`,
  ),
  command("UTF-8", "printf '%s\\n' 'Grüße, 世界 🚢'"),
  command("a here-document", "cat <<'END'\n$not `expanded`\nEND\necho after"),
  command("substitutions and pipes", "echo $(seq 3 | sort -r | tr '\\n' ,) \"$((6 * 7))\" "),
  command("a command of 30 KB", `echo ${"x".repeat(30_000)} | wc -c`),
  command(
    "a hundred lines on each output, in their order",
    "for i in $(seq 100); do echo $i; echo $i >&2; done",
  ),
  command(
    "SSH_CONNECTION and SSH_TTY are there, or not",
    'test -n "$SSH_CONNECTION" && echo yes; echo "($SSH_TTY)"',
  ),
  command("killed by TERM", "kill -TERM $$"),
  command("killed by KILL, after some output", "echo before; kill -KILL $$"),
  command("killed by a signal that RFC 4254 has no name for", "ulimit -c 0; kill -BUS $$"),
  command("killed by SEGV", "ulimit -c 0; kill -SEGV $$"),
  command("no terminal (-T)", "test -t 0 || echo none", { args: ["-T"] }),
  command(
    "a terminal without modes (-tt from a pipe): its modes, size and TERM",
    "stty -a; echo $TERM; test -t 2 && echo yes",
    {
      args: ["-tt"],
      env: { ...process.env, TERM: "xterm-256color" },
      keepInput: true,
    },
  ),
  atTerminal("a terminal's size and modes", "stty -a; stty size", {
    set: "stty rows 33 cols 101 -ixon intr ^K",
  }),
  atTerminal("a terminal has one output, with CR and LF", "echo out; echo err >&2; exit 9"),
  atTerminal("lines and end of file, typed", "stty -echo; echo begun; cat; echo ended", {
    dialogue: [
      ["begun", "typed\r"],
      ["typed", "\x04"],
    ],
  }),
  atTerminal("what is typed is echoed", 'stty -echoctl; echo begun; read line; echo "<$line>"', {
    dialogue: [["begun", "Grüße\x7fx\r"]],
  }),
  atTerminal("a key that interrupts", "trap 'echo trapped; exit 3' INT; stty -echo; echo begun; sleep 60", {
    dialogue: [["begun", "\x03"]],
  }),
  command("variables that both ends allow", 'echo "$LANG" "$LC_TEST"', {
    alone: true,
    args: ["-o", "SendEnv=LANG LC_TEST"],
    env: { ...process.env, LANG: "C.UTF-8", LC_TEST: "a b\"c'd$e" },
  }),
  command("variables that are set empty", "env | grep LC_EMPTY", {
    alone: true,
    args: ["-o", "SetEnv=LC_EMPTY="],
  }),
  {
    name: "a shell reads its commands from standard input",
    run: ({ program, shared, host }) =>
      program("ssh", [...shared, host], { input: "echo one\necho two >&2\nexit 5\n" }),
  },
  {
    name: "a process left in the background keeps the channel open until it ends",
    async run({ exec, folder }) {
      const outcome = await exec(`(sleep 0.3; echo late; echo done > ${folder}/done) & echo early`);
      return { outcome, done: readFileSync(join(folder, "done"), "utf8") };
    },
  },
  command(
    "a daemon that let go of its outputs does not",
    "sleep 60 >/dev/null 2>&1 </dev/null & echo begun; kill $!",
  ),
  {
    name: "whoever reads ends first (head -1)",
    async run({ exec }) {
      const { stdout } = await exec("yes | head -n 1000000", { readAtMost: 2 });
      return stdout;
    },
  },
  {
    name: "no shell (-N) ends when it is told to",
    run: ({ config, program, host }) =>
      program("timeout", ["-s", "TERM", "3", "ssh", "-F", config, "-N", host], {}),
  },
  {
    name: "keep-alives over an idle command",
    run: ({ config, program, host }) =>
      program("ssh", [
        // Without answers it would end after four seconds.
        ...["-F", config, "-o", "ServerAliveInterval=1", "-o", "ServerAliveCountMax=3"],
        ...[host, "sleep 6; echo alive"],
      ]),
  },
  {
    name: "a connection through the target (-W)",
    async run({ config, gateway, program, host }) {
      const { status, stdout } = await program(
        "ssh",
        ["-F", config, "-W", `127.0.0.1:${gateway.sshd.port}`, host],
        {
          input: "SSH-2.0-test\r\n",
        },
      );
      return { status, hello: stdout.split("\r\n")[0] };
    },
  },
  {
    name: "a folder by tar, both ways",
    async run({ program, folder, host, shared, exec }) {
      await exec(
        `mkdir -p ${folder}/there/a/b && cd ${folder}/there && seq 20000 > a/1 && ln -s 1 a/link && printf x > 'a/b/odd name'`,
      );
      const ssh = `ssh ${shared.join(" ")} ${host}`;
      const got = await program("sh", [
        "-c",
        `mkdir here && ${ssh} 'tar -C ${folder}/there -cf - a' | tar -C here -xf -`,
      ]);
      const put = await program("sh", [
        "-c",
        `mkdir back && tar -C here -cf - a | ${ssh} 'tar -C ${folder}/back -xf -'`,
      ]);
      return { got, put };
    },
  },
];
