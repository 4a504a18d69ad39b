import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import type { ListedTarget } from "../../protocol/directory.ts";
import { configBlock, writeConfig } from "./config-blocks.ts";
import { hostOptions, proxyCommand, shellWord } from "./host-options.ts";

const EDGE = new URL("https://sallyport.example.com");
const KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINvvrSje9H3VavRUOeMc8mxcx5ZJBRVfp3cVab/41Igi";

function target(name: string, hostKey: string | null = KEY): ListedTarget {
  return {
    name,
    kind: "ssh",
    connector: "main",
    description: "",
    allow: [],
    online: true,
    access: "allow",
    hostKey,
  };
}

describe("what leads stock ssh to a target", () => {
  let folder: string;
  let env: NodeJS.ProcessEnv;
  beforeEach(() => {
    // With what ssh_config and shells take for more than themselves.
    folder = mkdtempSync(join(tmpdir(), "sallyport 100% it's-"));
    env = { XDG_CONFIG_HOME: folder };
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  test("is a file with the connector's key under a name of its own, readable by its owner alone", () => {
    const options = new Map(hostOptions(EDGE, target("web"), env));
    const alias = options.get("HostKeyAlias")!;
    assert.equal(alias, "sallyport-web-sallyport.example.com");
    const file = join(folder, "sallyport", "known_hosts.d", alias);
    assert.equal(readFileSync(file, "utf8"), `${alias} ${KEY}\n`);
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.equal(options.get("StrictHostKeyChecking"), "yes");
    const found = execFileSync("ssh-keygen", ["-F", alias, "-f", file], { encoding: "utf8" });
    assert.ok(found.includes(KEY));
  });

  test("differs by edge, so that none answers for another", () => {
    const aliases = [
      "https://a.example",
      "https://b.example",
      "http://127.0.0.1:7843",
      "http://127.0.0.1:7844",
    ].map((edge) => new Map(hostOptions(new URL(edge), target("web"), env)).get("HostKeyAlias"));
    assert.equal(new Set(aliases).size, 4);
  });

  test("is missing while the connector's key is", () => {
    for (const key of [null, "ssh-ed25519 AAAA", "web,* ssh-ed25519 x", `${KEY.slice(0, 40)}\nevil`])
      assert.throws(() => hostOptions(EDGE, target("web", key), env), { code: "connector_offline" });
  });

  test("is read by ssh as it is meant, also when it stands twice", () => {
    const block = configBlock(EDGE, [target("web"), target("db-host")], env);
    const file = join(folder, "config");
    writeFileSync(file, block + block);
    const seen = execFileSync("ssh", ["-G", "-F", file, "web"], {
      encoding: "utf8",
      env: { ...process.env, ...env },
    });
    const option = (name: string) => seen.match(new RegExp(`^${name} (.*)$`, "m"))?.[1];
    assert.equal(option("user"), "sallyport");
    assert.equal(option("hostkeyalias"), "sallyport-web-sallyport.example.com");
    assert.equal(option("stricthostkeychecking"), "true");
    assert.match(option("userknownhostsfile")!, /known_hosts\.d/);
    assert.match(option("proxycommand")!, /--edge https:\/\/sallyport\.example\.com proxy web$/);
  });

  test("has a ProxyCommand whose words survive ssh and the shell", () => {
    const line = proxyCommand(EDGE, "web", ["/opt/it's 100%/node", "/opt/a b/sallyport.mjs"]);
    assert.match(line, /100%%/);
    const words = execFileSync("sh", ["-c", `printf '%s\\n' ${line.replaceAll("%%", "%")}`], {
      encoding: "utf8",
    });
    assert.deepEqual(words.trim().split("\n"), [
      "/opt/it's 100%/node",
      "/opt/a b/sallyport.mjs",
      "--edge",
      "https://sallyport.example.com",
      "proxy",
      "web",
    ]);
    for (const word of ["", "a;b", "$HOME", "`id`", "a\nb", "'"]) {
      assert.equal(execFileSync("sh", ["-c", `printf %s ${shellWord(word)}`], { encoding: "utf8" }), word);
    }
  });

  test("goes into a file in place of what the same edge had there, and of nothing else", () => {
    const other = new URL("http://127.0.0.1:7843");
    writeConfig(EDGE, configBlock(EDGE, [target("old")], env), env);
    writeConfig(other, configBlock(other, [target("local")], env), env);
    const file = writeConfig(EDGE, configBlock(EDGE, [target("web")], env), env);
    const text = readFileSync(file, "utf8");
    assert.deepEqual(text.match(/^Host .*$/gm), ["Host web", "Host local"]);
    assert.equal(
      text,
      `${configBlock(EDGE, [target("web")], env)}${configBlock(other, [target("local")], env)}`,
    );
    writeFileSync(file, text.slice(0, 200));
    assert.throws(() => writeConfig(EDGE, "", env), { code: "conflict" });
  });
});
