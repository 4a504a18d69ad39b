/**
 * Every message of PostgreSQL's protocol 3.0 and 3.2 (documentation, "Message Formats") with the bounds of its
 * length word, which counts itself and the body but not the type byte. `max` follows PostgreSQL's own limits:
 * the server's `SocketBackend` for what a client sends, libpq's `VALID_LONG_MESSAGE_TYPE` for what it accepts.
 */
export interface MessageRule {
  /** The type byte. */
  type: number;
  min: number;
  max: number;
}

/** PostgreSQL's PQ_LARGE_MESSAGE_LIMIT: one byte less than MaxAllocSize. */
export const LARGE_MESSAGE = 0x3fff_fffe;
/** PostgreSQL's PQ_SMALL_MESSAGE_LIMIT. */
export const SMALL_MESSAGE = 10_000;
/** What libpq accepts of a message that has no reason to be long. */
export const SHORT_MESSAGE = 30_000;
/** PostgreSQL's PG_MAX_AUTH_TOKEN_LENGTH. */
export const AUTH_MESSAGE = 65_535;
/** PostgreSQL's MAX_STARTUP_PACKET_LENGTH. */
export const STARTUP_MESSAGE = 10_000;
/** Longest secret of BackendKeyData and CancelRequest, in bytes (protocol 3.2). */
export const MAX_CANCEL_SECRET = 256;

const MAX_PARAMETERS = 65_535;

function rule(letter: string, min: number, max: number): MessageRule {
  return { type: letter.charCodeAt(0), min, max };
}

/** What a client sends after its startup message. */
export const FRONTEND = {
  Bind: rule("B", 12, LARGE_MESSAGE),
  Close: rule("C", 6, SMALL_MESSAGE),
  CopyData: rule("d", 4, LARGE_MESSAGE),
  CopyDone: rule("c", 4, 4),
  CopyFail: rule("f", 5, SMALL_MESSAGE),
  Describe: rule("D", 6, SMALL_MESSAGE),
  Execute: rule("E", 9, SMALL_MESSAGE),
  Flush: rule("H", 4, 4),
  FunctionCall: rule("F", 14, LARGE_MESSAGE),
  Parse: rule("P", 8, LARGE_MESSAGE),
  /** Also SASLInitialResponse, SASLResponse and GSSResponse. */
  PasswordMessage: rule("p", 4, AUTH_MESSAGE),
  Query: rule("Q", 5, LARGE_MESSAGE),
  Sync: rule("S", 4, 4),
  Terminate: rule("X", 4, 4),
} as const satisfies Record<string, MessageRule>;

/** What a server sends. */
export const BACKEND = {
  Authentication: rule("R", 8, AUTH_MESSAGE),
  BackendKeyData: rule("K", 12, 8 + MAX_CANCEL_SECRET),
  BindComplete: rule("2", 4, 4),
  CloseComplete: rule("3", 4, 4),
  CommandComplete: rule("C", 5, SHORT_MESSAGE),
  CopyBothResponse: rule("W", 7, SHORT_MESSAGE),
  CopyData: rule("d", 4, LARGE_MESSAGE),
  CopyDone: rule("c", 4, 4),
  CopyInResponse: rule("G", 7, SHORT_MESSAGE),
  CopyOutResponse: rule("H", 7, SHORT_MESSAGE),
  DataRow: rule("D", 6, LARGE_MESSAGE),
  EmptyQueryResponse: rule("I", 4, 4),
  ErrorResponse: rule("E", 5, LARGE_MESSAGE),
  FunctionCallResponse: rule("V", 8, LARGE_MESSAGE),
  NegotiateProtocolVersion: rule("v", 12, SHORT_MESSAGE),
  NoData: rule("n", 4, 4),
  NoticeResponse: rule("N", 5, LARGE_MESSAGE),
  NotificationResponse: rule("A", 10, LARGE_MESSAGE),
  ParameterDescription: rule("t", 6, 6 + 4 * MAX_PARAMETERS),
  ParameterStatus: rule("S", 6, SHORT_MESSAGE),
  ParseComplete: rule("1", 4, 4),
  PortalSuspended: rule("s", 4, 4),
  ReadyForQuery: rule("Z", 5, 5),
  RowDescription: rule("T", 6, LARGE_MESSAGE),
} as const satisfies Record<string, MessageRule>;

export type FrontendName = keyof typeof FRONTEND;
export type BackendName = keyof typeof BACKEND;
export type Direction = "frontend" | "backend";

const NAMES = { frontend: namesOf(FRONTEND), backend: namesOf(BACKEND) };

function namesOf(rules: Record<string, MessageRule>): (string | undefined)[] {
  const names: (string | undefined)[] = new Array(256).fill(undefined);
  for (const [name, { type }] of Object.entries(rules)) names[type] = name;
  return names;
}

/** The name of a message by its type byte, as PostgreSQL's documentation has it, or undefined. */
export function messageName(direction: "frontend", type: number): FrontendName | undefined;
export function messageName(direction: "backend", type: number): BackendName | undefined;
export function messageName(direction: Direction, type: number): string | undefined;
export function messageName(direction: Direction, type: number): string | undefined {
  return NAMES[direction][type];
}
