import { type CommandFacts, type LineFacts, SHELL_EFFECTS } from "./facts.ts";

const EFFECTS: ReadonlySet<unknown> = new Set(SHELL_EFFECTS);
const STDIN: ReadonlySet<unknown> = new Set<CommandFacts["stdin"]>(["agent", "pipe", "file", "text"]);
const LISTS = ["via", "reads", "writes", "assignments", "opaque"] as const;
/** SHA-256, lower-case hex. */
const FINGERPRINT = /^[0-9a-f]{64}$/;

/**
 * Whether what came as JSON, from a recording or a peer, is facts of a command line. Total: any value is answered. How
 * much there may be is bounded by the message or frame that it came in.
 */
export function isLineFacts(value: unknown): value is LineFacts {
  return (
    isObject(value) &&
    Array.isArray(value.commands) &&
    value.commands.every(isCommandFacts) &&
    isTexts(value.opaque) &&
    typeof value.fingerprint === "string" &&
    FINGERPRINT.test(value.fingerprint)
  );
}

function isCommandFacts(value: unknown): value is CommandFacts {
  if (!isObject(value)) return false;
  const { program, path, argv, runAs, host, stdin, known, effects } = value;
  return (
    typeof program === "string" &&
    typeof path === "string" &&
    Array.isArray(argv) &&
    argv.every(isTextOrNull) &&
    isTextOrNull(runAs) &&
    isTextOrNull(host) &&
    STDIN.has(stdin) &&
    typeof known === "boolean" &&
    Array.isArray(effects) &&
    effects.every((effect) => EFFECTS.has(effect)) &&
    LISTS.every((name) => isTexts(value[name]))
  );
}

function isTextOrNull(value: unknown): value is string | null {
  return value === null || typeof value === "string";
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((one) => typeof one === "string");
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
