import { Hono } from "hono";
import { decodePosition } from "../search/request.ts";
import { search } from "../search/search.ts";
import { MAX_SEARCH_TEXT, searchTerms } from "../search/terms.ts";
import { type SignedIn, signedIn } from "./edge.ts";
import { name, pageMembers, pageRequest, principalName } from "./names.ts";
import { object, oneOf, query, text, wholeText } from "./shape.ts";

const TIME = wholeText(0, 8_640_000_000_000_000);

const Query = object(
  {},
  {
    ...pageMembers,
    principal: principalName,
    target: name,
    kind: oneOf("statement", "command", "shell", "file", "forward", "request"),
    verdict: oneOf("allow", "approve", "block"),
    since: TIME,
    until: TIME,
    text: text(MAX_SEARCH_TEXT),
  },
);

/** What agents asked for: administrators search all sessions, others their own, as `GET /v1/sessions` shows them. */
export const searchRoutes = new Hono<SignedIn>().use(signedIn).get("/", async (c) => {
  const { principal, target, kind, verdict, since, until, text: words, ...page } = query(c.req.raw, Query);
  const { limit, cursor } = pageRequest(page);
  const identity = c.get("identity");
  const { onBehalfOf } = identity;
  const found = await search(c.env, {
    principal: principal ?? null,
    target: target ?? null,
    kind: kind ?? null,
    verdict: verdict ?? null,
    since: since ?? null,
    until: until ?? null,
    terms: words === undefined ? [] : searchTerms(words),
    owner: identity.administrator
      ? null
      : { principal: identity.principal, ...(onBehalfOf !== undefined && { onBehalfOf }) },
    after: cursor === null ? null : decodePosition(cursor),
    limit,
  });
  return c.json(found);
});
