import { SallyportError } from "../../protocol/errors.ts";
import type { RecordingSource } from "../../protocol/evidence/recording-check.ts";
import { type Given, verifyEvidence } from "../../protocol/evidence/verify.ts";
import type { Keys } from "../../protocol/recording/keys.ts";
import { type IdentitySource, identitiesIn } from "../recordings/identity.ts";
import { unpacked } from "../recordings/unpacked.ts";
import { readKeys, VerifyStatus } from "../recordings/verify.ts";
import { print, printJson } from "../terminal.ts";
import { fileSource, recordingsAt } from "./files.ts";
import { reportLines } from "./lines.ts";

export interface VerifyOptions {
  /** The keys file. */
  keys?: string | undefined;
  evidence: string[];
  ledger?: string | undefined;
  witness?: string | undefined;
  /** ms since 1970 */
  at?: number | undefined;
  all?: boolean | undefined;
  /** The identity file, for recordings that are encrypted. */
  identity?: string | undefined;
  json?: boolean | undefined;
}

/** What an edge has, where one may be asked. */
export interface Edge {
  /** The recording that an argument names; null where it names a file. */
  recording(reference: string, identities: IdentitySource): RecordingSource | null;
  keys(): Promise<{ keys: Keys; from: string }>;
}

/**
 * Runs `verify`: `references` name recordings' files, folders of them, or `-`. Prints what it finds; answers the exit
 * status. Without an edge it needs no network. Throws `invalid_request` for a wrong use, `not_found`.
 */
export async function runVerify(
  references: string[],
  options: VerifyOptions,
  edge: Edge | null,
): Promise<number> {
  checkUse(references, options);
  const { keys, from } = await keysOf(options.keys, edge);
  const identities = identitiesIn(options.identity);
  // A file that is none is told before anything is read.
  await identities();
  const given: Given = {
    recordings: references.flatMap(
      (reference) => edge?.recording(reference, identities) ?? recordingsOf(reference, identities),
    ),
    evidence: options.evidence.map((path) => fileSource(path)),
    ledger: options.ledger === undefined ? null : fileSource(options.ledger),
    witness: options.witness === undefined ? null : fileSource(options.witness),
    at: options.at ?? null,
    hasAll: options.all ?? false,
  };
  const report = await verifyEvidence(given, keys);
  if (options.json) printJson(report);
  else for (const line of reportLines(report, from)) print(line);
  return VerifyStatus[report.verdict];
}

/** An ISO time, such as `2026-11-22T08:00Z` or `2026-11-22`, in ms since 1970; null where it is none. */
export function isoTime(text: string): number | null {
  const isIso = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d))?$/.test(text);
  const time = isIso ? Date.parse(text) : Number.NaN;
  return Number.isNaN(time) ? null : time;
}

function checkUse(references: string[], { evidence, ledger, witness, all }: VerifyOptions): void {
  const hasLog = ledger !== undefined || witness !== undefined;
  if (references.length === 0 && evidence.length === 0 && !hasLog) {
    throw new SallyportError(
      "invalid_request",
      "There is nothing to verify.",
      "Give recordings, or --evidence, --ledger or --witness with a file.",
    );
  }
  if (all && !hasLog) {
    throw new SallyportError(
      "invalid_request",
      "--all says that all recordings are given; what there must be, a ledger or a witness tells.",
      "Give --ledger or --witness, too.",
    );
  }
}

function recordingsOf(reference: string, identities: IdentitySource): RecordingSource[] {
  if (reference !== "-") return [...recordingsAt(reference, identities)];
  return [{ name: "standard input", open: () => unpacked(process.stdin, identities), archive: () => null }];
}

async function keysOf(path: string | undefined, edge: Edge | null): Promise<{ keys: Keys; from: string }> {
  if (path !== undefined) return { keys: await readKeys(path), from: path };
  if (edge) return edge.keys();
  throw new SallyportError(
    "invalid_request",
    "There are no keys to verify by.",
    "Give the file that was saved, apart from the edge, of its public keys: --keys keys.json",
  );
}
