import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { Noted } from "./testing-guard.ts";

const PROGRAM = new URL("testing-program.ts", import.meta.url).pathname;
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

let folder: string;
let ssh: string;
let direct: string;
before(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "sallyport-files-")));
  ssh = join(folder, "relay.sh");
  writeFileSync(ssh, `#!/bin/sh\nexec ${process.execPath} ${PROGRAM} "$@"\n`);
  direct = join(folder, "direct.sh");
  const last =
    'for last; do :; done; [ "$last" = sftp ] && exec /usr/lib/openssh/sftp-server; exec sh -c "$last"';
  writeFileSync(direct, `#!/bin/sh\n${last}\n`);
  for (const file of [ssh, direct]) chmodSync(file, 0o755);
});
after(() => rmSync(folder, { recursive: true }));

interface Ran {
  status: number | null;
  stdout: string;
  stderr: string;
  noted: Noted[];
}

/** A folder of `here` (the agent's) and `there` (the target's), alike each time. */
function place(name: string, big = SMALL): string {
  const root = join(folder, name);
  for (const one of ["here/tree/deep/er", "there/old", "there/secret"]) {
    mkdirSync(join(root, one), { recursive: true });
  }
  const files: Record<string, string | Buffer> = {
    "here/big": big,
    "here/empty": "",
    "here/odd  name;$(id) 'q' \u00e9\u4e2d": "odd",
    "here/tree/one": "1",
    "here/tree/deep/er/two": "22",
    "there/old/log": "line\n".repeat(1000),
    "there/old/a.txt": "a",
    "there/old/b.txt": "b",
    "there/secret/key": "the key",
    "here/part": big.subarray(0, 1000),
    "there/part": big.subarray(0, 1000),
  };
  for (const [file, bytes] of Object.entries(files)) {
    writeFileSync(join(root, file), bytes);
    utimesSync(join(root, file), 1_600_000_000, 1_600_000_000);
  }
  chmodSync(join(root, "here/tree/one"), 0o741);
  symlinkSync("../secret", join(root, "there/old/link"));
  return root;
}
const BIG = randomBytes(5_000_000);
const SMALL = BIG.subarray(0, 100_000);

/** What a folder holds: kinds, modes, sizes, contents; times of those that were kept. */
function snapshot(root: string): string[] {
  return readdirSync(root, { recursive: true, encoding: "utf8" })
    .sort()
    .map((name) => {
      const file = join(root, name);
      const { mode, mtimeMs } = lstatSync(file);
      const time = mtimeMs === 1_600_000_000_000 ? "kept" : "new";
      if (lstatSync(file).isSymbolicLink()) return `${name} -> ${readlinkSync(file).replace(root, "")}`;
      if (lstatSync(file).isDirectory()) return `${name} ${mode.toString(8)}`;
      return `${name} ${mode.toString(8)} ${time} ${sha256(readFileSync(file))}`;
    });
}

async function run(
  program: string,
  args: string[],
  root: string,
  batch = "",
  forbidden = "/none",
): Promise<Ran> {
  const log = join(root, "..", `log-${Math.random()}`);
  const env = {
    ...process.env,
    NODE_COMPILE_CACHE: join(folder, "cache"),
    RELAY_LOG: log,
    RELAY_FORBIDDEN: forbidden,
    LC_ALL: "C.UTF-8",
  };
  const child = spawn(program, args, { cwd: join(root, "here"), env });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk) => {
    stdout += chunk;
  });
  child.stderr.on("data", (chunk) => {
    stderr += chunk;
  });
  child.stdin.on("error", () => {});
  child.stdin.end(batch);
  const status = await new Promise<number | null>((resolve) => child.on("close", resolve));
  const lines = existsSync(log) ? readFileSync(log, "utf8").trimEnd().split("\n") : [];
  return { status, stdout, stderr, noted: lines.map((line) => JSON.parse(line)) };
}

const closed = (ran: Ran, file: string) =>
  ran.noted.find((noted) => "closed" in noted && noted.closed === file) as
    | Extract<Noted, { closed: string }>
    | undefined;

describe("OpenSSH's sftp, through and direct", () => {
  test("does the same", async () => {
    const script = (root: string) => `
cd ${root}/there
pwd
put big
put -p empty
put "odd  name;$(id) 'q' \u00e9\u4e2d"
put -rp tree
get -p old/log
get old/*.txt
get -rp tree back
reget part
reput big part
mkdir made
-mkdir made
rename big made/BIG
chmod 640 made/BIG
ln -s BIG made/soft
ln made/BIG made/hard
ls -l made
ls old
df .
-get nothing
-rm nothing
rm made/hard
-rmdir made
mkdir gone
rmdir gone
cp made/BIG made/copy
cd old/..
pwd
bye
`;
    const roots = { direct: place("sftp-a", BIG), through: place("sftp-b", BIG) };
    const args = ["-q", "-b", "-", "-S"];
    const plain = await run("sftp", [...args, direct, "x"], roots.direct, script(roots.direct));
    const ran = await run("sftp", [...args, ssh, "x"], roots.through, script(roots.through));
    assert.equal(ran.status, plain.status, ran.stderr);
    assert.equal(plain.status, 0, plain.stderr);
    const comparable = (text: string, root: string) =>
      text
        .replaceAll(root, "")
        .replaceAll(/^ +\d+ +\d+ +\d+.*%$/gm, "df")
        .replaceAll(/[A-Z][a-z]{2} +\d+ \d\d:\d\d/g, "now");
    assert.equal(comparable(ran.stdout, roots.through), comparable(plain.stdout, roots.direct));
    assert.equal(comparable(ran.stderr, roots.through), comparable(plain.stderr, roots.direct));
    assert.deepEqual(snapshot(roots.through), snapshot(roots.direct));

    const there = (name: string) => join(roots.through, "there", name);
    const big = { bytes: BIG.length, sha256: sha256(BIG), whole: true };
    assert.deepEqual(closed(ran, there("big"))?.written, big);
    assert.deepEqual(closed(ran, there("empty"))?.written, {
      bytes: 0,
      sha256: sha256(Buffer.alloc(0)),
      whole: true,
    });
    assert.equal(closed(ran, there("old/log"))?.read?.whole, true);
    assert.equal(closed(ran, there("tree/deep/er/two"))?.written?.sha256, sha256(Buffer.from("22")));
    const resumed = ran.noted.filter(
      (noted) => "closed" in noted && noted.closed === there("part") && noted.written !== null,
    );
    const rest = BIG.subarray(1000);
    assert.deepEqual((resumed[0] as { written: unknown }).written, {
      bytes: rest.length,
      sha256: sha256(rest),
      whole: false,
    });
  });

  test("is told what is refused", async () => {
    const root = place("sftp-c");
    const secret = join(root, "there/secret");
    const script = `-get ${root}/there/old/link/key\nput big ${root}/there/old/link/new\n`;
    const ran = await run("sftp", ["-q", "-b", "-", "-S", ssh, "x"], root, script, secret);
    assert.equal(ran.status, 1);
    assert.match(ran.stderr, /Permission denied/);
    assert.ok(!existsSync(join(root, "here/key")));
    assert.deepEqual(readdirSync(secret), ["key"]);
  });
});

describe("OpenSSH's scp -O, through and direct", () => {
  for (const [name, args] of [
    ["one file up to a name", ["-p", "big", "x:$there/named"]],
    ["an odd name up", ["odd  name;$(id) 'q' \u00e9\u4e2d", "x:$there/"]],
    ["several up", ["big", "empty", "x:$there/old"]],
    ["several up to what is no folder", ["big", "empty", "x:$there/part"]],
    ["a tree up", ["-rp", "tree", "x:$there"]],
    ["to where nothing is", ["big", "x:$there/no/where"]],
    ["one file down to a name", ["-p", "x:$there/old/log", "other"]],
    ["by a pattern down", ["x:$there/old/*.txt", "."]],
    ["a tree down", ["-rp", "x:$there/old", "got"]],
    ["what isn't there down", ["x:$there/none", "."]],
  ] as const) {
    test(`copies ${name} alike`, async () => {
      const id = name.replaceAll(/\W/g, "-");
      const one = async (how: string, program: string) => {
        const root = place(`scp-${how}-${id}`);
        const words = args.map((word) => word.replaceAll("$there", join(root, "there")));
        const ran = await run("scp", ["-O", "-q", "-S", program, ...words], root);
        return { ran, snapshot: snapshot(root), stderr: ran.stderr.replaceAll(root, "") };
      };
      const [plain, through] = await Promise.all([one("a", direct), one("b", ssh)]);
      assert.equal(through.ran.status, plain.ran.status, through.stderr);
      assert.equal(through.stderr, plain.stderr);
      assert.deepEqual(through.snapshot, plain.snapshot);
    });
  }
});

describe("scp", () => {
  test("is refused what is forbidden, file by file, in the words of the guard", async () => {
    const root = place("scp-refused");
    const secret = join(root, "there/secret");
    const scp = (...args: string[]) => run("scp", ["-O", "-S", ssh, ...args], root, "", secret);
    const up = await scp("big", "empty", `x:${root}/there/old/link`);
    assert.equal(up.status, 1);
    assert.match(up.stderr, /sallyport: .*\/there\/old\/link\/big: refused by policy: not this/);
    assert.deepEqual(readdirSync(secret), ["key"]);
    const down = await scp("-r", `x:${root}/there/.//old/../old`, "got");
    assert.equal(down.status, 1);
    assert.match(down.stderr, /sallyport: .*\/link: refused by policy/);
    assert.ok(existsSync(join(root, "here/got/log")) && !existsSync(join(root, "here/got/link")));
    const key = await scp(`x:${root}/there/secret/key`, ".");
    assert.equal(key.status, 1);
    assert.ok(!existsSync(join(root, "here/key")));
    assert.deepEqual(readFileSync(join(secret, "key"), "utf8"), "the key");
  });

  test("is recorded with bytes and hashes", async () => {
    const root = place("scp-hashes", BIG);
    const ran = await run("scp", ["-O", "-q", "-S", ssh, "big", `x:${root}/there/`], root);
    const written = { bytes: BIG.length, sha256: sha256(BIG), whole: true };
    assert.deepEqual(closed(ran, join(root, "there/big")), {
      closed: join(root, "there/big"),
      read: null,
      written,
    });
  });
});
