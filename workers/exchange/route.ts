import type { TargetKind } from "../../protocol/control.ts";
import { type ErrorCode, SallyportError } from "../../protocol/errors.ts";
import type { RequestHead } from "../../protocol/http/head.ts";
import { addressOf } from "../address.ts";
import { getTarget } from "../directory/targets.ts";
import type { Env } from "../environment.ts";
import { unknownTarget } from "../policy/connect.ts";
import { sessionStub } from "../session/stub.ts";
import { type RequestTrace, traced } from "../telemetry/request-trace.ts";
import { authenticateAgent } from "../tunnel/opening.ts";
import { errorAnswer } from "./answer.ts";
import { exchangeKey, type Found, find, forget, open, type Seeker } from "./finding.ts";
import { bearerOf, handedOver, type Place, REFUSED_HEADER, requestHead } from "./request.ts";

/** Errors that tell nothing of a target's kind to who may not know of it. */
const BEFORE_KIND: ReadonlySet<ErrorCode> = new Set(["unauthenticated", "unknown_target"]);

/**
 * One HTTP request to a target at the edge's own address: finds or opens the session, and hands the request to its
 * object. Every request proves who sends it, in a header; a token in a URL is not looked at, and a page of another
 * origin can't make a browser add one. Answers errors as the target's kind has them.
 */
export function exchange(
  request: Request,
  place: Place,
  env: Env,
  ctx: Pick<ExecutionContext, "waitUntil">,
): Promise<Response> {
  return traced(request, "/t/:target", env, ctx, (trace) => exchangeWithin(trace, request, place, env, ctx));
}

async function exchangeWithin(
  trace: RequestTrace,
  request: Request,
  place: Place,
  env: Env,
  ctx: Pick<ExecutionContext, "waitUntil">,
): Promise<Response> {
  let kind: TargetKind | null = null;
  try {
    const identity = await trace.step("authenticate", () => authenticateAgent(withBearer(request), env, ctx));
    if (place.name === "") throw unknownTarget(identity.principal, place.base.slice("/t/".length));
    const seeker = { identity, target: place.name, address: addressOf(request, env) };
    const head = requestHead(request, place, trace.span);
    const key = await exchangeKey(env, seeker);
    const found = await find(env, key);
    if (found) {
      kind = found.kind;
      trace.about({ ...found, target: place.name });
      const answer = await hand(env, request, found, head);
      if (answer) return answer;
      await forget(env, key, found);
    }
    return await handAnew(env, request, head, key, seeker, trace);
  } catch (error) {
    return errorAnswer(error, kind ?? (await kindFor(error, env, place.name)));
  }
}

async function handAnew(
  env: Env,
  request: Request,
  head: RequestHead,
  key: string,
  seeker: Seeker,
  trace: RequestTrace,
): Promise<Response> {
  const found = await open(env, key, seeker, trace);
  trace.about({ ...found, target: seeker.target });
  const answer = await hand(env, request, found, head);
  if (answer) return answer;
  throw new SallyportError("connector_offline", "the session ended as it opened", "Send the request again.");
}

/**
 * Gives the request to the session's object; null where the session is over, and the request untouched. A body can be
 * given away once only, so the object is asked before.
 */
async function hand(env: Env, request: Request, found: Found, head: RequestHead): Promise<Response | null> {
  const stub = sessionStub(env, found.session);
  if (head.body && !(await stub.takesExchanges(found.session))) return null;
  const response = await stub.fetch(handedOver(request, found.session, head));
  if (!response.headers.has(REFUSED_HEADER)) return response;
  if (!head.body) return null;
  throw new SallyportError("connector_offline", "the session has just ended", "Send the request again.");
}

function withBearer(request: Request): Request {
  return new Request("https://edge/", { headers: { authorization: bearerOf(request) } });
}

/** The target's kind, for an error that is told to somebody who may know of the target. */
async function kindFor(error: unknown, env: Env, name: string): Promise<TargetKind | null> {
  if (error instanceof SallyportError && BEFORE_KIND.has(error.code)) return null;
  try {
    return (await getTarget(env.DIRECTORY, name))?.kind ?? null;
  } catch {
    // The directory is what failed, and a problem tells that as well.
    return null;
  }
}
