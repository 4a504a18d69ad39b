import {
  parseClose,
  parseCopyFail,
  parseDescribe,
  parseExecute,
  parseFunctionCall,
  parseStartup,
} from "../frontend.ts";
import { showValue, typeName } from "../types.ts";
import { bindBody, parseBody, queryText } from "./bodies.ts";
import type { Conversation } from "./conversation.ts";
import { CopyCount } from "./copies.ts";
import type { Parameter, Statement } from "./events.ts";
import type { Gathered } from "./gather.ts";
import type { Request } from "./pending.ts";
import { Portal, Prepared } from "./prepared.ts";

/** What a client's message means in the conversation, by its letter. Any other letter means nothing here. */
const CLIENT: Record<string, (talk: Conversation, message: Gathered) => void> = {
  "": startup,
  Q: (talk, message) => {
    const { text, bytes, cut } = queryText(message);
    const statement = ++talk.count;
    talk.discardingCopy = false;
    talk.tell({ type: "statement", statement, protocol: "simple", text, bytes, cut });
    send(talk, { kind: "query", statement });
  },
  P: (talk, message) => {
    const prepared = new Prepared(parseBody(message));
    talk.statements.say(prepared.name, prepared);
    send(talk, { kind: "parse", prepared });
  },
  B: (talk, message) => {
    const bind = bindBody(message);
    const portal = new Portal(bind, talk.statements.latest(bind.statement));
    talk.portals.say(portal.name, portal);
    send(talk, { kind: "bind", portal });
  },
  D: (talk, { body }) => {
    const { kind, name } = parseDescribe(body);
    send(talk, { kind: "describe", of: kind, name });
  },
  E: execute,
  C: (talk, { body }) => {
    const { kind, name } = parseClose(body);
    if (kind === "statement") talk.statements.say(name, null);
    else talk.portals.say(name, null);
    send(talk, { kind: "close", of: kind, name });
  },
  F: functionCall,
  S: (talk) => {
    if (talk.copyingIn) return;
    talk.skipping = false;
    wait(talk, { kind: "sync" });
  },
  d: (talk, message) => {
    if (talk.skipping || talk.discardingCopy) return;
    talk.fromClient ??= new CopyCount("in");
    talk.fromClient.add(message);
  },
  c: (talk) => endCopy(talk, "done"),
  f: (talk, { body }) => endCopy(talk, "failed", parseCopyFail(body).reason),
  X: (talk) => talk.tell({ type: "terminate" }),
};

/** Takes a message of the client. Throws `protocol_violation` for a body that is none. */
export function fromClient(talk: Conversation, message: Gathered): void {
  CLIENT[message.letter]?.(talk, message);
}

/** Takes a message of the client that can't be read: the server will answer it all the same. */
export function malformedFromClient(talk: Conversation, { letter, length }: Gathered): void {
  if (letter === "Q" || letter === "F") {
    const statement = ++talk.count;
    const protocol = letter === "Q" ? "simple" : "function";
    talk.tell({ type: "statement", statement, protocol, text: null, bytes: length, cut: false });
    send(talk, letter === "Q" ? { kind: "query", statement } : { kind: "function", statement, format: 0 });
  } else if ("PBDEC".includes(letter) && letter !== "") {
    send(talk, { kind: "malformed" });
  }
}

/** What is known of a portal's statement, as an Execute runs it. */
export function describeExecution(
  talk: Conversation,
  statement: number,
  portal: Portal | undefined,
  maxRows: number,
): Statement {
  const prepared = portal?.prepared;
  const source = prepared?.source;
  const types = prepared?.parameterTypes ?? [];
  const name = portal?.bind.statement;
  const parameters = portal?.bind.parameters.map((value, index): Parameter => {
    const oid = types[index] ?? 0;
    const formats = portal.bind.parameterFormats;
    const format = (formats.length === 1 ? formats[0] : formats[index]) ?? 0;
    return {
      type: oid === 0 ? null : typeName(oid),
      value: value && showValue(oid, format, value.bytes, value.length, talk.valueLimit ?? 0),
    };
  });
  return {
    statement,
    protocol: "extended",
    text: source?.text ?? null,
    bytes: source?.bytes ?? 0,
    cut: source?.cut ?? false,
    ...(name && { name }),
    ...(prepared && (prepared.doubtful || talk.pending.lost) && { doubtful: true as const }),
    ...(parameters?.length && { parameters }),
    ...(maxRows > 0 && { maxRows }),
  };
}

function startup(talk: Conversation, { body }: Gathered): void {
  const packet = parseStartup(body);
  switch (packet.kind) {
    case "ssl":
    case "gssenc":
      talk.encryptionAnswers++;
      talk.tell({ type: "encryption", request: packet.kind });
      break;
    case "cancel":
      talk.tell({ type: "cancel", processId: packet.processId });
      break;
    case "startup": {
      const { version, parameters } = packet;
      talk.tell({ type: "startup", version: `${version >>> 16}.${version & 0xffff}`, parameters });
    }
  }
}

function execute(talk: Conversation, { body }: Gathered): void {
  const { portal: name, maxRows } = parseExecute(body);
  const portal = talk.portals.latest(name);
  const statement = ++talk.count;
  talk.tell({ type: "statement", ...describeExecution(talk, statement, portal, maxRows) });
  send(talk, { kind: "execute", statement, name, maxRows, shown: { portal, prepared: portal?.prepared } });
}

function functionCall(talk: Conversation, { body, cut, length }: Gathered): void {
  const statement = ++talk.count;
  if (cut) {
    const text = "a function call whose arguments are too long to show";
    talk.tell({ type: "statement", statement, protocol: "function", text, bytes: length, cut });
    send(talk, { kind: "function", statement, format: 0 });
    return;
  }
  const call = parseFunctionCall(body);
  const formats = call.argumentFormats;
  const parameters = call.arguments.map((value, index): Parameter => {
    const format = (formats.length === 1 ? formats[0] : formats[index]) ?? 0;
    return { type: null, value: value && showValue(0, format, value, value.length, talk.valueLimit ?? 0) };
  });
  const text = `function ${call.function}`;
  talk.tell({
    type: "statement",
    statement,
    protocol: "function",
    text,
    bytes: text.length,
    cut,
    parameters,
  });
  send(talk, { kind: "function", statement, format: call.resultFormat });
}

function endCopy(talk: Conversation, outcome: "done" | "failed", reason?: string): void {
  if (talk.skipping) return;
  if (talk.discardingCopy) {
    talk.discardingCopy = false;
    return;
  }
  const copy = talk.fromClient ?? new CopyCount("in");
  const first = talk.pending.first;
  const statement = first && "statement" in first ? first.statement : null;
  talk.tell({ type: "copied", statement, direction: "in", ...copy.summary(outcome, reason) });
  talk.fromClient = null;
  talk.copyingIn = false;
  wait(talk, { kind: "copy-end" });
}

/** While the server skips to a Sync, it answers nothing of this. */
function send(talk: Conversation, request: Request): void {
  if (!talk.skipping) wait(talk, request);
  else if ("statement" in request) talk.tell({ type: "skipped", statement: request.statement });
}

function wait(talk: Conversation, request: Request): void {
  if (talk.pending.add(request, talk.now)) return;
  const reason =
    "more requests wait for an answer than a session can have: answers are matched to none from here on";
  talk.tell({ type: "undecodable", from: "agent", reason, bytes: 0, preview: "" });
}
