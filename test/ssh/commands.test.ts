import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { type SshGateway, startSshGateway } from "./gateway.ts";

let gateway: SshGateway;

before(async () => {
  gateway = await startSshGateway();
});

after(() => gateway.stop());

test("a command runs, with its outputs apart and its exit status", async () => {
  const ran = await gateway.run("ssh", ["through", "echo out; echo err >&2; exit 7"]);
  assert.deepEqual([ran.status, ran.stdout.toString(), ran.stderr], [7, "out\n", "err\n"]);
});

test("what is sent on standard input arrives, byte for byte; a command that is killed ends so", async () => {
  const input = randomBytes(3 * 1024 * 1024);
  const ran = await gateway.run("ssh", ["through", "sha256sum; kill -TERM $$"], { input });
  const hash = createHash("sha256").update(input).digest("hex");
  assert.equal(ran.stdout.toString(), `${hash}  -\n`);
  assert.equal(ran.status, 255);
});

test("large output arrives, byte for byte", async () => {
  const ran = await gateway.run("ssh", ["through", "seq 1 1000000"]);
  const expected = Array.from({ length: 1_000_000 }, (_, i) => `${i + 1}\n`).join("");
  assert.equal(ran.stdout.length, expected.length);
  assert.ok(ran.stdout.equals(Buffer.from(expected)));
});

test("much on standard error and on standard output at once does not stand still", async () => {
  const line = "for i in 1 2 3 4 5 6; do seq 1 100000; seq 1 100000 >&2; done";
  const ran = await gateway.run("ssh", ["through", line]);
  const { length } = Array.from({ length: 100_000 }, (_, i) => `${i + 1}\n`).join("");
  assert.deepEqual([ran.stdout.length, ran.stderr.length], [6 * length, 6 * length]);
});

test("a terminal has its size, and its shell ends with its status", async () => {
  const ran = await gateway.run("ssh", ["-tt", "through"], {
    input: "stty size; tty >/dev/null && exit 3\n",
  });
  assert.match(ran.stdout.toString(), /\d+ \d+/);
  assert.equal(ran.status, 3);
});

test("several commands run at once on one connection", async () => {
  const socket = `${gateway.edge.state}/mux`;
  const master = ["-M", "-S", socket, "-o", "ControlPersist=20", "-o", "ControlPath=none"];
  assert.equal((await gateway.run("ssh", ["-fN", ...master.slice(0, 5), "through"])).status, 0);
  const before = (await gateway.sessions()).length;
  const all = await Promise.all(
    Array.from({ length: 8 }, (_, i) =>
      gateway.run("ssh", ["-S", socket, "through", `cat; exit ${i}`], { input: `${i}` }),
    ),
  );
  assert.deepEqual(
    all.map(({ status, stdout }) => [status, stdout.toString()]),
    Array.from({ length: 8 }, (_, i) => [i, `${i}`]),
  );
  assert.equal((await gateway.sessions()).length, before);
  await gateway.run("ssh", ["-S", socket, "-O", "exit", "through"]);
});

test("only variables that the settings name are set", async () => {
  const env = { ...process.env, LANG: "C.UTF-8", LC_TEST: "yes", SECRET: "no" };
  const args = ["-o", "SendEnv=LANG LC_TEST SECRET", "through", "echo $LANG/$LC_TEST/$SECRET"];
  const ran = await gateway.run("ssh", args, { env });
  assert.equal(ran.stdout.toString(), "C.UTF-8/yes/\n");
});

test("an account that is not there to be had is refused in words", async () => {
  const ran = await gateway.run("ssh", ["-l", "nobody", "through", "id"]);
  assert.equal(ran.status, 255);
  assert.match(
    ran.stderr,
    /^sallyport: you may not have this account of target web1\nsallyport: You may have /,
  );
});

test("files go both ways by sftp and by scp, old and new", async () => {
  const { home } = gateway.sshd;
  const bytes = randomBytes(1_500_000);
  const from = join(gateway.edge.state, "from");
  await writeFile(from, bytes);
  const batch = `put ${from} ${home}/one\nrename ${home}/one ${home}/two\nget ${home}/two ${from}2\nrm ${home}/two\n`;
  const sftp = await gateway.run("sftp", ["-q", "-b", "-", "through"], { input: batch });
  assert.deepEqual([sftp.status, sftp.stderr], [0, ""]);
  assert.ok(bytes.equals(await readFile(`${from}2`)));
  for (const mode of ["-O", "-s"]) {
    const up = await gateway.run("scp", [mode, "-q", from, `through:${home}/three${mode}`]);
    assert.deepEqual([up.status, up.stderr], [0, ""]);
    assert.ok(bytes.equals(await readFile(`${home}/three${mode}`)));
    const down = await gateway.run("scp", [mode, "-q", `through:${home}/three${mode}`, `${from}3${mode}`]);
    assert.deepEqual([down.status, down.stderr], [0, ""]);
    assert.ok(bytes.equals(await readFile(`${from}3${mode}`)));
  }
});
