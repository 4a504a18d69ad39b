import { createHash } from "node:crypto";
import type { ApprovalStatus } from "../approval/approval.ts";
import { signCheckpoint } from "../ledger/checkpoint.ts";
import type { LedgerEntry, SessionSealed } from "../ledger/entry.ts";
import { EVIDENCE_FORMAT, evidenceText } from "../ledger/evidence.ts";
import type { Node } from "../ledger/merkle.ts";
import { foldRange, foldRanges, inclusionRanges, leafHash, nodeHash, rootRange } from "../ledger/merkle.ts";
import { entryText } from "../ledger/reading.ts";
import type { Keys } from "../recording/keys.ts";
import { Composer, inChunks } from "../recording/testing.ts";
import { generateKey, type PrivateKey, publicKey, thumbprint } from "../signatures.ts";
import { LEDGER_FORMAT, WITNESS_FORMAT } from "./documents.ts";
import type { GivenArchive } from "./entered.ts";
import type { RecordingSource } from "./recording-check.ts";
import type { Report } from "./report.ts";
import { sessionOf } from "./session-entries.ts";
import type { Source } from "./source.ts";
import { type Given, verifyEvidence } from "./verify.ts";

export const ORIGIN = "sallyport.example.com/ledger";

/** The session ids of tests: 32 hex digits. */
export function sessionId(number: number): string {
  return createHash("sha256").update(`session ${number}`).digest("hex").slice(0, 32);
}

/** What an edge signs with, and a connector. */
export interface Signers {
  edge: PrivateKey;
  connector: PrivateKey;
}

export async function newSigners(): Promise<Signers> {
  return { edge: await generateKey(), connector: await generateKey() };
}

export function keysOf(...signers: Signers[]): Keys {
  return {
    edge: signers.map(({ edge }) => publicKey(edge)),
    connectors: signers.map(({ connector }) => ({
      name: "main",
      key: publicKey(connector),
      revoked: null,
    })),
  };
}

/** The times of sessions, ms since 1970: each begins a minute after the one before. */
const BEGIN = 1_800_000_000_000;
const MINUTE = 60_000;

/** A session as it is recorded: a question and its answer, and what is done with the composer before its end. */
export function session(
  number: number,
  { edge, connector }: Signers,
  more: (composer: Composer) => Composer = (composer) => composer,
  words = "question",
): Composer {
  const composer = new Composer(sessionId(number), edge, connector, BEGIN + number * MINUTE);
  return more(
    composer.opened().joined().wait(5).agent(Buffer.from(words)).target(Buffer.from("answer")),
  ).ended();
}

/** Composes the entries of a ledger. */
export class LedgerComposer {
  readonly entries: LedgerEntry[] = [];

  add(entry: Omit<LedgerEntry, "nonce"> & { nonce?: string }): this {
    const nonce = createHash("sha256").update(entry.key).digest("hex").slice(0, 32);
    this.entries.push({ nonce, ...entry } as LedgerEntry);
    return this;
  }

  edgeKey(key: PrivateKey): this {
    const id = thumbprint(key);
    return this.add({
      type: "edge_key",
      key: `edge_key/${id}`,
      time: BEGIN,
      thumbprint: id,
      x: key.x,
    } as LedgerEntry);
  }

  started({ facts }: Composer): this {
    const { session, target, kind, principal, connector, address, until, opened } = facts;
    const key = `session_started/${session}`;
    const { onBehalfOf = null } = facts;
    const what = { session, target, kind, principal, onBehalfOf, connector, address, until };
    return this.add({ type: "session_started", key, time: opened, ...what } as LedgerEntry);
  }

  /** Seals a session as its recording does; `change` changes what is entered. */
  async sealed(composer: Composer, change: Partial<SessionSealed> = {}): Promise<this> {
    const { session, target, principal, opened } = composer.facts;
    return this.add({
      type: "session_sealed",
      key: `session_sealed/${session}`,
      time: opened + 10_000,
      session,
      target,
      principal,
      onBehalfOf: null,
      endCode: "closed",
      edgeSeal: await composer.edgeSeal(),
      connectorSeal: await composer.connectorSeal(),
      agreement: "agreed",
      edgeHeads: null,
      parts: 1,
      bytes: 100,
      archive: archiveOf(session).sha256,
      ...change,
    } as LedgerEntry);
  }

  void({ facts: { session, target, principal, opened } }: Composer): this {
    const key = `session_void/${session}`;
    const words = { endCode: "connector_offline", reason: "no connector is online" };
    return this.add({
      type: "session_void",
      key,
      time: opened + 1,
      session,
      target,
      principal,
      ...words,
    } as LedgerEntry);
  }

  deleted({ facts: { session, target, principal, opened } }: Composer, head: string): this {
    const key = `session_deleted/${session}`;
    const { sha256: archive } = archiveOf(session);
    const words = { reason: "kept for 90 days", by: null };
    const what = { session, target, principal, ...words, archive, head };
    return this.add({ type: "session_deleted", key, time: opened + 20_000, ...what } as LedgerEntry);
  }

  approval(composer: Composer, number: number, status: ApprovalStatus): this {
    const { session, target, principal, opened } = composer.facts;
    const approval = `${session}-${number}`;
    const what = {
      approval,
      approvalKind: "statement",
      session,
      principal,
      onBehalfOf: null,
      target,
      status,
    };
    const key = `approval/${approval}/${status}`;
    return this.add({
      type: "approval",
      key,
      time: opened + 6,
      ...what,
      by: null,
      reason: null,
      until: null,
    } as LedgerEntry);
  }

  policy(revision: number): this {
    const version = createHash("sha256").update(`policy ${revision}`).digest("hex");
    const key = `policy/${revision}`;
    return this.add({
      type: "policy",
      key,
      time: BEGIN,
      revision,
      version,
      principal: "corp/admin",
    } as LedgerEntry);
  }
}

/** What the entries of tests say of a session's objects. */
export function archiveOf(session: string): GivenArchive {
  return { parts: 1, bytes: 100, sha256: createHash("sha256").update(session).digest("hex") };
}

/** The hashes of a tree over these texts. */
class Tree {
  readonly leaves: Buffer[];

  constructor(texts: readonly string[]) {
    this.leaves = texts.map((text) => leafHash(Buffer.from(text)));
  }

  readonly read = ({ level, index }: Node): Buffer =>
    level === 0
      ? this.leaves[index]!
      : nodeHash(
          this.read({ level: level - 1, index: index * 2 }),
          this.read({ level: level - 1, index: index * 2 + 1 }),
        );

  root(size = this.leaves.length): Buffer {
    return foldRange(rootRange(size), this.read);
  }
}

export function checkpointOf(
  entries: readonly LedgerEntry[],
  key: PrivateKey,
  size = entries.length,
  origin = ORIGIN,
): Promise<string> {
  const root = new Tree(entries.map(entryText)).root(size);
  return signCheckpoint({ origin, size, root }, key);
}

function lines(values: readonly unknown[]): Buffer {
  return Buffer.from(values.map((value) => `${JSON.stringify(value)}\n`).join(""));
}

/** What `ledger export` writes. */
export async function ledgerFile(
  entries: readonly LedgerEntry[],
  key: PrivateKey,
  checkpoint?: string,
): Promise<Buffer> {
  return lines([
    { format: LEDGER_FORMAT, origin: ORIGIN },
    ...entries.map((entry, index) => ({ index, entry: entryText(entry) })),
    { checkpoint: checkpoint ?? (await checkpointOf(entries, key)) },
  ]);
}

/** What `witness export` writes; checkpoints of these sizes, of all by default. */
export async function witnessFile(
  entries: readonly LedgerEntry[],
  key: PrivateKey,
  sizes: readonly number[] = [entries.length],
): Promise<Buffer> {
  const values: object[] = [{ format: WITNESS_FORMAT, origin: ORIGIN }];
  for (const [index, entry] of entries.entries()) {
    const text = entryText(entry);
    const hash = leafHash(Buffer.from(text)).toString("hex");
    const size = index + 1;
    values.push({ index, hash, entry: text, written: entry.time + 1_000 });
    if (!sizes.includes(size)) continue;
    const checkpoint = await checkpointOf(entries, key, size);
    values.push({ size, checkpoint, written: entry.time + 2_000 });
  }
  return lines(values);
}

/** What `sessions prove` writes. */
export async function evidenceFile(
  session: string,
  entries: readonly LedgerEntry[],
  key: PrivateKey,
): Promise<Buffer> {
  const texts = entries.map(entryText);
  const tree = new Tree(texts);
  const proven = entries.flatMap((entry, index) => {
    if (sessionOf(entry) !== session) return [];
    const proof = foldRanges(inclusionRanges(index, entries.length), tree.read);
    return [{ index, entry: texts[index]!, proof: proof.map((hash) => hash.toString("base64")) }];
  });
  const checkpoint = await checkpointOf(entries, key);
  return Buffer.from(
    evidenceText({ format: EVIDENCE_FORMAT, session, origin: ORIGIN, entries: proven, checkpoint }),
  );
}

/** The files of one case; what is absent is not given. */
export interface Files {
  recordings?: Buffer[];
  evidence?: Buffer[];
  ledger?: Buffer;
  witness?: Buffer;
  hasAll?: boolean;
  at?: number;
}

export function verifyFiles(files: Files, keys: Keys, chunk = 65_536): Promise<Report> {
  const source = (name: string, bytes: Buffer): Source => ({ name, open: () => inChunks(bytes, chunk) });
  const recording = (bytes: Buffer, index: number): RecordingSource => ({
    ...source(`recording ${index + 1}`, bytes),
    archive: () => null,
  });
  const given: Given = {
    recordings: (files.recordings ?? []).map(recording),
    evidence: (files.evidence ?? []).map((bytes, index) => source(`evidence ${index + 1}`, bytes)),
    ledger: files.ledger ? source("the ledger export", files.ledger) : null,
    witness: files.witness ? source("the witness export", files.witness) : null,
    at: files.at ?? null,
    hasAll: files.hasAll ?? false,
  };
  return verifyEvidence(given, keys);
}

/** What is not ok, as `PLACE CHECK STATE`: what catches an attack. */
export function caught({ recordings, evidence, ledger, witness, history }: Report): string[] {
  const of = (
    place: string,
    judged: Pick<Report["recordings"][0], "checks"> | { checks: Report["evidence"][0]["checks"] } | null,
  ) =>
    (judged?.checks ?? [])
      .filter(({ state }) => state !== "ok")
      .map(({ name, state }) => `${place} ${name} ${state}`);
  return [
    ...recordings.flatMap((one) => of("recording", one)),
    ...evidence.flatMap((one) => of("evidence", one)),
    ...of("ledger", ledger),
    ...of("witness", witness),
    ...of("all", history),
  ];
}
