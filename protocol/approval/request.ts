import { isHttpRequest, readHttpRequest } from "../http/request-reading.ts";
import { exchangeActions } from "../policy/exchange.ts";
import { actionsOf } from "../policy/ssh.ts";
import { isSshRequest, readSshRequest } from "../ssh/request-reading.ts";
import type { HeldRequest, RequestQuestion } from "./approval.ts";

/** Reads a request that people are asked about, strictly. Null for what is none, or can't be shown whole. */
export function readHeldRequest(value: unknown): HeldRequest | null {
  return readSshRequest(value) ?? readHttpRequest(value);
}

/** Whether what stands in a recording is a request that was held; members may have been added since. */
export function isHeldRequest(value: unknown): value is HeldRequest {
  return isSshRequest(value) || isHttpRequest(value);
}

/** The Cedar actions that a request is judged as; `unreadable`: those of its response, which can't be looked into. */
export function heldActions(request: HeldRequest, unreadable: boolean): string[] {
  if (request.type !== "http") return actionsOf(request);
  return unreadable ? ["http:unreadable"] : exchangeActions(request);
}

/** Whether these are the actions of a question about the request, in whatever order. */
export function areHeldActions(request: HeldRequest, actions: readonly string[]): boolean {
  const given = actions.toSorted().join();
  return [false, true].some((unreadable) => heldActions(request, unreadable).sort().join() === given);
}

/** Whether a request of this kind can be held under this account: SSH has a login name, an HTTP target knows of none. */
export function hasItsAccount({ account, request }: Pick<RequestQuestion, "account" | "request">): boolean {
  if (request.type !== "http") return account !== "";
  return request.kubernetes !== null || account === "";
}

/** All that a request says in words of its agent's. */
export function textsOf(request: HeldRequest): string[] {
  switch (request.type) {
    case "exec":
      return [request.command];
    case "shell":
      return [];
    case "file":
      return [request.path, request.other ?? ""];
    case "forward":
      return [request.host];
    case "http":
      return [
        request.method,
        request.target,
        request.contentType ?? "",
        ...request.fields.flat(),
        request.body?.text ?? "",
      ];
  }
}
