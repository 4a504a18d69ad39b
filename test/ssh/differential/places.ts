import assert from "node:assert/strict";
import { type SpawnOptions, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync } from "node:fs";
import { lstat } from "node:fs/promises";
import { join } from "node:path";
import { type SshGateway, startSshGateway } from "../gateway.ts";

/** How a program ended, with each byte that it said as a character (long outputs by their hash), paths made alike. */
export interface Outcome {
  status: number | string | null;
  stdout: string;
  stderr: string;
}

export interface ProgramOptions extends SpawnOptions {
  input?: string | Buffer;
  /** Closes the program's output after so many bytes, as `head` does. */
  readAtMost?: number;
  /** What is typed once standard output has said something: pairs of both, in their order. */
  dialogue?: readonly (readonly [said: string, typed: string])[];
  /** Standard input stays open until the program has ended. */
  keepInput?: boolean;
}

/** Where one case works: the way to the target, and a folder of its own. */
export interface Place {
  /** A host of the ssh_config. */
  host: "direct" | "through";
  gateway: SshGateway;
  /** Path of the ssh_config. */
  config: string;
  /** For this case in this place alone; the other place's has a name of the same length. */
  folder: string;
  /** Options that make OpenSSH's programs share one connection. */
  shared: string[];
  /** Runs a program in the folder. */
  program(name: string, args: string[], options?: ProgramOptions): Promise<Outcome>;
  /** A command by `ssh`, on the shared connection if it is not to be `alone`. */
  exec(command: string, options?: ProgramOptions & { args?: string[]; alone?: boolean }): Promise<Outcome>;
}

export interface Case {
  name: string;
  /** What it found; compared between the two places, with the tree of the folder as it is afterwards. */
  run(place: Place): Promise<unknown>;
  /** Modification times are compared, too: they were given, and are not those of the run. */
  times?: boolean;
}

export class Places {
  readonly gateway: SshGateway;
  readonly #folder: string;

  private constructor(gateway: SshGateway) {
    this.gateway = gateway;
    this.#folder = join(gateway.sshd.home, "cases");
    mkdirSync(this.#folder);
  }

  static async start(): Promise<Places> {
    const places = new Places(await startSshGateway());
    for (const host of ["direct", "through"] as const) {
      const { status, stderr } = await places
        .#place(host, "start")
        .program("ssh", [
          ...["-F", places.gateway.config, "-fNM", "-o", "ControlPersist=yes"],
          ...["-S", places.#socket(host), host],
        ]);
      assert.equal(status, 0, stderr);
    }
    return places;
  }

  async stop(): Promise<void> {
    for (const host of ["direct", "through"] as const) {
      await this.#place(host, "end").program("ssh", [
        ...["-F", this.gateway.config, "-S", this.#socket(host), "-O", "exit", host],
      ]);
    }
    await this.gateway.stop();
  }

  /** Runs a case in both places at once, and compares. */
  async same({ name, run, times = false }: Case): Promise<void> {
    const outcome = async (host: "direct" | "through") => {
      const place = this.#place(host, name);
      const found = await run(place);
      const tree = await treeOf(place.folder, times);
      rmSync(place.folder, { recursive: true });
      return { found, tree };
    };
    const [direct, through] = await Promise.all([outcome("direct"), outcome("through")]);
    assert.deepEqual(through, direct);
  }

  #socket(host: string): string {
    return join(this.gateway.edge.state, `mux-${host}`);
  }

  #place(host: "direct" | "through", name: string): Place {
    const { gateway } = this;
    const id = createHash("sha256").update(name).digest("hex").slice(0, 8);
    const folder = join(this.#folder, id, host === "direct" ? "d" : "t");
    mkdirSync(folder, { recursive: true });
    const program: Place["program"] = async (command, args, options = {}) => {
      const outcome = await run(command, args, { cwd: folder, ...options });
      const alike = (bytes: Buffer) =>
        shown(
          Buffer.from(
            bytes.toString("latin1").replaceAll(folder, "FOLDER").replaceAll(`${host}:`, "HOST:"),
            "latin1",
          ),
        );
      return { status: outcome.status, stdout: alike(outcome.stdout), stderr: alike(outcome.stderr) };
    };
    const shared = ["-F", gateway.config, "-o", `ControlPath=${this.#socket(host)}`];
    return {
      ...{ host, gateway, config: gateway.config, folder, shared, program },
      exec: (command, { args = [], alone = false, ...options } = {}) =>
        program("ssh", [...(alone ? ["-F", gateway.config] : shared), ...args, host, command], options),
    };
  }
}

/** Short bytes as they are, one character each; long ones by their hash. */
export function shown(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes);
  if (buffer.length <= 4_000) return buffer.toString("latin1");
  return `${buffer.length} bytes, SHA-256 ${createHash("sha256").update(buffer).digest("hex")}`;
}

async function run(program: string, args: string[], options: ProgramOptions) {
  const { input, readAtMost, keepInput, dialogue = [], ...rest } = options;
  const child = spawn(program, args, { ...rest, stdio: ["pipe", "pipe", "pipe"] });
  const [out, err]: Buffer[][] = [[], []];
  const replies = [...dialogue];
  let read = 0;
  child.stdout!.on("data", (chunk: Buffer) => {
    out!.push(chunk.subarray(0, (readAtMost ?? Number.POSITIVE_INFINITY) - read));
    read += chunk.length;
    if (replies[0] && Buffer.concat(out!).includes(replies[0][0])) child.stdin!.write(replies.shift()![1]);
    if (readAtMost !== undefined && read >= readAtMost) child.stdout!.destroy();
  });
  child.stderr!.on("data", (chunk: Buffer) => err!.push(chunk));
  child.stdin!.on("error", () => {});
  if (input !== undefined) child.stdin!.write(input);
  if (!keepInput) child.stdin!.end();
  const [status, signal] = (await once(child, "close")) as [number | null, string | null];
  return { status: status ?? signal, stdout: Buffer.concat(out!), stderr: Buffer.concat(err!) };
}

/** Each file below a folder: what it is, its mode, its bytes, where a link points; its modification time in seconds. */
async function treeOf(folder: string, times: boolean): Promise<Record<string, unknown>> {
  const tree: Record<string, unknown> = {};
  for (const name of namesBelow(folder, "").sort()) {
    const path = Buffer.from(`${folder}/${name}`, "latin1");
    const { mode, size, mtimeMs } = await lstat(path);
    const kind = mode & 0o170_000;
    tree[name] = {
      mode: mode.toString(8),
      ...(times && kind !== 0o120_000 && { modified: Math.floor(mtimeMs / 1_000) }),
      ...(kind === 0o120_000 && { target: readlinkSync(path).replaceAll(folder, "FOLDER") }),
      ...(kind === 0o100_000 && { size, bytes: shown(readFileSync(path)), links: statSync(path).nlink }),
    };
  }
  return tree;
}

/** Each byte of a name is a character, since names need not be UTF-8. */
function namesBelow(folder: string, below: string): string[] {
  const entries = readdirSync(Buffer.from(`${folder}/${below}`, "latin1"), {
    withFileTypes: true,
    encoding: "buffer",
  });
  return entries.flatMap((entry) => {
    const name = `${below}${entry.name.toString("latin1")}`;
    return entry.isDirectory() ? [name, ...namesBelow(folder, `${name}/`)] : [name];
  });
}
