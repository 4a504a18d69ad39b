import { createHash } from "node:crypto";
import type { BackendName } from "../../protocol/postgres/message-types.ts";
import * as wire from "../../protocol/postgres/messages.ts";
import type { Conversation, Heard } from "./conversation.ts";

/** A message in plain values, so that a difference can be read. */
export type Told = { message: BackendName } & Record<string, unknown>;

/** What one conversation knows that another can't share. */
interface Speaker {
  processId: number;
  /** The protocol's version, as on the wire. */
  version: number;
  /** The startup ended in an error. */
  refused: boolean;
  /** Object ids that a case made, in the order they were seen. */
  made: Map<number, string>;
}

/**
 * All that may differ between a direct conversation and one through the gateway; everything else is the same,
 * message by message. `level` takes the difference out of a message, and only that; null takes the message out.
 */
const MAY_DIFFER: { message: BackendName; why: string; level(told: Told, speaker: Speaker): Told | null }[] =
  [
    {
      message: "NegotiateProtocolVersion",
      why: "the connector speaks 3.2 with the agent; a server older than 18 has no more than 3.0 to give",
      level: ({ message, unknownOptions }) =>
        (unknownOptions as string[]).length === 0 ? null : { message, unknownOptions },
    },
    {
      message: "BackendKeyData",
      why: "each backend has its own process id; the secret is the connector's own, as long as the version has it",
      level: ({ message, secretBytes }, { version }) =>
        secretBytes === (version >= wire.PROTOCOL_3_2 ? 32 : 4) ? { message } : { message, secretBytes },
    },
    {
      message: "ParameterStatus",
      why: "the session's id stands before the application_name that the client gave at startup",
      level: (told) =>
        told.name === "application_name"
          ? { ...told, value: String(told.value).replace(/^sallyport [0-9a-f]{32} ?/, "") }
          : told,
    },
    {
      message: "Authentication",
      why: "the connector says Ok when the target is ready; a server that then refuses a setting has said it before",
      level: (told, { refused }) => (refused ? null : told),
    },
    {
      message: "ErrorResponse",
      why: "a refused startup is told in our words, with the server's own and its SQLSTATE in them; what the connector finds out itself has no place in the server's source",
      level: (told, { refused }) => (refused ? withoutOurWords(told) : withoutPlace(told)),
    },
    {
      message: "NotificationResponse",
      why: "it names the process that notified",
      level: (told, { processId }) => ({
        ...told,
        processId: told.processId === processId ? "this session's" : "another session's",
      }),
    },
    {
      message: "RowDescription",
      why: "the server gives what a case creates other object ids each time",
      level: (told, { made }) => {
        const columns = told.columns as wire.Column[];
        return {
          ...told,
          columns: columns.map((column) => ({ ...column, table: alias(column.table, made) })),
        };
      },
    },
  ];

/** A syntax error, no such prepared statement, portal or function, and a statement in an aborted transaction. */
const FOUND_BY_CONNECTOR = new Set(["42601", "26000", "34000", "42883", "25P02"]);

/** Object ids below are the server's own (FirstNormalObjectId). */
const FIRST_MADE = 16_384;

/** The conversation with what may differ taken out. */
export function leveled({ parts, processId, version }: Conversation): Told[][] {
  const [startup] = parts;
  const refused = !startup?.some(({ name }) => name === "ReadyForQuery");
  const speaker: Speaker = { processId, version, refused, made: new Map() };
  return parts.map((part) =>
    part.map(tell).flatMap((told) => {
      const row = MAY_DIFFER.find(({ message }) => message === told.message);
      return row ? (row.level(told, speaker) ?? []) : told;
    }),
  );
}

/** Severity, SQLSTATE, and the server's words. */
function withoutOurWords({ message, fields }: Told): Told {
  const kept = (fields as [string, string][]).filter(([letter]) => "SVCM".includes(letter));
  const told = kept.map(([letter, text]) => [
    letter,
    /^target orders refused the connection: (.*) \(SQLSTATE \w{5}\)$/.exec(text)?.[1] ?? text,
  ]);
  return { message, fields: told };
}

function withoutPlace({ message, fields }: Told): Told {
  const all = fields as [string, string][];
  const ours = all.some(([letter, text]) => letter === "C" && FOUND_BY_CONNECTOR.has(text));
  return { message, fields: ours ? all.filter(([letter]) => !"FLR".includes(letter)) : all };
}

function alias(id: number, made: Map<number, string>): number | string {
  if (id < FIRST_MADE) return id;
  if (!made.has(id)) made.set(id, `made #${made.size + 1}`);
  return made.get(id)!;
}

function tell({ name, body }: Heard): Told {
  const message = { message: name };
  switch (name) {
    case "BackendKeyData": {
      const { processId, secret } = wire.parseBackendKeyData(body);
      return { ...message, processId, secretBytes: secret.length };
    }
    case "ParameterStatus":
      return { ...message, ...wire.parseParameterStatus(body) };
    case "ReadyForQuery":
      return { ...message, ...wire.parseReadyForQuery(body) };
    case "RowDescription":
      return { ...message, columns: wire.parseRowDescription(body) };
    case "DataRow":
      return { ...message, values: wire.parseDataRow(body).map(shown) };
    case "CommandComplete":
      return { ...message, ...wire.parseCommandComplete(body) };
    case "ParameterDescription":
      return { ...message, types: wire.parseParameterDescription(body) };
    case "CopyInResponse":
    case "CopyOutResponse":
      return { ...message, ...wire.parseCopyResponse(body) };
    case "NotificationResponse":
      return { ...message, ...wire.parseNotification(body) };
    case "NegotiateProtocolVersion":
      return { ...message, ...wire.parseNegotiateProtocolVersion(body) };
    case "ErrorResponse":
    case "NoticeResponse": {
      const fields = [...wire.parseErrorFields(body, name)].map(([letter, text]) => [letter, shown(text)]);
      return { ...message, fields };
    }
    default:
      return { ...message, body: shown(body) };
  }
}

/** Short bytes as text (each byte a character), long ones by their hash. */
function shown(bytes: Uint8Array | string | null): string | null {
  if (bytes === null) return null;
  const buffer = Buffer.from(bytes);
  if (buffer.length <= 500) return buffer.toString("latin1");
  return `${buffer.length} bytes, SHA-256 ${createHash("sha256").update(buffer).digest("hex")}`;
}

const PLACE = [
  "length",
  "file",
  "line",
  "routine",
  "server_source_filename",
  "server_source_line",
  "server_source_function",
];

/** What a driver told of its work, without the places in the server's source that the connector can't know. */
export function withoutPlaces(told: unknown): unknown {
  if (Array.isArray(told)) return told.map(withoutPlaces);
  if (typeof told !== "object" || told === null || Buffer.isBuffer(told)) return told;
  if (Object.getPrototypeOf(told) !== Object.prototype) return told;
  const { code, sqlstate } = told as Record<string, unknown>;
  const ours = FOUND_BY_CONNECTOR.has(String(code ?? sqlstate));
  const kept = Object.entries(told).filter(([name]) => !ours || !PLACE.includes(name));
  return Object.fromEntries(kept.map(([name, value]) => [name, withoutPlaces(value)]));
}
