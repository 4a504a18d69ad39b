import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import fc from "fast-check";
import { SallyportError } from "../../../protocol/errors.ts";
import { sshString } from "../../../protocol/ssh/public-key.ts";
import { unavailable } from "../../../test/system-packages.ts";
import { knownHost, readKnownHosts } from "./known-hosts.ts";
import "../../../protocol/seeded.ts";

/** Keys that look as such. */
function key(seed: number, type = "ssh-ed25519"): string {
  const blob = Buffer.concat([sshString(type), sshString(Buffer.alloc(32, seed))]);
  return `${type} ${blob.toString("base64")}`;
}

const [A, B, C] = [key(1), key(2), key(3, "ssh-rsa")];

function keysOf(text: string, host = "web.example.com", port = 22): string[] {
  return knownHost(text, "known_hosts", host, port).keys.map(
    ({ type, blob }) => `${type} ${blob.toString("base64")}`,
  );
}

describe("a known_hosts file", () => {
  test("has several keys of a host, comments, blank lines and any white space", () => {
    const text = `# comment ${A}\n\n  web.example.com ${A} made by hand \r\nweb.example.com\t${C.replace(" ", "\t")}\nother ${B}\n`;
    assert.deepEqual(keysOf(text), [A, C]);
  });

  test("names hosts by lists, wildcards, negations and whatever case", () => {
    assert.deepEqual(keysOf(`db,WEB.example.com,10.0.0.1 ${A}`), [A]);
    assert.deepEqual(keysOf(`*.example.com ${A}\nwe?.example.com ${B}`), [A, B]);
    assert.deepEqual(keysOf(`*.example.com,!web.example.com ${A}\n!web.*,* ${B}`), []);
    assert.deepEqual(keysOf(`!db.example.com ${A}`), [], "a negation alone names nothing");
    assert.deepEqual(keysOf(`web.example.com ${A}`, "WEB.Example.COM"), [A]);
    assert.deepEqual(keysOf(`example.com ${A}\nweb.example.co ${A}\nweb_example.com ${A}`), []);
  });

  test("has other ports in brackets, and only there", () => {
    assert.deepEqual(keysOf(`[web.example.com]:2222 ${A}\nweb.example.com ${B}`, undefined, 2222), [A]);
    assert.deepEqual(keysOf(`[web.example.com]:2222 ${A}\nweb.example.com ${B}`), [B]);
    assert.deepEqual(keysOf(`[*.example.com]:2222 ${A}`, undefined, 2222), [A]);
    assert.deepEqual(keysOf(`[fe80::1]:2222 ${A}`, "fe80::1", 2222), [A]);
  });

  test("tells revoked keys and authorities apart", () => {
    const text = `@revoked * ${A}\n@cert-authority *.example.com ${B}\nweb.example.com ${C}\n`;
    const found = knownHost(text, "known_hosts", "web.example.com", 22);
    assert.equal(found.keys.length, 1);
    assert.equal(`ssh-ed25519 ${found.revoked[0]!.blob.toString("base64")}`, A);
    assert.equal(found.hasAuthority, true);
    assert.equal(knownHost(text, "known_hosts", "elsewhere", 22).hasAuthority, false);
  });

  test("is refused with a line that can't be read, since it might revoke a key", () => {
    for (const line of [
      "web.example.com",
      "web.example.com ssh-ed25519",
      `web.example.com ssh-rsa ${A.split(" ")[1]}`,
      `@revokd * ${A}`,
      `@revoked ${A}`,
      `web.example.com ${"x".repeat(200_000)}`,
    ]) {
      assert.throws(
        () => knownHost(`other ${B}\n${line}\n`, "/etc/known_hosts", "web.example.com", 22),
        (error: unknown) =>
          error instanceof SallyportError &&
          error.code === "invalid_config" &&
          error.message.startsWith("/etc/known_hosts:2: "),
        line.slice(0, 60),
      );
    }
  });

  test("whatever it holds, there is an answer or one kind of error", () => {
    const word = fc.constantFrom(
      "@revoked",
      "web",
      "*",
      "!web",
      "|1|AA==|AA==",
      "#",
      A,
      B,
      "ssh-rsa",
      "\0",
      "",
    );
    const line = fc.array(fc.oneof(word, fc.string({ maxLength: 8 })), { maxLength: 4 });
    fc.assert(
      fc.property(fc.array(line, { maxLength: 6 }), (lines) => {
        const text = lines.map((words) => words.join(" ")).join("\n");
        try {
          knownHost(text, "f", "web", 22);
        } catch (error) {
          assert.ok(error instanceof SallyportError && error.code === "invalid_config", String(error));
        }
      }),
    );
  });

  test("no pattern makes matching slow", () => {
    const started = performance.now();
    keysOf(`${"*a".repeat(2_000)}b ${A}\n`.repeat(50), "a".repeat(255));
    assert.ok(performance.now() - started < 10_000);
  });

  test("is read as ssh-keygen hashes it", { skip: unavailable("openssh-client") }, async (context) => {
    const folder = mkdtempSync(join(tmpdir(), "sallyport-known-hosts-"));
    context.after(() => rmSync(folder, { recursive: true }));
    const file = join(folder, "known_hosts");
    writeFileSync(file, `web.example.com ${A}\n[web.example.com]:2222 ${B}\n`);
    execFileSync("ssh-keygen", ["-q", "-H", "-f", file], { stdio: "ignore" });
    assert.match(readFileSync(file, "utf8"), /^\|1\|/);
    const blob = (text: string) => text.split(" ")[1];
    const found = async (host: string, port: number) =>
      (await readKnownHosts(file, host, port)).keys.map((one) => one.blob.toString("base64"));
    assert.deepEqual(await found("Web.example.com", 22), [blob(A)]);
    assert.deepEqual(await found("web.example.com", 2222), [blob(B)]);
    assert.deepEqual(await found("web.example.com", 2223), []);
    truncateSync(file, 5 * 1024 * 1024);
    await assert.rejects(found("web.example.com", 22), /longer than 4194304 bytes/);
    await assert.rejects(readKnownHosts(join(folder, "absent"), "web", 22), /can't be read \(ENOENT\)/);
  });
});
