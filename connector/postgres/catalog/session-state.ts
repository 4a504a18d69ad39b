import { SallyportError } from "../../../protocol/errors.ts";
import type { NameContext } from "../../../protocol/sql/catalog.ts";

/**
 * Asks a session what decides the meaning of its names, and whether the settings are those that the parser takes for
 * granted: one statement, one row, without side effects, right under any search_path.
 */
export const PROBE = `SELECT pg_catalog.array_to_json(pg_catalog.current_schemas(true))::pg_catalog.text,
  (SELECT n.nspname FROM pg_catalog.pg_namespace n
    WHERE n.oid OPERATOR(pg_catalog.=) pg_catalog.pg_my_temp_schema())::pg_catalog.text,
  current_user::pg_catalog.text, session_user::pg_catalog.text,
  pg_catalog.current_setting('server_version_num'),
  pg_catalog.current_setting('standard_conforming_strings'),
  pg_catalog.current_setting('client_encoding')`;

/** What a session's names mean at this moment, and as whom it acts. */
export interface SessionState extends Omit<NameContext, "trustedFunctions"> {
  currentUser: string;
  sessionUser: string;
  /** `server_version_num`. */
  serverVersion: number;
}

/** Schemas in a search path; characters of a name. */
const MAX_SCHEMAS = 1_000;
const MAX_NAME = 1_024;

/**
 * What the answer to `PROBE` says. Throws `forbidden` when a setting isn't as the parser needs it, so that the server
 * would read another statement than the one that was judged; `protocol_violation` for what is no answer.
 */
export function readProbe(rows: readonly (readonly (string | null)[])[]): SessionState {
  const [row] = rows;
  if (rows.length !== 1 || row?.length !== 7) throw malformed();
  const [path, temporarySchema, currentUser, sessionUser, version, strings, encoding] = row;
  if (strings !== "on") throw unpinned("standard_conforming_strings", "on");
  if (encoding !== "UTF8") throw unpinned("client_encoding", "UTF8");
  if (!isName(currentUser) || !isName(sessionUser) || !/^[0-9]{5,7}$/.test(version ?? "")) throw malformed();
  if (temporarySchema !== null && !isName(temporarySchema)) throw malformed();
  return {
    searchPath: searchPath(path),
    temporarySchema,
    currentUser,
    sessionUser,
    serverVersion: Number(version),
  };
}

function searchPath(json: string | null | undefined): string[] {
  let schemas: unknown;
  try {
    schemas = JSON.parse(json ?? "");
  } catch {
    throw malformed();
  }
  if (!Array.isArray(schemas) || schemas.length > MAX_SCHEMAS || !schemas.every(isName)) throw malformed();
  return schemas;
}

function isName(value: unknown): value is string {
  return typeof value === "string" && value.length > 0 && value.length <= MAX_NAME;
}

function unpinned(setting: string, value: string): SallyportError {
  return new SallyportError(
    "forbidden",
    `the session's ${setting} is not ${value}, so its statements can't be judged as the server reads them`,
    `Set ${setting} to ${value}, and nothing else, for the connector's role.`,
  );
}

function malformed(): SallyportError {
  return new SallyportError("protocol_violation", "the target's answer about the session's state is none");
}
