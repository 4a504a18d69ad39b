import { isUtf8 } from "node:buffer";
import { SallyportError } from "../../../protocol/errors.ts";
import { FRONTEND } from "../../../protocol/postgres/message-types.ts";
import type { Hold } from "../../guard/approvals.ts";
import type { Exchange, Request } from "../conversation.ts";
import { OwnQueryFailed, type PlannedText } from "./own-queries.ts";
import { Refusal } from "./refusal.ts";
import type { ResultLimit } from "./result-limit.ts";
import type { Need } from "./session-catalog.ts";
import type { Asked } from "./statement-question.ts";

/** What becomes of an agent's message. */
export type Verdict =
  /** `instead`: a message that goes in its place, with labelled columns masked. */
  | { act: "pass"; exchange: AgentExchange; instead?: Uint8Array }
  /** In its place goes one that must fail, and the target's error is replaced by this one. */
  | { act: "refuse"; request: Request; refusal: Refusal }
  /** The target refused a question that the message needed, and skips to a Sync: this is the answer. */
  | { act: "answer"; refusal: Refusal }
  /** It comes in the middle of a COPY, which it ends. */
  | { act: "disturb" }
  /** The target would ignore it. */
  | { act: "drop" };

/** An exchange of the agent's, with what the relay must know to pass the answer on. */
export interface AgentExchange extends Exchange {
  /** Stands in the place of the target's error. */
  refusal?: Refusal;
  limit?: ResultLimit;
  /** The target will wait for CopyData: nothing else is sent until it says so. */
  copyIn?: boolean;
  /** Labelled columns take part. */
  masked?: MaskedExchange;
  /** Lets it pass: to be used as its bytes leave, or withdrawn where they don't. */
  approval?: Pick<Hold, "used" | "withdraw">;
}

/** What the answer to a masked statement needs beside the rows, which the target has masked. */
export interface MaskedExchange {
  /** Names of the labels, sorted. */
  labels: readonly string[];
  /** A row of its result went to the agent. */
  row(): void;
}

/** What must be known before the message can be judged. */
export type Missing =
  | Need
  | { need: "policy" }
  /** What was sent before must be answered. */
  | { need: "answers" }
  | { need: "plan"; text: PlannedText }
  /** The target must take the text with masks before it runs. */
  | { need: "proof"; sql: string }
  | { need: "function"; oid: number }
  /** People must agree. `refused`: what the message gets where they don't. */
  | { need: "approval"; asked: Asked; refused(refusal: Refusal): Verdict };

/** `instead`: what goes in the message's place. */
export function pass(exchange: AgentExchange, instead?: Uint8Array): Verdict {
  return instead === undefined ? { act: "pass", exchange } : { act: "pass", exchange, instead };
}

export function refuse(request: Request, refusal: Refusal): Verdict {
  return { act: "refuse", request, refusal };
}

/** What a message that fails while it is judged is told. Throws on what is no message of the protocol: that ends the session. */
export function refusalOf(error: unknown): Refusal {
  if (error instanceof OwnQueryFailed) return Refusal.byTarget(error.body);
  if (error instanceof SallyportError && ENDING.has(error.code)) throw error;
  return Refusal.byError(error);
}

/** What a message asks for; for one of another type the least that can be refused. */
export function requestOf(type: number): Request {
  return REQUESTS[type] ?? "query";
}

/**
 * What is parsed must be what the target reads: bytes that are no UTF-8 could be read as other characters. `strings`:
 * how many the body begins with.
 */
export function utf8(body: Uint8Array, strings: number): Uint8Array {
  let end = 0;
  for (let count = 0; count < strings; count += 1) end = body.indexOf(0, end) + 1;
  if (isUtf8(body.subarray(0, end))) return body;
  throw Refusal.of("22021", 'invalid byte sequence for encoding "UTF8"');
}

/** Errors that end the session, not the statement. */
const ENDING: ReadonlySet<string> = new Set(["protocol_violation", "session_ended"]);

const REQUESTS: Partial<Record<number, Request>> = {
  [FRONTEND.Query.type]: "query",
  [FRONTEND.Parse.type]: "parse",
  [FRONTEND.Bind.type]: "bind",
  [FRONTEND.Execute.type]: "execute",
  [FRONTEND.FunctionCall.type]: "call",
  [FRONTEND.Describe.type]: "describe",
  [FRONTEND.Close.type]: "close",
  [FRONTEND.Sync.type]: "sync",
};
