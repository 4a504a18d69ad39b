import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { SEED } from "../../seeded.ts";
import { SHELL_EFFECTS, type ShellEffect } from "../facts.ts";
import { WRAPPERS } from "../wrappers/table.ts";
import { describeProgram, type Surroundings, UNKNOWN_PROGRAM } from "./describe.ts";
import { programNames } from "./programs.ts";
import { secretFiles } from "./secrets.ts";

console.log(`programs fuzz: SEED=${SEED}`);

function describe(argv: (string | null)[], surroundings?: Surroundings) {
  const path = argv[0] ?? "";
  const program = path.slice(path.lastIndexOf("/") + 1);
  return describeProgram({ program, path, argv, stdin: "pipe" }, surroundings);
}

/** Words at blanks; "?" is a word that isn't static. */
const call = (line: string, surroundings?: Surroundings) =>
  describe(
    line.split(" ").map((word) => (word === "?" ? null : word)),
    surroundings,
  );

test("what only looks has the effect read, and names the files that it reads", () => {
  const cases: [line: string, reads: string[]][] = [
    ["cat /etc/hosts x", ["/etc/hosts", "~/x"]],
    ["/bin/cat -n -- -x", ["~/-x"]],
    ["head -20 /var/log/syslog", ["/var/log/syslog"]],
    ["tail -n5 a", ["~/a"]],
    ["grep -ci x /a /b", ["/a", "/b"]],
    ["grep -e x -f /p /a", ["/p", "/a"]],
    ["grep -r x /var/log", ["/var/log", "/var/log/**"]],
    ["sed -n 1,20p /etc/hosts", ["/etc/hosts"]],
    ["sed -e s/a/b/g -e /x/d f", ["~/f"]],
    ["awk {print} f", ["~/f"]],
    ["sort -k2,2n -t: f", ["~/f"]],
    ["ls -la /etc", ["/etc"]],
    ["find /var/log -name *.gz -mtime +7 -print0", ["/var/log"]],
    ["tar tzf /a.tgz", ["/a.tgz"]],
    ["systemctl status nginx --no-pager", []],
    ["systemctl --no-pager list-units --type=service", []],
    ["journalctl -u nginx -n 50 --since today", []],
    ["git -C /srv/app status --short", []],
    ["docker ps -a", []],
    ["ip -br addr show dev eth0", []],
    ["date +%F", []],
    ["cat ?", ["*"]],
  ];
  for (const [line, reads] of cases) {
    const found = call(line);
    assert.deepEqual(found, { known: true, effects: ["read"], reads, writes: [], opaque: [] }, line);
  }
});

test("an option or a word that does more says so", () => {
  const cases: [line: string, effect: ShellEffect, known?: false][] = [
    ["sort -o /x f", "write"],
    ["sort f -o/x", "write"],
    ["sort --output=/x f", "write"],
    ["sort --compress-program=x f", "run-code"],
    ["uniq a b", "write"],
    ["xxd a b", "write"],
    ["tee /x", "write"],
    ["dd if=/a of=/b", "write"],
    ["find / -delete", "delete"],
    ["find / -fprint /x", "write"],
    ["find / -exec rm {} ;", "run-command"],
    ["tar xf /a", "write"],
    ["tar czf /a /b", "write"],
    ["sed -i s/a/b/ f", "write"],
    ["sed -n w/x f", "write"],
    ["sed s/a/b/w/x f", "write"],
    ["sed s/a/b/e f", "run-code", false],
    ["sed 1e f", "run-code", false],
    ['awk BEGIN{system("x")}', "run-code", false],
    ['awk BEGIN{print|"x"}', "run-code", false],
    ['awk BEGIN{print>"x"}', "write"],
    ["rm -rf /x", "delete"],
    ["chmod 777 /x", "change-mode"],
    ["systemctl restart x", "control-service"],
    ["systemctl enable x", "schedule"],
    ["reboot", "control-service"],
    ["kill -9 1", "signal"],
    ["apt-get install x", "change-software"],
    ["useradd x", "change-account"],
    ["crontab -e", "schedule"],
    ["crontab x", "schedule"],
    ["date -s x", "change-system"],
    ["date 01010101", "change-system"],
    ["hostname evil", "change-system"],
    ["sysctl a=b", "change-system"],
    ["ip link set eth0 down", "change-system", false],
    ["dmesg -C", "delete"],
    ["journalctl --rotate", "delete"],
    ["sudo -u root ls", "change-user"],
    ["ssh host ls", "network"],
    ["curl http://x", "network"],
    ["bash -c ls", "run-command"],
    ["bash x", "run-code", false],
    ["python3 x", "run-code", false],
    ["vi x", "interactive", false],
    ["less x", "interactive"],
    ["top", "interactive"],
    ["git pull", "network"],
    ["docker exec web sh", "run-command"],
    ["docker run web sh", "run-code", false],
    ["docker rm web", "delete"],
  ];
  for (const [line, effect, known = true] of cases) {
    const found = call(line);
    assert.ok(found.effects.includes(effect), `${line}: ${found.effects.join()}`);
    assert.equal(found.known, known, `${line}: ${found.opaque.join()}`);
  }
});

test("what isn't understood in every word isn't known", () => {
  for (const line of [
    "ls --frobnicate",
    "sort --outp=/x f",
    "sort ?",
    "find ? -name x",
    "find / ?",
    "find / -name ?",
    "date ?",
    "uniq a ?",
    "sed ? f",
    "sed -f x f",
    "sed s/[/]/x/e f",
    "awk ? f",
    "awk -f x f",
    "awk @include f",
    'awk BEGIN{x=1;if(1)/"/;print|"reboot";/"/}',
    'awk BEGIN{$/"/;print|"reboot";/"/}',
    'awk BEGIN{(1)/2;print|"reboot";x=(1)/2}',
    "systemctl ?",
    "systemctl -H x status",
    "systemctl frobnicate",
    "git -c a=b log",
    "git --exec-path=/x log",
    "git log --output=/x",
    "git frobnicate",
    "git -C /tmp/x status",
    "docker ?",
    "docker -H x ps",
    "kubectl --kubeconfig x get pods",
    "tar tf ?",
    "tar tf x --to-command=y",
    "tar tf host:x",
    "rsync -e x a b",
    "printf ? x",
    "printf -v PATH x",
    "printf %n PATH",
    "read PATH",
    "export PATH=/x",
    "declare -i x=a",
    "test -v a[$(x)]",
    "eval ls",
    "trap ls EXIT",
    "xargs --frobnicate ls",
    "env -S ls",
    "less +!x f",
    "jq ? f",
    "jq env f",
    "bash -c ?",
    "rpm --eval %(x)",
    "openssl s_client",
    "/tmp/ls",
    "./ls",
    "~/ls",
    "/usr/bin/../../tmp/ls",
    "frobnicate",
    "",
  ]) {
    const found = call(line);
    assert.equal(found.known, false, line);
    assert.ok(found.opaque.length > 0, line);
  }
  assert.deepEqual(call("frobnicate --now").opaque, [UNKNOWN_PROGRAM]);
});

test("names of files are those of the folder, and any where that can't be told", () => {
  const cases: [word: string, folder: string | null, name: string][] = [
    ["x", "~", "~/x"],
    ["x", "/srv", "/srv/x"],
    ["x", "/", "/x"],
    ["x", null, "*"],
    ["./a//b/.", "/srv", "/srv/a/b"],
    ["/", "~", "/"],
    ["/../etc/x", "~", "/etc/x"],
    ["/etc/ssh/../shadow", "~", "*"],
    ["/var/run/../etc/shadow", "~", "*"],
    ["../x", "/srv", "*"],
    ["~", "/srv", "~"],
    ["~/x", "/srv", "~/x"],
    ["~/../x", "/srv", "*"],
    ["~root/x", "/srv", "*"],
  ];
  for (const [word, folder, name] of cases) {
    assert.deepEqual(describe(["cat", word], { folder }).reads, [name], word);
  }
});

test("a pattern stays one, unless it may be an option or a shell's own code", () => {
  const read = (program: string, pattern: string, folder = "/srv") =>
    describe([program, null], { folder, patterns: [null, pattern] });
  assert.deepEqual(read("cat", "/var/log/*.log").reads, ["/var/log/*.log"]);
  assert.deepEqual(read("cat", "*.log").reads, ["/srv/*.log"]);
  assert.deepEqual(read("cat", "/var/*/../x").reads, ["*"]);
  assert.deepEqual(read("cat", "*(e:reboot:)").reads, ["*"]);
  assert.deepEqual(read("ls", "/var/log/*.log").reads, ["/var/log"]);
  assert.equal(read("sort", "/var/log/*.log").known, true);
  assert.equal(read("sort", "*.log").known, false);
  assert.equal(read("sort", "-*").known, false);
});

test("files that commonly hold secrets are told from others, by name and by pattern", () => {
  const secret = [
    "*",
    "/**",
    "/etc/**",
    "/etc/shadow",
    "/etc/sh*",
    "/etc/shado?",
    "/etc/[s]hadow",
    "~/.ssh",
    "~/.ssh/id_rsa",
    "~/**",
    "/home/x/.ssh/authorized_keys",
    "/srv/app/.env",
    "/srv/app/.e*",
    "/srv/app/**",
    "/srv/server.key",
    "/proc/self/environ",
    "/proc/*/environ",
    "/proc/1/root/etc/passwd",
    "/dev/sda1",
    "/root/x",
    `/${"*a".repeat(200)}`,
  ];
  const ordinary = [
    "/",
    "~",
    "~/x",
    "/etc/passwd",
    "/etc/hosts",
    "/etc/*release",
    "/var/log/syslog",
    "/var/log/*.log",
    "/var/log/**",
    "/srv/app/*.log",
    "/proc/meminfo",
    "/proc/1/status",
    "/etc/nginx/nginx.conf",
    "/etc/nginx/sites-enabled/*",
    "/dev/null",
  ];
  assert.deepEqual(secretFiles([...secret, ...ordinary]), secret);
});

test("a word that is too long to be looked into isn't understood", () => {
  assert.equal(describe(["echo", "x".repeat(4_096)]).known, true);
  assert.equal(describe(["echo", "x".repeat(4_097)]).known, false);
});

test("a program that runs a command which is described for itself is one that is looked into", () => {
  for (const name of programNames()) {
    for (const words of [
      ["reboot"],
      ["-c", "reboot"],
      ["/", "-exec", "reboot", ";"],
      ["exec", "web", "reboot"],
      ["web", "reboot"],
    ]) {
      const { known, effects } = describe([name, ...words]);
      if (known && effects.includes("run-command"))
        assert.ok(WRAPPERS.has(name), `${name} ${words.join(" ")}`);
    }
  }
});

test("no program is described twice", () => {
  const names = programNames();
  assert.deepEqual(
    names.filter((name, index) => names.indexOf(name) !== index),
    [],
  );
});

test("any words are answered, in bounded time, and a word that isn't static never makes a call harmless", () => {
  const word = fc.oneof(
    fc.constantFrom(
      "-",
      "--",
      "-x",
      "-rf",
      "--all",
      "-exec",
      ";",
      "-i",
      "s/a/b/",
      "/etc/x",
      "status",
      "{print}",
      "",
    ),
    fc.string({ maxLength: 30 }),
    fc.constant(null),
  );
  fc.assert(
    fc.property(
      fc.constantFrom(...programNames()),
      fc.array(word, { maxLength: 6 }),
      word,
      (program, words, last) => {
        const found = describe([program, ...words, last]);
        assert.equal(found.known, found.opaque.length === 0);
        assert.ok(found.effects.every((effect) => SHELL_EFFECTS.includes(effect)));
        // What any word in the place of the last would do is told of a call where it isn't static.
        const open = describe([program, ...words, null]);
        if (!open.known) return;
        for (const effect of found.effects) {
          const told = open.effects.includes(effect) || effect === "read" || effect === "run-command";
          assert.ok(told, `${program} ${JSON.stringify([...words, last])}: ${effect}`);
        }
      },
    ),
    { seed: SEED, numRuns: 20_000 },
  );
  for (const text of [
    "/".repeat(4_096),
    "a/[".repeat(1_365),
    "s/".repeat(2_048),
    "{".repeat(4_096),
    "(".repeat(4_096),
  ]) {
    for (const program of ["sed", "awk", "cat", "jq", "find", "tar", "["]) {
      const begun = performance.now();
      describe([program, text, text]);
      assert.ok(performance.now() - begun < 10_000, `${program} ${text.slice(0, 3)}`);
    }
  }
});
