import {
  type Column,
  parseCommandComplete,
  parseCopyResponse,
  parseFunctionCallResponse,
  parseNotification,
  parseParameterDescription,
  parseParameterStatus,
  parseReadyForQuery,
  parseRowDescription,
} from "../backend.ts";
import { showValue, typeName } from "../types.ts";
import { rowValues, serverWords } from "./bodies.ts";
import { describeExecution } from "./client.ts";
import type { Conversation } from "./conversation.ts";
import { CopyCount } from "./copies.ts";
import type { ServerWords, StatementId } from "./events.ts";
import type { Gathered } from "./gather.ts";
import type { Waiting } from "./pending.ts";

/** Who wrote a message to the agent. */
type From = ServerWords["from"];

/** Tags of statements that change what prepared names stand for. */
const RENAMING = /^(PREPARE|DEALLOCATE|DEALLOCATE ALL|DISCARD ALL)$/;

/** What a server's message means in the conversation, by its letter. Any other letter means nothing here. */
const SERVER: Record<string, (talk: Conversation, message: Gathered, from: From) => void> = {
  S: (talk, { body }) => talk.tell({ type: "parameter", ...parseParameterStatus(body) }),
  Z: (talk, { body }) => ready(talk, body),
  1: (talk) => {
    const request = answered(talk, "parse");
    if (request?.kind === "parse") talk.statements.confirm(request.prepared.name, request.prepared);
  },
  2: (talk) => {
    const request = answered(talk, "bind");
    if (request?.kind !== "bind") return;
    const { portal } = request;
    portal.prepared = talk.statements.confirmed(portal.bind.statement);
    talk.portals.confirm(portal.name, portal);
  },
  3: (talk) => {
    const request = answered(talk, "close");
    if (request?.kind !== "close") return;
    if (request.of === "statement") talk.statements.remove(request.name);
    else talk.portals.remove(request.name);
  },
  t: (talk, { body }) => {
    const request = talk.pending.seek("describe");
    if (request?.kind !== "describe") return;
    const prepared = talk.statements.confirmed(request.name);
    if (prepared) prepared.parameterTypes = parseParameterDescription(body);
  },
  T: (talk, { body }) => rowDescription(talk, parseRowDescription(body)),
  n: (talk) => rowDescription(talk, []),
  D: row,
  C: (talk, { body }) => {
    const { tag } = parseCommandComplete(body);
    if (RENAMING.test(tag)) {
      for (const prepared of talk.statements.values()) prepared.doubtful = prepared.name !== "";
    }
    result(talk, "complete", tag);
  },
  I: (talk) => result(talk, "empty", ""),
  s: (talk) => result(talk, "suspended", ""),
  E: (talk, message, from) => failure(talk, { from, ...serverWords(message, "ErrorResponse") }),
  N: (talk, message, from) => {
    talk.tell({ type: "notice", statement: current(talk), from, ...serverWords(message, "NoticeResponse") });
  },
  A: (talk, { body }) => talk.tell({ type: "notification", ...parseNotification(body) }),
  G: (talk, { body }) => {
    const binary = startCopy(talk, body, "in");
    talk.copyingIn = !talk.pending.copyEnded;
    talk.fromClient ??= talk.copyingIn ? new CopyCount("in") : null;
    if (talk.fromClient) talk.fromClient.binary = binary;
    talk.pending.dropIgnoredSyncs();
  },
  H: (talk, { body }) => serverCopy(talk, body, "out"),
  W: (talk, { body }) => serverCopy(talk, body, "both"),
  d: (talk, message) => talk.fromServer?.add(message),
  c: (talk) => endServerCopy(talk, "done"),
  V: functionResult,
};

/** Takes a message to the agent. Throws `protocol_violation` for a body that is none. */
export function fromServer(talk: Conversation, message: Gathered, from: From): void {
  SERVER[message.letter]?.(talk, message, from);
}

function ready(talk: Conversation, body: Uint8Array): void {
  for (const request of talk.pending.takeThroughReady()) {
    if (request.kind === "execute") talk.tell({ type: "skipped", statement: request.statement });
  }
  talk.active = null;
  talk.copyingIn = false;
  talk.answered = talk.now;
  if (!talk.pending.first) {
    talk.statements.settle();
    talk.portals.settle();
  }
  talk.tell({ type: "ready", ...parseReadyForQuery(body) });
}

/** Takes the request that this answer ends. */
function answered(talk: Conversation, kind: "parse" | "bind" | "close"): Waiting | undefined {
  return talk.pending.seek(kind) && talk.pending.take();
}

function rowDescription(talk: Conversation, columns: Column[]): void {
  const request = talk.pending.seek("describe", "query");
  if (request?.kind === "describe") {
    talk.pending.take();
    if (request.of === "portal") talk.portals.confirmed(request.name)?.describe(columns);
    else {
      const prepared = talk.statements.confirmed(request.name);
      if (prepared) prepared.columns = columns;
    }
    return;
  }
  begin(talk, request);
  talk.rows = 0;
  showColumns(talk, current(talk), columns);
}

/** Notes whose answer comes now; for an Execute, tells what really runs if that is not what was shown. */
function begin(talk: Conversation, request: Waiting | undefined): void {
  if (!request || request === talk.active) return;
  talk.active = request;
  talk.rows = 0;
  talk.columns = null;
  if (request.kind !== "execute") return;
  const { statement, name, maxRows, shown } = request;
  const portal = talk.portals.confirmed(name);
  if (portal !== shown.portal || portal?.prepared !== shown.prepared) {
    talk.tell({ type: "resolved", ...describeExecution(talk, statement, portal, maxRows) });
  }
  if (portal?.columns?.length) showColumns(talk, statement, portal.columns);
}

function showColumns(talk: Conversation, statement: StatementId, columns: Column[]): void {
  talk.columns = columns;
  const shown = columns.map(({ name, type }) => ({ name, type: typeName(type) }));
  talk.tell({ type: "columns", statement, columns: shown });
}

function row(talk: Conversation, message: Gathered): void {
  begin(talk, talk.pending.seek("query", "execute"));
  talk.rows++;
  const { valueLimit } = talk;
  if (valueLimit === null) return;
  const values = rowValues(message).map((value, index) => {
    const column = talk.columns?.[index];
    return value && showValue(column?.type ?? 0, column?.format ?? 0, value.bytes, value.length, valueLimit);
  });
  talk.tell({ type: "row", statement: current(talk), values });
}

function result(talk: Conversation, outcome: "complete" | "suspended" | "empty", tag: string): void {
  const request = talk.pending.seek("query", "execute");
  begin(talk, request);
  const duration = durationOf(talk, request);
  talk.tell({ type: "result", statement: current(talk), outcome, tag, rows: talk.rows, duration });
  talk.answered = talk.now;
  talk.rows = 0;
  talk.columns = null;
  if (request?.kind !== "execute") return;
  talk.pending.take();
  talk.active = null;
  if (talk.pending.first?.kind === "copy-end") talk.pending.take();
}

function failure(talk: Conversation, words: ServerWords): void {
  endServerCopy(talk, "failed");
  const first = talk.pending.first;
  const duration = durationOf(talk, first);
  if (first?.kind === "query" || first?.kind === "execute") begin(talk, first);
  if (talk.copyingIn) failClientCopy(talk);
  talk.answered = talk.now;
  if (!first || !EXTENDED.has(first.kind)) {
    talk.tell({ type: "error", statement: current(talk), duration, ...words });
    return;
  }
  const { skipped, reached } = talk.pending.takeUntilSync();
  talk.skipping = !reached;
  talk.active = null;
  const executions = skipped.flatMap((request) => (request.kind === "execute" ? [request.statement] : []));
  const [statement = null] = executions;
  const text = statement === null && first.kind === "parse" ? first.prepared.source.text : undefined;
  talk.tell({ type: "error", statement, duration, ...(text !== undefined && { text }), ...words });
  for (const passedOver of executions.slice(1)) talk.tell({ type: "skipped", statement: passedOver });
}

/** After an error in one of these the server skips to the next Sync. */
const EXTENDED = new Set<Waiting["kind"]>(["parse", "bind", "describe", "execute", "close", "malformed"]);

function failClientCopy(talk: Conversation): void {
  talk.copyingIn = false;
  talk.discardingCopy = talk.pending.first?.kind === "query";
  const copy = talk.fromClient;
  talk.fromClient = null;
  if (!copy || copy.empty) return;
  talk.tell({ type: "copied", statement: current(talk), direction: "in", ...copy.summary("failed") });
}

function startCopy(talk: Conversation, body: Uint8Array, direction: CopyCount["direction"]): boolean {
  begin(talk, talk.pending.seek("query", "execute"));
  const binary = parseCopyResponse(body).format === 1;
  talk.tell({ type: "copy", statement: current(talk), direction, format: binary ? "binary" : "text" });
  return binary;
}

function serverCopy(talk: Conversation, body: Uint8Array, direction: "out" | "both"): void {
  const binary = startCopy(talk, body, direction);
  talk.fromServer = new CopyCount(direction);
  talk.fromServer.binary = binary;
}

function endServerCopy(talk: Conversation, outcome: "done" | "failed"): void {
  const copy = talk.fromServer;
  if (!copy) return;
  talk.fromServer = null;
  talk.tell({
    type: "copied",
    statement: current(talk),
    direction: copy.direction,
    ...copy.summary(outcome),
  });
}

function functionResult(talk: Conversation, { body, cut, length }: Gathered): void {
  const request = talk.pending.seek("function");
  const format = request?.kind === "function" ? request.format : 0;
  const statement = current(talk);
  const bytes = cut ? body.subarray(4) : parseFunctionCallResponse(body);
  if (talk.valueLimit !== null) {
    const value = bytes && showValue(0, format, bytes, cut ? length - 4 : bytes.length, talk.valueLimit);
    talk.tell({ type: "row", statement, values: [value] });
  }
  const duration = durationOf(talk, request);
  talk.tell({ type: "result", statement, outcome: "complete", tag: "", rows: 1, duration });
  talk.answered = talk.now;
}

/** The statement that what comes now belongs to. */
function current(talk: Conversation): StatementId {
  const first = talk.pending.first;
  return first && "statement" in first ? first.statement : null;
}

function durationOf(talk: Conversation, request: Waiting | undefined): number {
  return request ? Math.max(0, talk.now - Math.max(request.sent, talk.answered)) : 0;
}
