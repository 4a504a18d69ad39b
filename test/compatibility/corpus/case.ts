import type { BackendName } from "../../../protocol/postgres/message-types.ts";
import * as wire from "../../../protocol/postgres/messages.ts";

/** One conversation of the corpus, from startup to Terminate. */
export interface Case {
  name: string;
  /** Beside user and database, or instead of them. */
  startup?: Record<string, string>;
  /** As on the wire; 3.0 by default. */
  version?: number;
  steps: Step[];
}

/** What is done, and the messages that are waited for. */
export type Step =
  | { send: Uint8Array[]; until: Until }
  /** A statement of another session, which is told this session's process id. */
  | { elsewhere: (processId: number) => string; until: Until };

export type Until = "close" | { message: BackendName; times: number };

export function until(message: BackendName, times = 1): Until {
  return { message, times };
}

/** Simple queries, one after another, each when the last is done. */
export function simple(...statements: string[]): Step[] {
  return statements.map((sql) => ({ send: [wire.query(sql)], until: until("ReadyForQuery") }));
}

/** Messages of the extended protocol with a Sync behind them. */
export function extended(...messages: (Uint8Array | Uint8Array[])[]): Step {
  return { send: [...messages.flat(), wire.sync()], until: until("ReadyForQuery") };
}

export interface Statement {
  sql: string;
  /** Object ids. */
  types?: number[];
  /** A string is sent as text, bytes are sent as binary. */
  values?: (string | Uint8Array | null)[];
  /** For all columns; text by default. */
  binary?: boolean;
  maxRows?: number;
}

/** Parse, Bind, Describe and Execute of the unnamed statement and portal. */
export function unnamed({ sql, types = [], values = [], binary = false, maxRows = 0 }: Statement) {
  return [
    wire.parse({ statement: "", sql, parameterTypes: types }),
    bound("", "", values, binary),
    wire.describe({ kind: "portal", name: "" }),
    wire.execute({ portal: "", maxRows }),
  ];
}

/** A Bind with a format for each parameter and one for all columns. */
export function bound(portal: string, statement: string, values: Statement["values"] = [], binary = false) {
  return wire.bind({
    portal,
    statement,
    parameterFormats: values.map((value) => (value instanceof Uint8Array ? 1 : 0)),
    parameters: values.map((value) => (typeof value === "string" ? Buffer.from(value) : value)),
    resultFormats: [binary ? 1 : 0],
  });
}
