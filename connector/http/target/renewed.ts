import { stat } from "node:fs/promises";
import { resolveSecret, type SecretReference } from "../../../protocol/secrets.ts";

/** For how long what a command printed is used, ms. */
const COMMAND_MS = 60_000;

export interface RenewedOptions<T> {
  /** The value is read anew when one of these files has changed. */
  paths: readonly string[];
  /** And when it is older than this, ms. */
  maxAgeMs: number;
  read(): Promise<T>;
  /** ms since 1970 */
  now(): number;
}

/**
 * A value that is made of files or commands, and read anew when they have changed: credentials rotate while a connector
 * runs. What can't be read now is an error, and not the old value: a file that is gone was taken away by somebody.
 */
export class Renewed<T> {
  readonly #options: RenewedOptions<T>;
  #held: { stamp: string; at: number; value: T } | null = null;
  #reading: Promise<T> | null = null;

  constructor(options: RenewedOptions<T>) {
    this.#options = options;
  }

  /** The value of now. Throws what reading it throws. */
  async get(): Promise<T> {
    const { paths, maxAgeMs, now } = this.#options;
    // Before the value is read: of a change in between, the next one to ask takes note.
    const stamp = await stampOf(paths);
    const held = this.#held;
    if (held !== null && held.stamp === stamp && now() - held.at < maxAgeMs) return held.value;
    this.#reading ??= this.#renew(stamp).finally(() => {
      this.#reading = null;
    });
    return this.#reading;
  }

  async #renew(stamp: string): Promise<T> {
    this.#held = null;
    const value = await this.#options.read();
    this.#held = { stamp, at: this.#options.now(), value };
    return value;
  }
}

/** A secret, by its reference; `what` names it in errors. `get` throws `invalid_config`. */
export function renewedSecret(
  reference: SecretReference,
  what: string,
  now: () => number = Date.now,
): Renewed<string> {
  return new Renewed({ ...sourceOf(reference), read: () => resolveSecret(reference, what), now });
}

/** When what is behind a reference must be read anew. */
export function sourceOf(reference: SecretReference): { paths: string[]; maxAgeMs: number } {
  if ("file" in reference) return { paths: [reference.file], maxAgeMs: Number.POSITIVE_INFINITY };
  return { paths: [], maxAgeMs: "command" in reference ? COMMAND_MS : 0 };
}

/** The inode, too: Kubernetes changes a token by replacing what a symbolic link leads to. */
async function stampOf(paths: readonly string[]): Promise<string> {
  const stamps = await Promise.all(
    paths.map(async (path) => {
      try {
        const { ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
        return `${ino} ${size} ${mtimeNs} ${ctimeNs}`;
      } catch {
        return "absent";
      }
    }),
  );
  return stamps.join("\n");
}
