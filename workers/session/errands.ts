import { edgeSealText } from "../../protocol/control.ts";
import { signText, thumbprint } from "../../protocol/signatures.ts";
import { noteLostRecording } from "../directory/recordings.ts";
import { markEnded, markVoid } from "../directory/sessions.ts";
import { type Env, edgeSigningKey } from "../environment.ts";
import { logLine } from "../log-line.ts";
import { lineAbout, tellSession } from "../telemetry/session-span.ts";
import { SessionLog, type Sql } from "./log.ts";
import type { SessionRecord, SessionRecords } from "./record.ts";

/** How long a session that could not be settled waits for the next try, ms. */
const SETTLE_RETRY_MS = 5_000;

/** What errands ask of their object. */
export interface ErrandOwner {
  /** `run` is wanted at once. */
  soon(): void;
  /** `run` is wanted at this time, ms since 1970. */
  retry(at: number): void;
  /** The connector's process is gone. */
  lost(record: SessionRecord): void;
  /** The session is sealed, and the directory knows. */
  settled(record: SessionRecord): void;
}

/** What a session needs of others: it is done from the alarm, never between append and send. */
export class Errands {
  readonly #env: Env;
  readonly #sql: Sql;
  readonly #records: SessionRecords;
  readonly #owner: ErrandOwner;
  readonly #settling = new Map<string, SessionRecord>();
  readonly #missing = new Set<SessionRecord>();
  readonly #dialling = new Set<SessionRecord>();

  constructor(env: Env, sql: Sql, records: SessionRecords, owner: ErrandOwner) {
    this.#env = env;
    this.#sql = sql;
    this.#records = records;
    this.#owner = owner;
  }

  /** Signs the end of a recording and tells the directory; tried again until it is done. */
  settle(record: SessionRecord): void {
    this.#settling.set(record.id, record);
    this.#owner.soon();
  }

  /** Asks the hub whether a connector's process is still there; if not, it can't come back. */
  findConnector(record: SessionRecord): void {
    this.#missing.add(record);
    this.#owner.soon();
  }

  /** Asks the hub for a replica to join. */
  dial(record: SessionRecord): void {
    this.#dialling.add(record);
    this.#owner.soon();
  }

  async run(): Promise<void> {
    // The deadlines of these sessions stand: what could not be asked now is asked again, or ends, by them.
    const tried = (record: SessionRecord, errand: Promise<void>) =>
      errand.catch((error: unknown) =>
        logLine("warning", "an errand failed", { ...lineAbout(record), error }),
      );
    await Promise.all([
      ...Array.from(this.#settling.values(), (record) => tried(record, this.#settle(record))),
      ...Array.from(this.#missing, (record) => tried(record, this.#find(record))),
      ...Array.from(this.#dialling, (record) => tried(record, this.#dial(record))),
    ]);
  }

  async #settle(record: SessionRecord): Promise<void> {
    try {
      if (record.facts && !record.edgeSeal) await this.#seal(record);
      const { code, reason, at } = record.end!;
      // Only its object knows whether a session was opened: without facts there is no recording.
      if (record.facts) await markEnded(this.#env.DIRECTORY, record.id, code, reason, at);
      else await this.#settleUnopened(record);
      record.state = "ended";
      this.#records.save(record);
      this.#settling.delete(record.id);
      this.#owner.settled(record);
      // Nobody waits for that.
      void tellSession(this.#env, record);
    } catch (error) {
      logLine("warning", "a session is not settled yet", { ...lineAbout(record), error });
      this.#owner.retry(Date.now() + SETTLE_RETRY_MS);
    }
  }

  /** Nobody opened it; or somebody did, and this object has lost it. */
  async #settleUnopened({ id, end }: SessionRecord): Promise<void> {
    await markVoid(this.#env.DIRECTORY, id, end!.code, end!.reason, end!.at);
    await noteLostRecording(this.#env.DIRECTORY, id);
  }

  async #seal(record: SessionRecord): Promise<void> {
    const log = new SessionLog(this.#sql, record.id, record.number);
    const key = edgeSigningKey(this.#env);
    const seal = { key: thumbprint(key), entries: log.seq, head: Buffer.from(log.head).toString("hex") };
    record.edgeSeal = { ...seal, signature: await signText(key, edgeSealText(record.id, seal)) };
  }

  async #find(record: SessionRecord): Promise<void> {
    this.#missing.delete(record);
    if (!record.connector) return;
    const { name, instance } = record.connector;
    if (!(await this.#env.HUB.getByName(name).isLive(instance))) this.#owner.lost(record);
  }

  async #dial(record: SessionRecord): Promise<void> {
    this.#dialling.delete(record);
    const { connector, target } = record.facts!;
    await this.#env.HUB.getByName(connector).dial(target, record.id);
  }
}
