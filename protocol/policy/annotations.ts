import { DURATION_UNITS, SIZE_UNITS } from "../units.ts";
import type { Approve } from "./decision.ts";
import { nearest } from "./nearest.ts";

/** What a policy's annotations say, where they say it well. */
export interface Annotations {
  id: string | null;
  reason: string | null;
  /** Groups; any member of one of them may approve. Empty when nobody is named. */
  approvers: string[];
  quorum: number;
  /** ms */
  expiresMs: number;
  scope: Approve["scope"];
  /** ms */
  lastsMs: number;
  rows: number | null;
  bytes: number | null;
  /** What the permit lets through goes on only while somebody watches. */
  watched: boolean;
}

export interface AnnotationProblem {
  annotation: string;
  message: string;
  hint: string;
}

export const SCOPES = ["once", "fingerprint", "session"] as const satisfies readonly Approve["scope"][];
export const DEFAULT_EXPIRES_MS = 15 * 60_000;
export const DEFAULT_LASTS_MS = 3_600_000;
/** Of @expires and @lasts. */
const MAX_TIME_MS = 7 * 24 * 3_600_000;
const MAX_QUORUM = 10;
const MAX_APPROVERS = 20;
const MAX_REASON = 500;
const MAX_GROUP = 255;
const MAX_LIMIT = Number.MAX_SAFE_INTEGER;

/** Nobody answers within milliseconds. */
const { ms: _, ...TIME_UNITS } = DURATION_UNITS;

/** One reader for each annotation: what it says, or undefined when it is none. */
const READERS = {
  id: {
    read: (text: string) => (/^[A-Za-z0-9][\w.:-]{0,99}$/.test(text) ? text : undefined),
    hint: 'Write one word of letters, digits, "-", "_", "." and ":", at most 100.',
  },
  reason: {
    read: (text: string) => (text.length > 0 && text.length <= MAX_REASON ? text : undefined),
    hint: `Write what the agent shall read, at most ${MAX_REASON} characters.`,
  },
  approvers: {
    read: groups,
    hint: 'Name groups, with a comma between: @approvers("dba,security").',
  },
  quorum: {
    read: (text: string) => integer(text, MAX_QUORUM),
    hint: `Write how many people must agree, 1 to ${MAX_QUORUM}: @quorum("2").`,
  },
  expires: {
    read: (text: string) => quantity(text, TIME_UNITS, MAX_TIME_MS),
    hint: 'Write a number with s, m, h or d, at most 7d: @expires("15m").',
  },
  scope: {
    read: (text: string) => SCOPES.find((scope) => scope === text),
    hint: `It is one of ${SCOPES.map((scope) => `"${scope}"`).join(", ")}.`,
  },
  lasts: {
    read: (text: string) => quantity(text, TIME_UNITS, MAX_TIME_MS),
    hint: 'Write a number with s, m, h or d, at most 7d: @lasts("1h").',
  },
  rows: {
    read: (text: string) => integer(text, MAX_LIMIT),
    hint: 'Write a number from 1: @rows("10000").',
  },
  bytes: {
    read: (text: string) => quantity(text, SIZE_UNITS, MAX_LIMIT),
    hint: 'Write a size with its unit, such as @bytes("10MB") or @bytes("64KiB").',
  },
  watched: {
    read: (text: string) => (text === "" ? true : undefined),
    hint: "Write @watched alone.",
  },
};

export const ANNOTATIONS = Object.keys(READERS) as (keyof typeof READERS)[];

/** Reads a policy's annotations, as Cedar's JSON has them: null for one without a value. */
export function readAnnotations(given: Readonly<Record<string, string | null>>): {
  annotations: Annotations;
  problems: AnnotationProblem[];
} {
  const problems: AnnotationProblem[] = [];
  for (const name of Object.keys(given)) {
    if (Object.hasOwn(READERS, name)) continue;
    const close = nearest(name, ANNOTATIONS);
    problems.push({
      annotation: name,
      message: `the annotation @${name} is not known`,
      hint: close
        ? `Did you mean @${close}?`
        : `There are ${ANNOTATIONS.map((one) => `@${one}`).join(", ")}.`,
    });
  }
  const value = <Name extends keyof typeof READERS>(name: Name) => {
    if (!Object.hasOwn(given, name)) return undefined;
    const { read, hint } = READERS[name];
    const found = read(given[name] ?? "");
    if (found === undefined)
      problems.push({ annotation: name, message: `@${name} can't be understood`, hint });
    return found as Exclude<ReturnType<(typeof READERS)[Name]["read"]>, undefined> | undefined;
  };
  return {
    annotations: {
      id: value("id") ?? null,
      reason: value("reason") ?? null,
      approvers: value("approvers") ?? [],
      quorum: value("quorum") ?? 1,
      expiresMs: value("expires") ?? DEFAULT_EXPIRES_MS,
      scope: value("scope") ?? "once",
      lastsMs: value("lasts") ?? DEFAULT_LASTS_MS,
      rows: value("rows") ?? null,
      bytes: value("bytes") ?? null,
      watched: value("watched") ?? false,
    },
    problems,
  };
}

function groups(text: string): string[] | undefined {
  const names = text.split(",").map((name) => name.trim());
  const good = names.every((name) => name.length > 0 && name.length <= MAX_GROUP && !/\p{Cc}/u.test(name));
  return good && names.length <= MAX_APPROVERS ? [...new Set(names)].sort() : undefined;
}

function integer(text: string, most: number): number | undefined {
  const number = Number(text);
  return /^[1-9]\d{0,15}$/.test(text) && number <= most ? number : undefined;
}

function quantity(text: string, units: Readonly<Record<string, number>>, most: number): number | undefined {
  const [, number = "", unit = ""] = /^([1-9]\d{0,15}) ?([A-Za-z]{1,3})$/.exec(text) ?? [];
  const factor = Object.hasOwn(units, unit) ? units[unit]! : Number.NaN;
  const product = Number(number) * factor;
  return product <= most ? product : undefined;
}
