import { SallyportError } from "../../protocol/errors.ts";
import { fieldValue } from "../../protocol/http/fields.ts";
import type { RequestHead } from "../../protocol/http/head.ts";
import { type HttpRequest, MAX_JUDGED_BODY } from "../../protocol/http/request.ts";
import type { Judged } from "./guard.ts";
import type { IncomingBody } from "./incoming-body.ts";
import type { Refusal } from "./refusal.ts";
import { bodyOf } from "./request-body.ts";
import type { Serving } from "./session.ts";

/** A request as it is judged, its head as it goes on, and its body where that was read as a whole. */
export interface JudgedRequest {
  head: RequestHead;
  judged: Judged;
  whole: Buffer | null;
}

/**
 * What is judged of a `request` that the rules have read (`isSeen`: its body is looked at): with its body, where a
 * policy, a person, the target or its kind wants it; else the body is to go on as it comes. Or why its body is refused
 * before it is judged. Throws `invalid_request`, `limit_exceeded`, `too_many`; `agent_gone` once the body was given up.
 */
export async function judgedRequest(
  head: RequestHead,
  request: HttpRequest,
  isSeen: boolean,
  body: IncomingBody,
  { rules, guard, masks, streamsBodies }: Serving,
): Promise<JudgedRequest | { refusal: Refusal }> {
  const of = (whole: Buffer | null, streamed: boolean): JudgedRequest =>
    judgedAs(rules, head, request, whole, { streamed, transcoded: false });
  if (!head.body) return of(null, false);
  const mustRead = rules.readsBodies || masks.hasPlaceholders || !streamsBodies;
  if (!mustRead && !isSeen) {
    const streamed = of(null, true);
    if (guard.verdict(streamed.judged) !== "approve") return streamed;
  }
  let whole: Buffer;
  try {
    whole = await body.whole(MAX_JUDGED_BODY);
  } catch (error) {
    const isTooLong = error instanceof SallyportError && error.code === "limit_exceeded";
    if (!isTooLong || mustRead) throw error;
    return of(null, true);
  }
  const other = rules.transcoded(request, head, whole, isSeen);
  if (other === null) return of(whole, false);
  if ("refusal" in other) return other;
  const { transcoded } = other;
  body.replace(transcoded.body);
  return judgedAs(rules, transcoded.head, rules.request(transcoded.head), transcoded.body, {
    streamed: false,
    transcoded: true,
  });
}

function judgedAs(
  rules: Serving["rules"],
  head: RequestHead,
  request: HttpRequest,
  whole: Buffer | null,
  { streamed, transcoded }: { streamed: boolean; transcoded: boolean },
): JudgedRequest {
  const coding = fieldValue(head.fields, "content-encoding");
  const asked: HttpRequest = { ...request, body: whole && bodyOf(whole, coding), streamed };
  return {
    head,
    judged: { request: asked, facts: rules.facts(asked, head, whole), transcoded, unreadable: null },
    whole,
  };
}
