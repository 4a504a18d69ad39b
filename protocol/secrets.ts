import { execFile } from "node:child_process";
import { open } from "node:fs/promises";
import { resolve } from "node:path";
import type { Field } from "./document.ts";
import { SallyportError } from "./errors.ts";

/** Where a secret is; the secret itself never stands in the configuration. */
export type SecretReference =
  | { env: string }
  | { file: string }
  | { command: readonly [string, ...string[]] };

/** Longest secret, and longest output of a command, in bytes. */
export const MAX_SECRET = 64 * 1024;
export const COMMAND_LIMIT_MS = 10_000;

export interface SecretSources {
  env: Readonly<Record<string, string | undefined>>;
  /** Ms that a command may take. */
  commandLimitMs: number;
}

const SOURCES: SecretSources = { env: process.env, commandLimitMs: COMMAND_LIMIT_MS };

const FORM =
  "Write {env: NAME}, {file: PATH} or {command: [PROGRAM, ARGUMENT, …]}; the secret itself never stands here.";

/** A reference in the configuration; a path is relative to `folder`. Throws `invalid_config` for anything else. */
export function secretReference(field: Field, folder: string): SecretReference {
  const reference = field.mapping(["env", "file", "command"], FORM);
  const env = reference.get("env").optional((one) => one.string());
  const path = reference.get("file").optional((one) => resolve(folder, one.string()));
  const argv = reference.get("command").optional((one) => one.list().map((argument) => argument.string()));
  if ([env, path, argv].filter((one) => one !== null).length !== 1)
    field.fail("needs exactly one source", FORM);
  if (env !== null) return { env };
  if (path !== null) return { file: path };
  const [program, ...args] = argv ?? [];
  return program === undefined ? field.fail("has an empty command", FORM) : { command: [program, ...args] };
}

/**
 * Reads a secret now, so that a rotated one is taken at the next connection. One newline at its end is cut.
 * `what` names it in errors (`the password of target orders`), which never hold the value, nor what a command
 * printed. Throws `invalid_config`.
 */
export async function resolveSecret(
  reference: SecretReference,
  what: string,
  sources: SecretSources = SOURCES,
): Promise<string> {
  const fail = (why: string, hint: string) =>
    new SallyportError("invalid_config", `${what} can't be read: ${why}`, hint);
  const raw = await read(reference, sources, fail);
  const secret = raw.replace(/\r?\n$/, "");
  if (secret === "")
    throw fail("it is empty", "Put the secret where its reference in the configuration points.");
  if (secret.includes("\0")) throw fail("it contains a zero byte", "Store the secret as text.");
  return secret;
}

type Fail = (why: string, hint: string) => SallyportError;

async function read(reference: SecretReference, sources: SecretSources, fail: Fail): Promise<string> {
  if ("env" in reference) {
    const value = sources.env[reference.env];
    if (value !== undefined) return value;
    throw fail(`the environment variable ${reference.env} is not set`, "Set it for this process.");
  }
  if ("file" in reference) return readFile(reference.file, fail);
  return runCommand(reference.command, sources.commandLimitMs, fail);
}

async function readFile(path: string, fail: Fail): Promise<string> {
  try {
    await using file = await open(path);
    // One byte more than allowed tells a file that is too long, whatever its size claims to be.
    const { bytesRead, buffer } = await file.read(Buffer.alloc(MAX_SECRET + 1), 0, MAX_SECRET + 1, 0);
    if (bytesRead <= MAX_SECRET) return buffer.toString("utf8", 0, bytesRead);
  } catch (error) {
    throw fail(
      `the file ${path} can't be opened (${errorCode(error)})`,
      "Check that it exists and that the user of this process may read it.",
    );
  }
  throw fail(
    `the file ${path} is longer than ${MAX_SECRET} bytes`,
    "Point to the file that holds the secret alone.",
  );
}

function runCommand(command: readonly [string, ...string[]], limitMs: number, fail: Fail): Promise<string> {
  const [program, ...args] = command;
  return new Promise((resolve, reject) => {
    const options = {
      timeout: limitMs,
      killSignal: "SIGKILL",
      maxBuffer: MAX_SECRET,
      encoding: "utf8",
    } as const;
    const child = execFile(program, args, options, (error, stdout) => {
      if (error === null) return resolve(stdout);
      const hint = "Run the command by hand as the user of this process.";
      if (error.code === "ERR_CHILD_PROCESS_STDIO_MAXBUFFER") {
        return reject(fail(`the command ${program} printed more than ${MAX_SECRET} bytes`, hint));
      }
      if (error.killed)
        return reject(fail(`the command ${program} took longer than ${limitMs / 1000} s`, hint));
      const status =
        typeof error.code === "number" ? `exit status ${error.code}` : (error.code ?? error.signal);
      reject(fail(`the command ${program} failed (${status})`, hint));
    });
    child.stdin?.end();
  });
}

function errorCode(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "unknown error";
}
