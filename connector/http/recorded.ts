import type { ExchangeFacts } from "../../protocol/http/facts.ts";
import type { HttpRequest } from "../../protocol/http/request.ts";
import type { Judged } from "./guard.ts";

/** What was judged, as it is recorded: the body itself is in the agent's own frames, but where it is another one. */
export function recorded({ request, facts, transcoded }: Judged): {
  request: HttpRequest;
  facts: ExchangeFacts;
} {
  if (transcoded) return { request, facts };
  return { request: { ...request, body: request.body && { ...request.body, text: null } }, facts };
}
