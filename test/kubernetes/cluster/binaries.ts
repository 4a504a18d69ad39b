import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { findGo, goEnvironment } from "../../go.ts";

const KUBERNETES = "1.37.2";
/** Speaks SPDY where newer ones speak WebSocket. */
const OLDER_KUBECTL = "1.29.6";
const HELM = "4.3.1";
const PTY = "1.1.18";
/** Programs of our own in Go, by their folder. */
const SOURCES = {
  node: join(import.meta.dirname, "node"),
  protobuf: join(import.meta.dirname, "../protobuf/reference"),
} as const;

export interface KubernetesBinaries {
  apiserver: string;
  kubectl: string;
  /** The stand-in for kubelet and scheduler, `node/` beside this file. */
  node: string;
  /** The oldest that is worth a test: it streams by SPDY. Null where it could not be built. */
  olderKubectl: string | null;
  /** Null where it could not be built. */
  helm: string | null;
  /** What Kubernetes makes of protobuf, `../protobuf/reference`. Null where it could not be built. */
  protobuf: string | null;
}

interface Missing {
  /** Why, and what to do: what `node:test` takes as `skip`. */
  missing: string;
}

interface Program {
  /** Its name in the cache. */
  name: string;
  /** The Go package. */
  source: string;
  /** The folder of the go.mod that has it. */
  module: "current" | "older";
  /** What of Kubernetes it says it is. */
  version?: string;
}

const PROGRAMS = {
  apiserver: {
    name: "kube-apiserver",
    source: "k8s.io/kubernetes/cmd/kube-apiserver",
    module: "current",
    version: KUBERNETES,
  },
  kubectl: {
    name: "kubectl",
    source: "k8s.io/kubernetes/cmd/kubectl",
    module: "current",
    version: KUBERNETES,
  },
  node: { name: `node-${hashOf("node")}`, source: "./node", module: "current" },
  helm: { name: `helm-${HELM}`, source: "helm.sh/helm/v4/cmd/helm", module: "current" },
  olderKubectl: {
    name: `kubectl-${OLDER_KUBECTL}`,
    source: "k8s.io/kubernetes/cmd/kubectl",
    module: "older",
    version: OLDER_KUBECTL,
  },
  protobuf: { name: `protobuf-${hashOf("protobuf")}`, source: "./protobuf", module: "current" },
} satisfies Record<string, Program>;

/** `no`: what is absent is not built now; the run of all tests has tried before. */
export const BUILDS = "SALLYPORT_TEST_BUILDS";
/** For one program, ms. */
const BUILD_MS = 30 * 60_000;

let found: KubernetesBinaries | Missing | undefined;

/**
 * The programs of Kubernetes, from the cache of this user. What is absent there is built from Go modules, which takes
 * many minutes the first time: run this file to have it done before. Synchronous: nothing can begin before.
 */
export function kubernetesBinaries(): KubernetesBinaries | Missing {
  found ??= find();
  return found;
}

function find(): KubernetesBinaries | Missing {
  const folder = cacheFolder();
  const path = (program: Program) => join(folder, program.name);
  const absent = Object.values<Program>(PROGRAMS).filter((program) => !existsSync(path(program)));
  if (absent.length > 0) {
    const required = [PROGRAMS.apiserver, PROGRAMS.kubectl, PROGRAMS.node];
    if (process.env[BUILDS] === "no") {
      const lacking = required.find((program) => absent.includes(program));
      if (lacking !== undefined) {
        return { missing: `${lacking.name} is not built: node test/kubernetes/cluster/binaries.ts` };
      }
    }
    const go = process.env[BUILDS] === "no" ? undefined : findGo();
    if (go === undefined) {
      const lacking = required.find((program) => absent.includes(program));
      if (lacking !== undefined)
        return { missing: `${lacking.name} is built with Go 1.26 or newer, which is absent` };
    } else {
      const failure = withLock(folder, () => buildAll(go, folder, absent, path));
      if (failure !== undefined && required.some((program) => !existsSync(path(program)))) {
        return { missing: failure };
      }
    }
  }
  const orNull = (program: Program) => (existsSync(path(program)) ? path(program) : null);
  return {
    apiserver: path(PROGRAMS.apiserver),
    kubectl: path(PROGRAMS.kubectl),
    node: path(PROGRAMS.node),
    olderKubectl: orNull(PROGRAMS.olderKubectl),
    helm: orNull(PROGRAMS.helm),
    protobuf: orNull(PROGRAMS.protobuf),
  };
}

function cacheFolder(): string {
  const caches = process.env.XDG_CACHE_HOME || join(homedir(), ".cache");
  const folder = join(caches, "sallyport-test", `kubernetes-${KUBERNETES}`);
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** Builds what is still absent. The reason of the first failure, if there is one. */
function buildAll(
  go: string,
  folder: string,
  programs: Program[],
  path: (program: Program) => string,
): string | undefined {
  let failure: string | undefined;
  for (const program of programs) {
    if (existsSync(path(program))) continue;
    console.error(`Building ${program.name} for the tests of Kubernetes; the first time this takes minutes.`);
    const began = Date.now();
    try {
      const module = prepareModule(go, folder, program.module);
      const output = `${path(program)}.${process.pid}.new`;
      const build = [
        "build",
        "-trimpath",
        "-ldflags",
        linkerFlags(program.version),
        "-o",
        output,
        program.source,
      ];
      execFileSync(go, build, {
        cwd: module,
        env: goEnvironment("mod"),
        stdio: ["ignore", "ignore", "pipe"],
        timeout: BUILD_MS,
      });
      renameSync(output, path(program));
      console.error(`Built ${program.name} in ${Math.round((Date.now() - began) / 1000)} s.`);
    } catch (error) {
      const { stderr } = error as { stderr?: Buffer };
      const lines = (stderr?.toString() || String(error)).trim().split("\n");
      failure ??= `${program.name} could not be built: ${lines.slice(-3).join(" ")}`;
      console.error(failure);
    }
  }
  return failure;
}

/** Without the version clients and feature gates take the server for a development build. */
function linkerFlags(version: string | undefined): string {
  if (version === undefined) return "-s -w";
  const [major, minor] = version.split(".");
  const stamps = { gitVersion: `v${version}`, gitMajor: major, gitMinor: minor };
  const set = Object.entries(stamps).map(
    ([name, value]) => `-X k8s.io/component-base/version.${name}=${value}`,
  );
  return ["-s -w", ...set].join(" ");
}

/** Writes the go.mod, whose folder is the answer. */
function prepareModule(go: string, folder: string, which: Program["module"]): string {
  const module = join(folder, "modules", which);
  mkdirSync(module, { recursive: true });
  const version = which === "current" ? KUBERNETES : OLDER_KUBECTL;
  const downloaded = execFileSync(go, ["mod", "download", "-json", `k8s.io/kubernetes@v${version}`], {
    cwd: folder,
    env: goEnvironment("mod"),
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });
  const original = readFileSync((JSON.parse(downloaded) as { GoMod: string }).GoMod, "utf8");
  const language = /^go (\S+)$/m.exec(original)![1];
  // Kubernetes has its libraries beside it in one repository; here they are the modules published from there.
  const libraries = [...original.matchAll(/^\s*(\S+) => \.\/staging\//gm)].map(([, name]) => name!);
  const requires = [`k8s.io/kubernetes v${version}`];
  if (which === "current") requires.push(`helm.sh/helm/v4 v${HELM}`, `github.com/creack/pty v${PTY}`);
  const file = join(module, "go.mod");
  // What Go has added since is kept: finding it again takes a while.
  const begins = [
    `module sallyport.test/kubernetes/${which}`,
    `go ${language}`,
    ...requires.map((name) => `require ${name}`),
    ...libraries.map((name) => `replace ${name} => ${name} v0${version.slice(1)}`),
    "",
  ].join("\n");
  const seed = join(module, "seed");
  if (!existsSync(file) || !existsSync(seed) || readFileSync(seed, "utf8") !== begins) {
    writeFileSync(file, begins);
    writeFileSync(seed, begins);
  }
  if (which === "current") {
    for (const [folder, from] of Object.entries(SOURCES)) {
      const sources = join(module, folder);
      rmSync(sources, { recursive: true, force: true });
      mkdirSync(sources);
      for (const name of goFiles(from)) copyFileSync(join(from, name), join(sources, name));
    }
  }
  return module;
}

function goFiles(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(".go"))
    .sort();
}

function hashOf(which: keyof typeof SOURCES): string {
  const hash = createHash("sha256");
  const folder = SOURCES[which];
  for (const name of goFiles(folder)) hash.update(name).update(readFileSync(join(folder, name)));
  return hash.digest("hex").slice(0, 12);
}

/** One process builds at a time; who waited finds what the other has built. */
function withLock<Result>(folder: string, work: () => Result): Result {
  const lock = join(folder, "lock");
  for (;;) {
    try {
      writeFileSync(lock, String(process.pid), { flag: "wx" });
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    if (isAbandoned(lock)) rmSync(lock, { force: true });
    else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500);
  }
  try {
    return work();
  } finally {
    rmSync(lock, { force: true });
  }
}

function isAbandoned(lock: string): boolean {
  try {
    process.kill(Number(readFileSync(lock, "utf8")), 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
}

if (import.meta.main) console.log(kubernetesBinaries());
