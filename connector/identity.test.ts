import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import ssh2 from "ssh2";
import { generateKey, type PrivateKey } from "../protocol/signatures.ts";
import { unavailable } from "../test/system-packages.ts";
import { sshHostKey } from "./identity.ts";

/** Of RFC 8037 appendix A. */
const KEY: PrivateKey = {
  kty: "OKP",
  crv: "Ed25519",
  x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
  d: "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
};

describe("the host key that agents see", () => {
  test("is always the same for one connector, and another for each", async () => {
    const first = sshHostKey({ name: "main", key: KEY });
    assert.deepEqual(sshHostKey({ name: "renamed", key: KEY }), first);
    assert.equal(
      first.line,
      "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINvvrSje9H3VavRUOeMc8mxcx5ZJBRVfp3cVab/41Igi",
    );
    assert.notEqual(sshHostKey({ name: "main", key: await generateKey() }).line, first.line);
  });

  test("is not the connector's own key", () => {
    const { line } = sshHostKey({ name: "main", key: KEY });
    assert.ok(!Buffer.from(line.split(" ")[1]!, "base64").includes(Buffer.from(KEY.x, "base64url")));
  });

  test("is read by ssh2, private and public alike", () => {
    const { pem, line } = sshHostKey({ name: "main", key: KEY });
    const parsed = ssh2.utils.parseKey(pem);
    assert.ok(!(parsed instanceof Error), String(parsed));
    assert.equal(`ssh-ed25519 ${parsed.getPublicSSH().toString("base64")}`, line);
    assert.equal(parsed.isPrivateKey(), true);
    const signature = parsed.sign(Buffer.from("text"));
    assert.ok(!(signature instanceof Error));
    assert.equal(parsed.verify(Buffer.from("text"), signature), true);
  });

  test("is read by ssh-keygen", { skip: unavailable("openssh-client") }, (context) => {
    const folder = mkdtempSync(join(tmpdir(), "sallyport-host-key-"));
    context.after(() => rmSync(folder, { recursive: true }));
    const { pem, line } = sshHostKey({ name: "main", key: KEY });
    const file = join(folder, "key");
    writeFileSync(file, pem, { mode: 0o600 });
    const printed = execFileSync("ssh-keygen", ["-y", "-f", file], { encoding: "utf8" });
    assert.equal(printed.trim().split(" ").slice(0, 2).join(" "), line);
  });
});
