// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are expansions of the shell.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { SEED } from "../seeded.ts";
import { lineFacts } from "./line.ts";
import { MAX_COMMANDS } from "./program-reader.ts";
import { randomLine } from "./random-lines.ts";
import { readForShells } from "./testing.ts";

function argvs(line: string): (string | null)[][] {
  const { argvs, opaque } = readForShells(line);
  assert.deepEqual(opaque, [], line);
  return argvs;
}

function command(line: string, program: string) {
  const found = lineFacts(line).commands.find((one) => one.program === program);
  assert.ok(found, `${program} in ${line}`);
  return found;
}

function assertOpaque(...lines: string[]): void {
  for (const line of lines) assert.notDeepEqual(readForShells(line).opaque, [], line);
}

describe("commands", () => {
  test("of lists, pipelines, groups, branches, loops and substitutions are all found", () => {
    assert.deepEqual(
      argvs("a; b && c || d | e & f\ng"),
      ["a", "b", "c", "d", "e", "f", "g"].map((name) => [name]),
    );
    assert.deepEqual(argvs("if a; then b; elif c; then d; else e; fi"), [["a"], ["b"], ["c"], ["d"], ["e"]]);
    assert.deepEqual(argvs("(a; { b; })"), [["a"], ["b"]]);
    assert.deepEqual(argvs("for i in $(a); do b $i; done"), [["a"], ["b", null]]);
    assert.deepEqual(argvs("case $(a) in b) c;; esac"), [["a"], ["c"]]);
    assert.deepEqual(argvs('x=$(a `b`) c "$(d)" <(e)'), [
      ["c", null, null],
      ["a", null],
      ["b"],
      ["d"],
      ["e"],
    ]);
    assert.deepEqual(argvs("cat <<E\n$(a)\nE"), [["cat"], ["a"]]);
    assert.deepEqual(argvs("cat <<'E'\n$(a)\nE"), [["cat"]]);
  });

  test("have static words as all shells read them, and null for others", () => {
    assert.deepEqual(argvs(`a 'b c' "d\\"e" f\\ g h''"i" {} ~/x`), [
      ["a", "b c", 'd"e', "f g", "hi", "{}", "~/x"],
    ]);
    assert.deepEqual(argvs("a $x \"$y\" *.c {b,c} $'d' ~e '~/x' =ls f=~"), [["a", ...Array(9).fill(null)]]);
  });

  test("by a name that isn't static are opaque", () => {
    assertOpaque("$x", "$(a) b", "{a,b}", "a*", "$'rm' x", '"" x', "=ls", "~/bin/$x");
  });

  test("run by others are found by way of them", () => {
    const cases: [line: string, program: string, via: string[]][] = [
      ["sudo rm x", "rm", ["sudo"]],
      ["sudo -u bob -- env A=1 nice -n 5 rm x", "rm", ["sudo", "env", "nice"]],
      ["sh -c 'rm x'", "rm", ["sh"]],
      ["bash -lc 'cd /tmp; rm x'", "rm", ["bash"]],
      ["bash -euo pipefail -c 'rm x'", "rm", ["bash"]],
      ["su - bob -c 'rm x'", "rm", ["su"]],
      ["su -c 'rm x'", "rm", ["su"]],
      ["runuser -u bob -- rm x", "rm", ["runuser"]],
      ["env -i -S 'rm x'", "rm", ["env"]],
      ["ls | xargs -0 -n 1 rm", "rm", ["xargs"]],
      ["find / -name x -exec rm {} +", "rm", ["find"]],
      ["busybox rm x", "rm", ["busybox"]],
      ["timeout -s KILL 5 nohup setsid stdbuf -oL rm x", "rm", ["timeout", "nohup", "setsid", "stdbuf"]],
      ["flock /tmp/l -c 'rm x'", "rm", ["flock"]],
      ["flock -n /tmp/l rm x", "rm", ["flock"]],
      ["script -qc 'rm x' /dev/null", "rm", ["script"]],
      ["watch -n 1 rm x", "rm", ["watch"]],
      ["systemd-run --scope rm x", "rm", ["systemd-run"]],
      ["eval 'eval rm x'", "rm", ["eval", "eval"]],
      ["trap 'rm x' EXIT", "rm", ["trap"]],
      ["command rm x", "rm", ["command"]],
      ["sh <<E\nrm x\nE", "rm", ["sh"]],
      ["bash -s <<<'rm x'", "rm", ["bash"]],
      ["time rm x", "rm", ["time"]],
      ["/usr/bin/sudo /bin/rm x", "rm", ["sudo"]],
    ];
    for (const [line, program, via] of cases) assert.deepEqual(command(line, program).via, via, line);
  });

  test("run elsewhere or as others say so", () => {
    assert.equal(command("sudo rm x", "rm").runAs, "root");
    assert.equal(command("sudo -u '#0' rm x", "rm").runAs, "root");
    assert.equal(command("sudo -u bob rm x", "rm").runAs, "bob");
    assert.equal(command("doas -u bob rm x", "rm").runAs, "bob");
    assert.equal(command("ssh -p 22 bob@host rm x", "rm").host, "host");
    assert.equal(command("ssh bob@host -p 22 'ls; rm x'", "rm").runAs, "bob");
    assert.equal(command("docker exec -it web rm x", "rm").host, "container:web");
    assert.equal(command("kubectl -n a exec -it web -c b -- rm x", "rm").host, "pod:web");
  });

  test("have the variables that reach them", () => {
    assert.deepEqual(command("A=1; export B=2; C=3 ls; D=4", "ls").assignments, ["A", "B", "C"]);
    assert.deepEqual(command("ls; A=1", "ls").assignments, []);
    assert.deepEqual(command("while a; do ls; PATH=/x; done", "ls").assignments, ["PATH"]);
    assert.deepEqual(command("f() { ls; }; LD_PRELOAD=x; f", "ls").assignments, ["LD_PRELOAD"]);
    assert.deepEqual(command("env A=1 sudo B=2 ls", "ls").assignments, ["A", "B"]);
    assert.deepEqual(command("for PATH in /x; do ls; done", "ls").assignments, ["PATH"]);
    assert.deepEqual(command("read PATH; ls", "ls").assignments, ["PATH"]);
    assert.ok(command(": ${PATH:=/x}; ls", "ls").assignments.includes("PATH"));
    assert.ok(command("path=/x; ls", "ls").assignments.includes("PATH"));
    assertOpaque(
      "PATH=/x ls",
      "HOME=/etc; cat ~/shadow",
      "export LD_PRELOAD=x; ls",
      "env BASH_ENV=x bash -c ls",
    );
  });

  test("have the files of redirections, and where their input comes from", () => {
    const { reads, writes } = command("cat <a >>/b 2>c 3<>d 2>&1", "cat");
    assert.deepEqual(
      [reads, writes],
      [
        ["~/a", "~/d"],
        ["/b", "~/c", "~/d"],
      ],
    );
    assert.deepEqual(command("cat >$x", "cat").writes, ["*"]);
    assert.deepEqual(command("cat </dev/tcp/host/1", "cat").effects.includes("network"), true);
    assert.deepEqual(command("{ ls; } >/x", ":").writes, ["/x"]);
    assert.deepEqual(command(">/x", "cat").writes, ["/x"]);
    assert.equal(command("ls | cat", "cat").stdin, "pipe");
    assert.equal(command("cat", "cat").stdin, "agent");
    assert.equal(command("while read x; do cat; done <f", "cat").stdin, "file");
    assert.equal(command("cat <<<a", "cat").stdin, "text");
  });

  test("run in the folder that a cd surely led to, or in one that isn't known", () => {
    assert.deepEqual(command("cd /etc && cat <a", "cat").reads, ["/etc/a"]);
    assert.deepEqual(command("cd /etc; cat <a", "cat").reads, ["*"]);
    assert.deepEqual(command("cd /etc || cat <a", "cat").reads, ["*"]);
    assert.deepEqual(command("(cd /etc && ls); cat <a", "cat").reads, ["~/a"]);
    assert.deepEqual(command("while a; do cat <a; cd /etc; done", "cat").reads, ["*"]);
    assert.deepEqual(command("cd $x && cat <a", "cat").reads, ["*"]);
    assert.deepEqual(command("cd etc && cat <a", "cat").reads, ["*"]);
  });
});

describe("opaque is", () => {
  test("what a shell finds in files, values or input", () => {
    assertOpaque(
      ". f",
      "source f",
      "eval $x",
      "sh f",
      "sh -c $x",
      "a | sh",
      "sh",
      "bash -i",
      "sh -s",
      "csh -c a",
    );
    assertOpaque("sh <<E\nrm $x\nE", "a | xargs env", "a | xargs -I{} sh -c 'b {}'", "find $x -exec a \\;");
    assertOpaque("find . -exec sh -c 'rm {}' \\;", "trap $x EXIT", "parallel rm ::: x", "sudo -i", "su bob");
  });

  test("an option that a table doesn't know", () => {
    assertOpaque("env --weird ls", "sudo -Z ls", "nice --adj=5 ls", "timeout --for 5 ls", "xargs --max=1 ls");
    assertOpaque(
      "ssh -o ProxyCommand=rm host ls",
      "bash --rcfile x -c ls",
      "bash -O extglob -c ls",
      "sudo -R / ls",
    );
    assertOpaque(
      "env $x ls",
      "sudo -u $x ls",
      "nice -n $x ls",
      "xargs $x ls",
      "exec -a a ls",
      "su -s /tmp/x -c ls",
    );
  });

  test("what changes the meaning of names", () => {
    assertOpaque(
      "ls() { rm x; }; ls",
      "alias ls=rm; ls",
      "alias ls=rm\nls",
      "enable -f x y",
      "hash -p /x ls",
    );
    assertOpaque("shopt -s extglob", "setopt aliases", "bash -c 'alias ls=rm\nls'", "function f { a; }");
    assertOpaque("eval 'ls() { rm x; }'; /tmp/ls $(ls(){ :; }; ls)");
  });

  test("an expression that may be made of values", () => {
    assertOpaque("a $((x))", "x=$(b); a $((x))", "x='a[$(b)]'; a $((x+1))", "[ $x -eq 1 ]", "[[ $x -lt 1 ]]");
    assertOpaque("[ -v 'a[$(b)]' ]", "read 'a[$(b)]'", "printf -v 'a[0]' b", "let x", "exit $x", "unset $x");
    assertOpaque(
      "[ $x ]",
      '[ "$x" "$y" 1 ]',
      'export "$x"',
      "declare -i x=y",
      "for x in $y; do a $((x)); done",
    );
    assert.deepEqual(argvs("i=0; a $((i+1)) $(($i*2))"), [["a", null, null]]);
    assert.deepEqual(argvs('i=0; i=$((i+1)); [ "$i" -lt 5 ]; exit $?'), [
      ["[", null, "-lt", "5", "]"],
      ["exit", null],
    ]);
    assert.deepEqual(argvs('[ "$x" = a ]'), [["[", null, "=", "a", "]"]]);
  });

  test("a text that isn't shell, isn't whole, or has invisible characters", () => {
    assertOpaque("a 'b", 'a "b', "a $(b", "a `b", "if a", "a)", "a;;", "(a", "{ a", "a <<E\nb", "for a");
    assertOpaque(
      "a\0b",
      "a\rb",
      "a \x1b[A",
      "a\u00a0b",
      "a \u202eb",
      "a\ud800",
      "a\ufffd",
      "a\u2028b",
      "a\x7f",
    );
  });

  test("a line beyond the bounds, which ends soon", () => {
    assertOpaque(
      `a ${"b".repeat(64 * 1024)}`,
      "a;".repeat(MAX_COMMANDS + 1),
      "(".repeat(30_000),
      "$(".repeat(30_000),
    );
    assertOpaque(`${"( ".repeat(3_000)}a${" )".repeat(3_000)}`, `a ${"$(a ".repeat(300)}${")".repeat(300)}`);
    assertOpaque(
      `${"env ".repeat(300)}a`,
      `a ${"${x:-".repeat(1000)}${"}".repeat(1000)}`,
      `a $((${"(".repeat(5000)}1`,
    );
    assert.equal(lineFacts("a;".repeat(5_000)).commands.length, MAX_COMMANDS);
    const names = Array.from({ length: 9_000 }, (_, index) => `v${index.toString(36)}`);
    assertOpaque(
      names.map((name) => `${name}=1`).join(";"),
      `for x in a; do ${names.map((name) => `${name}=1`).join(";")}; done`,
      names
        .map((name, index) => `${name}=$${names[index + 1]}`)
        .join(";")
        .slice(0, 60_000),
      `for x in ${names.slice(0, 50).join(" ")}; do ${"p $x;".repeat(9_000)} done`,
    );
  });
});

describe("a variable", () => {
  const words = (line: string) => lineFacts(line).commands.map(({ argv }) => argv.join(" "));

  test("that is set once, to a plain value, and surely, has that value", () => {
    assert.deepEqual(words('f=/a/b; p $f "$f.c" ${f}d'), ["p /a/b /a/b.c /a/bd"]);
    assert.deepEqual(words("for x in a b; do p $x; done"), ["p a", "p b"]);
    assert.deepEqual(words("for x in a b; do for y in c d; do p $y$x/ $x/$y; done; done").length, 4);
    assert.deepEqual(words("f=a && p $f"), ["p a"]);
    assert.deepEqual(words("f=a; (p $f); { p $f; }; p $(q $f)"), ["p a", "p a", "p ", "q a"]);
    assert.deepEqual(lineFacts("f=/a; p < $f > $f.b").commands[0]?.reads, ["/a"]);
    assert.deepEqual(lineFacts("f=/a; p < $f > $f.b").commands[0]?.writes, ["/a.b"]);
  });

  test("that may hold something else has none", () => {
    for (const line of [
      "p $f; f=a",
      "f=a; f=b; p $f",
      "true || f=a; p $f",
      "(f=a); p $f",
      "f=a | q; p $f",
      "f=a & p $f",
      "f='a b'; p $f",
      "f='*'; p $f",
      "f=~; p $f",
      "f=a; p $f:t",
      "f=a; p ~$f",
      "f=a; IFS=a; p $f",
      "f=a; eval x; p $f",
      "f=a; g() { q; }; p $f",
      "f=a; read f; p $f",
      "f=a; unset f; p $f",
      "f=a; : $((f=1)); p $f",
      "for f in a; do q; done; p $f",
      "for f in a *; do p $f; done",
      "f=a; sh -c 'p $f'",
      "path=a; p $path",
      "F=a; p $F",
    ]) {
      assert.equal(lineFacts(line).commands.find(({ program }) => program === "p")?.argv[1], null, line);
    }
    assert.deepEqual(words("f=p; $f"), [""]);
    const folders = lineFacts("for d in /a /b; do cd $d; cat x; done").commands;
    assert.deepEqual(folders.at(-1)?.reads, ["*"]);
  });

  test("that the line hasn't set is the environment's, and what it expands in reads that", () => {
    const reads = (line: string) => lineFacts(line).commands.flatMap((command) => command.reads);
    for (const line of [
      "p $S",
      "x=$S",
      "for x in $S; do :; done",
      "case $S in a) :;; esac",
      "p <<< $S",
      "(s=1); p $s",
    ]) {
      assert.ok(reads(line).includes("/proc/self/environ"), line);
    }
    for (const line of ["p $HOME $? $1 $#", "s=$(q); p $s", "while read -r s; do p $s; done"]) {
      assert.ok(!reads(line).includes("/proc/self/environ"), line);
    }
  });
});

test("nothing runs by blanks, comments and plain assignments", () => {
  for (const line of ["", " \n\t", "# rm x", "x=1"]) {
    assert.deepEqual(lineFacts(line).commands, []);
    assert.deepEqual(lineFacts(line).opaque, []);
  }
});

test("fingerprints are equal for lines that differ in blanks and comments only", () => {
  const equal = (a: string, b: string) => lineFacts(a).fingerprint === lineFacts(b).fingerprint;
  assert.match(lineFacts("a").fingerprint, /^[0-9a-f]{64}$/);
  for (const [a, b] of [
    ["ls -l", " ls \t -l # all"],
    ["a;b", "a\n\nb;"],
    ["if a;then b;fi", "if a\nthen\n  b\nfi"],
    ["a>b", "a > b"],
  ]) {
    assert.ok(equal(a!, b!), `${a} | ${b}`);
  }
  const differ = [
    "a b",
    "ab",
    "a 'b'",
    "a 'b '",
    "a&b",
    "a;b",
    "a|b",
    "a&&b",
    "a||b",
    "(a;b)",
    "{ a;b; }",
    "a>b",
    "a>>b",
    "a 2>b",
  ];
  differ.push(
    "a <<b\nc\nb",
    "a <<b\nd\nb",
    "a <<'b'\nc\nb",
    "!a",
    "! a",
    "x=1 a",
    "x=2 a",
    "a x=1",
    "a $(b)",
    "a '",
    'a "',
  );
  differ.push(
    "while a;do b;done",
    "until a;do b;done",
    "for a in;do b;done",
    "for a;do b;done",
    "a&",
    "case a in b)c;;esac",
  );
  differ.push(
    "case a in b)c;;b)c;;esac",
    "if a;then b;fi",
    "if a;then b;else b;fi",
    "if a;then b;elif b;then b;fi",
  );
  assert.equal(new Set(differ.map((line) => lineFacts(line).fingerprint)).size, differ.length);
});

test("no text makes it throw", (t) => {
  t.diagnostic(`SEED=${SEED}`);
  const property = fc.property(fc.oneof(randomLine, fc.string({ unit: "binary", maxLength: 60 })), (line) => {
    const facts = lineFacts(line);
    assert.ok(facts.commands.length > 0 || facts.opaque.length > 0 || readForShells(line).argvs.length === 0);
    for (const { program, opaque } of facts.commands) assert.ok(program !== "" || opaque.length > 0, line);
  });
  fc.assert(property, { seed: SEED, numRuns: 500 });
});

test("a line in which one command names more variables than are followed is opaque: PATH may be among them", () => {
  const names = (count: number) => Array.from({ length: count }, (_, index) => `v${index}`).join(" ");
  const opaque = (line: string) => lineFacts(line).opaque.join();
  assert.match(opaque(`f() { :; }; f ${names(1_000)} PATH; ls`), /names more than 1000 variables/);
  assert.match(opaque(`export ${names(1_000)} PATH=/tmp; ls`), /more than 500 variables/);
  assert.equal(opaque(`f() { :; }; f ${names(999)}; ls`), "");
  assert.equal(opaque(`export ${names(499)}; ls`), "");
});
