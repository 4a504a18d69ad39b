import type { Page } from "../protocol/directory.ts";
import { SallyportError } from "../protocol/errors.ts";
import { fetchOnce, isPrivate, problemError, readJson } from "./json-fetch.ts";

/** How long the edge may take to answer, ms. */
const ANSWER_MS = 30_000;
const PAGE = 100;

/** The token to send now; a stored one is refreshed first when it is about to expire. */
export type TokenSource = () => Promise<string>;

/** The edge's HTTP API. Every method throws `SallyportError`: the edge's own, or `edge_unreachable`. */
export class EdgeApi {
  readonly edge: URL;
  readonly token: TokenSource;

  constructor(edge: URL, token: TokenSource) {
    this.edge = edge;
    this.token = token;
  }

  get<T>(path: string, query: Record<string, string | undefined> = {}): Promise<T> {
    return this.#json("GET", path, query);
  }

  /** `limitMs`: how long the edge may take, where that is longer than usual. */
  post<T>(path: string, body: unknown, limitMs = ANSWER_MS): Promise<T> {
    return this.#json("POST", path, {}, body, limitMs);
  }

  delete<T>(path: string, body?: unknown): Promise<T> {
    return this.#json("DELETE", path, {}, body);
  }

  /** The items of a listing, page after page, at most `limit`. */
  async list<T>(path: string, limit: number, query: Record<string, string | undefined> = {}): Promise<T[]> {
    const items: T[] = [];
    let cursor: string | undefined;
    do {
      const size = Math.min(limit - items.length, PAGE);
      const page: Page<T> = await this.get(path, { ...query, limit: String(size), cursor });
      items.push(...page.items);
      cursor = page.next ?? undefined;
    } while (cursor !== undefined && items.length < limit);
    return items;
  }

  /** An answer whose body the caller reads as it comes, such as a recording; only its beginning has a time limit. */
  async stream(path: string): Promise<Response> {
    return this.#send("GET", path, {});
  }

  async #json<T>(
    method: string,
    path: string,
    query: Record<string, string | undefined> = {},
    body?: unknown,
    limitMs = ANSWER_MS,
  ): Promise<T> {
    return (await readJson(await this.#send(method, path, query, body, limitMs))) as T;
  }

  async #send(
    method: string,
    path: string,
    query: Record<string, string | undefined>,
    body?: unknown,
    limitMs = ANSWER_MS,
  ): Promise<Response> {
    const headers = { authorization: `Bearer ${await this.token()}` };
    return sendToEdge(this.edge, method, path, { query, headers, body, limitMs });
  }
}

/** What an edge tells anybody, such as `/v1/login`. */
export async function getPublic<T>(edge: URL, path: string): Promise<T> {
  return (await readJson(await sendToEdge(edge, "GET", path, { query: {}, headers: {} }))) as T;
}

/** As `getPublic`, of what is no JSON: the caller reads the body, and bounds it. */
export async function fetchPublic(edge: URL, path: string): Promise<Response> {
  return sendToEdge(edge, "GET", path, { query: {}, headers: { accept: "*/*" } });
}

/**
 * The edge that a text names: `https://`, or `http://` on this machine only, as the token goes with every request.
 * Throws `invalid_config`.
 */
export function edgeUrl(text: string): URL {
  const url = URL.parse(text);
  if (!url || !/^https?:$/.test(url.protocol) || url.username || url.password) {
    throw new SallyportError(
      "invalid_config",
      `${text.includes("@") ? "The edge's address" : text} is not the URL of an edge.`,
      "It looks like https://sallyport.example.com or http://127.0.0.1:7843.",
    );
  }
  if (!isPrivate(url)) {
    throw new SallyportError(
      "invalid_config",
      `${url.origin} is not encrypted: your token would go over the network in the clear.`,
      "Use https://; plain http:// is for an edge on this machine.",
    );
  }
  return new URL(url.origin);
}

async function sendToEdge(
  edge: URL,
  method: string,
  path: string,
  parts: {
    query: Record<string, string | undefined>;
    headers: Record<string, string>;
    body?: unknown;
    limitMs?: number;
  },
): Promise<Response> {
  const url = new URL(path, edge);
  for (const [name, value] of Object.entries(parts.query)) {
    if (value !== undefined) url.searchParams.set(name, value);
  }
  const init: RequestInit = { method, headers: { accept: "application/json", ...parts.headers } };
  if (parts.body !== undefined) {
    init.headers = { ...init.headers, "content-type": "application/json" };
    init.body = JSON.stringify(parts.body);
  }
  const response = await fetchOnce(url, init, parts.limitMs ?? ANSWER_MS, (why) => unreachable(edge, why));
  if (response.ok) return response;
  throw (
    problemError(await readJson(response)) ??
    new SallyportError(
      "edge_unreachable",
      `${edge.origin} answered with HTTP status ${response.status}, and not as an edge does.`,
      "Check the address; a proxy before the edge may have answered.",
    )
  );
}

function unreachable(edge: URL, why: string): SallyportError {
  return new SallyportError(
    "edge_unreachable",
    `The edge ${edge.origin} can't be reached: ${why}.`,
    "Check the address (--edge, SALLYPORT_EDGE) and that the edge runs: `sallyport dev` starts one here.",
  );
}
