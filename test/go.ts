import { spawnSync } from "node:child_process";

/** The Go that is here, 1.26 or newer, and never another that it would download. */
export function findGo(): string | undefined {
  return ["go", "/usr/local/go/bin/go"].find((go) => {
    const { status, stdout } = spawnSync(go, ["env", "GOVERSION"], {
      encoding: "utf8",
      env: goEnvironment("readonly"),
    });
    const [, minor] = /^go1\.(\d+)/.exec(stdout ?? "") ?? [];
    return status === 0 && Number(minor) >= 26;
  });
}

/** What Go runs in. `mod`: may it complete a go.mod, or do the versions there and their hashes in go.sum hold? */
export function goEnvironment(mod: "mod" | "readonly"): NodeJS.ProcessEnv {
  return { ...process.env, GOTOOLCHAIN: "local", GOFLAGS: `-mod=${mod}`, CGO_ENABLED: "0", GOWORK: "off" };
}
