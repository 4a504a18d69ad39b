import { requestDigest } from "../approval/digest.ts";
import type { ExchangeFacts } from "../http/facts.ts";
import type { ExchangeAction, HttpAction, HttpRequest, KubernetesAction } from "../http/request.ts";
import type { RequestInfo } from "../kubernetes/request-info.ts";
import type { Block, Decision } from "./decision.ts";
import {
  apiRequestContext,
  BODY_ATTRIBUTES,
  type ExchangeCircumstances,
  exchangeContext,
  unreadableContext,
} from "./exchange-context.ts";
import { MAX_NAMES, worst } from "./judge.ts";
import type { PolicySet, PolicyTarget, Subject } from "./policy-set.ts";
import { bounded } from "./reason.ts";

export type { ExchangeCircumstances } from "./exchange-context.ts";

/** Characters of all names and values that policies are told of one request. */
const MAX_CHARACTERS = 16 * 1024 * 1024;

/**
 * The verdict on one request: the worst over its actions. `facts`: of the body as far as it was read; policies see what
 * was not as `bodyForm` "unread" and not `complete`. Never throws.
 */
export function judgeExchange(
  set: PolicySet,
  subject: Subject,
  target: PolicyTarget,
  request: HttpRequest,
  facts: ExchangeFacts,
  now: ExchangeCircumstances,
): Decision {
  return judged(set, subject, target, exchangeActions(request), () => contextOf(request, facts, now));
}

/**
 * The verdict on letting a response reach the agent that can't be looked into, or a WebSocket's messages. `contentType`:
 * of the response; empty where it names none. Never throws.
 */
export function judgeUnreadable(
  set: PolicySet,
  subject: Subject,
  target: PolicyTarget,
  request: HttpRequest,
  facts: ExchangeFacts,
  contentType: string,
  now: ExchangeCircumstances,
): Decision {
  const context = () => unreadableContext(request, facts, contentType, now);
  return judged(set, subject, target, ["http:unreadable"], context);
}

/**
 * The Cedar actions that a request is judged as, each once; none for a verb that the API server has not. A WebSocket is
 * begun by GET and carries anything: it is judged as `http:other`, too.
 */
export function exchangeActions({ method, websocket, kubernetes }: HttpRequest): ExchangeAction[] {
  if (kubernetes !== null) return kubernetesActions(kubernetes, websocket);
  const action = METHODS.get(method) ?? "http:other";
  return websocket ? [action, ...(action === "http:other" ? [] : (["http:other"] as const))] : [action];
}

/**
 * By what requests are the same to counts and to approvals of scope `fingerprint`: all that they are, with every byte
 * of the body. Nothing less would do: which part of a body does not matter only its server knows.
 */
export function exchangeFingerprint(account: string, request: HttpRequest, _facts: ExchangeFacts): string {
  return requestDigest(account, request);
}

/**
 * Whether a policy for one of the request's actions looks at what its body holds. Where none does, the body may go on as
 * it comes (`streamed`) if the verdict is `allow`; a verdict `approve` needs all of it, to be shown.
 */
export function seesBody(set: PolicySet, actions: readonly ExchangeAction[]): boolean {
  return actions.some((action) => BODY_ATTRIBUTES.some((name) => set.looksAt(action, name)));
}

const METHODS: ReadonlyMap<string, HttpAction> = new Map([
  ["GET", "http:get"],
  ["HEAD", "http:head"],
  ["OPTIONS", "http:options"],
  ["POST", "http:post"],
  ["PUT", "http:put"],
  ["PATCH", "http:patch"],
  ["DELETE", "http:delete"],
]);

const VERBS: ReadonlyMap<string, KubernetesAction> = new Map([
  ["get", "kubernetes:get"],
  ["list", "kubernetes:list"],
  ["watch", "kubernetes:watch"],
  ["create", "kubernetes:create"],
  ["update", "kubernetes:update"],
  ["patch", "kubernetes:patch"],
  ["delete", "kubernetes:delete"],
  ["deletecollection", "kubernetes:deletecollection"],
]);

/** Subresources that lead into a pod, a node or a service, whatever the method. */
const CONNECTING: ReadonlySet<string> = new Set(["exec", "attach", "portforward", "proxy"]);

function kubernetesActions({ isResource, verb, subresource }: RequestInfo, websocket: boolean) {
  if (!isResource) return ["kubernetes:nonresource" as const];
  const connects = verb === "proxy" || CONNECTING.has(subresource) || (websocket && verb !== "watch");
  const action = connects ? "kubernetes:connect" : VERBS.get(verb);
  return action === undefined ? [] : [action];
}

function contextOf(
  request: HttpRequest,
  facts: ExchangeFacts,
  now: ExchangeCircumstances,
): Record<string, unknown> {
  const { kubernetes } = request;
  if (facts.type === "http" && kubernetes === null) return exchangeContext(request, facts, now);
  if (facts.type === "kubernetes" && kubernetes !== null) {
    return apiRequestContext(request, kubernetes, facts, now);
  }
  throw new Error("the facts are of another kind of target than the request");
}

function judged(
  set: PolicySet,
  subject: Subject,
  target: PolicyTarget,
  actions: readonly ExchangeAction[],
  contextOf: () => Record<string, unknown>,
): Decision {
  let context: Record<string, unknown>;
  try {
    context = contextOf();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return blocked(`What is asked for could not be looked into: ${bounded(why, 300)}`);
  }
  return worst(
    actions.map((action) => {
      const tooMuch = excess(context, (name) => set.looksAt(action, name));
      if (tooMuch !== null) return blocked(`The request ${tooMuch}: too much to be judged. Split it.`);
      return set.decide(subject, action, target, context);
    }),
  );
}

/** What of a request is more than policies are asked about; null where nothing is. What none looks at is no burden. */
function excess(context: Record<string, unknown>, looksAt: (name: string) => boolean): string | null {
  let names = 0;
  let characters = 0;
  for (const [name, values] of Object.entries(context)) {
    if (!Array.isArray(values) || !looksAt(name)) continue;
    names += values.length;
    for (const value of values as string[]) characters += value.length;
  }
  if (names > MAX_NAMES) return `has more than ${MAX_NAMES} parameters and fields`;
  return characters > MAX_CHARACTERS ? "has fields that are too long" : null;
}

function blocked(reason: string): Block {
  return { verdict: "block", policies: [], reason: bounded(reason) };
}
