import type { SessionFacts } from "../../protocol/control.ts";
import { SallyportError } from "../../protocol/errors.ts";
import type { ProtocolNegotiation } from "../../protocol/postgres/backend.ts";
import { PROTOCOL_3_0, PROTOCOL_3_2 } from "../../protocol/postgres/frontend.ts";
import { checkStartupOptions, PINNED, type SettingChange } from "../../protocol/sql/settings.ts";
import type { PostgresTargetConfig } from "../config.ts";

/** What becomes of an agent's StartupMessage. */
export interface Admission {
  /** The version that the session has, as on the wire. */
  version: number;
  database: string;
  /** For the target. */
  parameters: [name: string, value: string][];
  /** Names of the settings that the agent asks for, lower case: policies judge them as a SET. */
  settings: string[];
  /** What it asks them to be. */
  changes: SettingChange[];
  /** To tell the agent, where it asked for more than there is. */
  negotiation: ProtocolNegotiation | null;
}

/** Bytes of an application_name; PostgreSQL's NAMEDATALEN less its zero byte. */
const MAX_APPLICATION_NAME = 63;
/**
 * Decides on a StartupMessage: which database, which version, what the target gets. The user name counts for
 * nothing: the tunnel has told who the agent is, and the configuration tells the role. Throws `invalid_request`,
 * `not_found` for a database outside the allow-list, `forbidden` for replication.
 */
export function admit(
  startup: { version: number; parameters: [name: string, value: string][] },
  target: PostgresTargetConfig,
  facts: SessionFacts,
): Admission {
  if (startup.version >>> 16 !== 3) {
    throw new SallyportError(
      "invalid_request",
      `the client speaks version ${startup.version >>> 16}.${startup.version & 0xffff} of PostgreSQL's protocol`,
      "Use a client that speaks version 3, as all do since PostgreSQL 7.4.",
    );
  }
  // As PostgreSQL does, the last of a repeated name counts.
  const asked = new Map(startup.parameters);
  refuseReplication(asked.get("replication"));
  const database = chooseDatabase(asked, target);
  const unknownOptions = [...asked.keys()].filter((name) => name.startsWith("_pq_."));
  const version = agreedVersion(startup.version);
  const changes = checkStartupOptions(Object.fromEntries(asked));
  const settings = [...asked].filter(([name]) => !OURS.has(name.toLowerCase()) && !name.startsWith("_pq_."));
  return {
    version,
    database,
    parameters: [
      ["user", target.user],
      ["database", database],
      ...settings,
      ...Object.entries(PINNED),
      ["application_name", applicationName(facts.session, asked)],
    ],
    settings: changes.map(({ name }) => name).filter((name) => !OURS.has(name)),
    changes: changes.filter(({ name }) => !OURS.has(name)),
    negotiation:
      version === startup.version && unknownOptions.length === 0 ? null : { version, unknownOptions },
  };
}

/** Bytes of the secret in an agent's cancel key: 3.0 has room for 4, PostgreSQL gives 32 in 3.2. */
export function secretBytes(version: number): number {
  return version >= PROTOCOL_3_2 ? 32 : 4;
}

/** Parameters that an agent doesn't choose, or not alone. Settings have no case in PostgreSQL. */
const OURS = new Set(["user", "database", "replication", "application_name", ...Object.keys(PINNED)]);

/** Minor version 1 was never given out; above 2 there is nothing yet. */
function agreedVersion(asked: number): number {
  return asked >= PROTOCOL_3_2 ? PROTOCOL_3_2 : PROTOCOL_3_0;
}

function refuseReplication(value: string | undefined): void {
  if (value === undefined || ["false", "off", "no", "0"].includes(value.toLowerCase())) return;
  throw new SallyportError(
    "forbidden",
    "replication connections are not served",
    "Connect without the parameter `replication`; a replica needs a connection of its own to the server.",
  );
}

/**
 * A client that was told of no database names its user's, as libpq does; the user counts for nothing here, so that
 * means the target's default as well.
 */
function chooseDatabase(asked: Map<string, string>, { name, databases }: PostgresTargetConfig): string {
  const database = asked.get("database") ?? "";
  if (databases.includes(database)) return database;
  if (database === "" || database === asked.get("user")) return databases[0];
  throw new SallyportError(
    "not_found",
    `target ${name} has no database of this name that may be opened`,
    `Connect to ${databases.length === 1 ? databases[0] : `one of ${databases.join(", ")}`}.`,
  );
}

/** The session's id, so that the target's own logs and pg_stat_activity lead to the recording. */
function applicationName(session: string, asked: Map<string, string>): string {
  const own = [...asked].findLast(([name]) => name.toLowerCase() === "application_name")?.[1];
  const name = Buffer.from(own ? `sallyport ${session} ${own}` : `sallyport ${session}`);
  let end = Math.min(name.length, MAX_APPLICATION_NAME);
  // Not inside a character: bytes of the form 10xxxxxx continue one.
  while (end < name.length && (name[end]! & 0xc0) === 0x80) end -= 1;
  return name.toString("utf8", 0, end);
}
