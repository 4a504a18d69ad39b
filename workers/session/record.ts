import type { EndCode } from "../../protocol/close-reason.ts";
import type { ConnectorSeal, EdgeSeal, Limits, SessionFacts } from "../../protocol/control.ts";
import { MAX_SESSION_NUMBER, type Sql, type SqlValue } from "./log.ts";

/** What an object keeps of a session beside its log. */
export interface SessionRecord {
  readonly id: string;
  /** The session's number in its object. */
  readonly number: number;
  /**
   * `parked`: a connector waits for an agent. `open`: an agent has joined. `ending`: over, waiting for the
   * connector's seal. `ended`: sealed; nothing is added any more.
   */
  state: "parked" | "open" | "ending" | "ended";
  /** Milliseconds since 1970. */
  created: number;
  facts: SessionFacts | null;
  limits: Limits | null;
  connector: { name: string; instance: string; key: string } | null;
  /** SHA-256 of each side's resume secret, hex. */
  agentResume: string | null;
  connectorResume: string | null;
  end: { code: EndCode; reason: string; at: number } | null;
  connectorSeal: ConnectorSeal | null;
  edgeSeal: EdgeSeal | null;
  /** Principals of whom the log says that they watch. */
  watchers: string[];
  /** Public keys to which its recording is encrypted when it is sealed, as it was set when it was opened; none: it is not. */
  recipients: string[];
}

/** The records of one object's sessions. */
export class SessionRecords {
  readonly #sql: Sql;
  /** The highest number that was given since the object woke. */
  #last = 0;

  constructor(sql: Sql) {
    this.#sql = sql;
    sql.exec(
      "CREATE TABLE IF NOT EXISTS sessions (no INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, state TEXT NOT NULL, record TEXT NOT NULL)",
    );
    sql.exec("CREATE INDEX IF NOT EXISTS sessions_state ON sessions (state) WHERE state <> 'ended'");
  }

  /** Makes the record of a new session. Throws when the object has had its fill of sessions. */
  create(id: string, state: SessionRecord["state"], now: number): SessionRecord {
    const number = this.#free();
    this.#last = number;
    const record: SessionRecord = {
      id,
      number,
      state,
      created: now,
      facts: null,
      limits: null,
      connector: null,
      agentResume: null,
      connectorResume: null,
      end: null,
      connectorSeal: null,
      edgeSeal: null,
      watchers: [],
      recipients: [],
    };
    this.#sql.exec("INSERT INTO sessions VALUES (?, ?, ?, ?)", number, id, state, JSON.stringify(record));
    return record;
  }

  /**
   * The next number. One whose session is gone is not given again at once: something may still read by it. Throws when the
   * object has its fill of sessions.
   */
  #free(): number {
    const [last] = this.#sql.exec("SELECT coalesce(max(no), 0) AS no FROM sessions");
    const next = Math.max(Number(last!.no), this.#last) + 1;
    if (next <= MAX_SESSION_NUMBER) return next;
    const [gap] = this.#sql.exec(
      `SELECT min(no) + 1 AS no FROM (SELECT 0 AS no UNION ALL SELECT no FROM sessions) one
       WHERE NOT EXISTS (SELECT 1 FROM sessions other WHERE other.no = one.no + 1)`,
    );
    if (Number(gap!.no) <= MAX_SESSION_NUMBER) return Number(gap!.no);
    throw new RangeError("this object holds as many sessions as it can number");
  }

  save(record: SessionRecord): void {
    this.#sql.exec(
      "UPDATE sessions SET state = ?, record = ? WHERE no = ?",
      record.state,
      JSON.stringify(record),
      record.number,
    );
  }

  find(id: string): SessionRecord | undefined {
    const [row] = this.#sql.exec("SELECT record FROM sessions WHERE id = ?", id);
    return row && read(row);
  }

  /** The session with this number. */
  at(number: number): SessionRecord | undefined {
    const [row] = this.#sql.exec("SELECT record FROM sessions WHERE no = ?", number);
    return row && read(row);
  }

  /** Whether the object has no session any more. */
  isEmpty(): boolean {
    return [...this.#sql.exec("SELECT 1 FROM sessions LIMIT 1")].length === 0;
  }

  /** Sessions that have not ended. */
  live(): SessionRecord[] {
    return Array.from(this.#sql.exec("SELECT record FROM sessions WHERE state <> 'ended'"), read);
  }

  remove(record: SessionRecord): void {
    this.#sql.exec("DELETE FROM sessions WHERE no = ?", record.number);
  }
}

function read(row: Record<string, SqlValue>): SessionRecord {
  const record = JSON.parse(String(row.record)) as SessionRecord;
  // Records from before there were watchers, and recipients, have none.
  record.watchers ??= [];
  record.recipients ??= [];
  return record;
}
