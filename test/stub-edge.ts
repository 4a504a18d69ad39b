import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Edge, startEdge } from "../client/local-edge/host.ts";
import type { Issuer, Problem, Settings } from "../protocol/directory.ts";
import { generateKey, type PrivateKey, publicKey } from "../protocol/signatures.ts";
import { issuerSettings, startIssuer, type TestIssuer } from "./oidc-provider.ts";
import { ALLOW_LISTED } from "./policies.ts";

const ENTRY = fileURLToPath(new URL("../workers/testing/stub-edge.ts", import.meta.url));

export const HOUR = 3_600_000;

export interface Answer {
  status: number;
  headers: Headers;
  /** The JSON object that came; a test says what it expects in it. */
  body: Record<string, unknown>;
}

/**
 * The edge's API over a real directory, with a real issuer, and with objects in place of sessions that only
 * remember: sessions are registered without a connector that serves them.
 */
export interface StubEdge {
  edge: Edge;
  issuer: TestIssuer;
  /** Lines that the edge has logged. */
  log: string[];
  /** The enrolled key of the connector `main`. */
  connectorKey: PrivateKey;
  /** The settings in force at the start; each call gives a new copy. */
  settings(): Settings;
  call(method: string, path: string, token?: string, content?: unknown): Promise<Answer>;
  /** `call` as the bootstrap administrator. */
  admin(method: string, path: string, content?: unknown): Promise<Answer>;
  apply(wanted: unknown, dryRun?: boolean): Promise<Answer>;
  whoami(token: string): Promise<Answer>;
  /** Makes a service token of the principal `service/NAME`. */
  newToken(name: string, expiresIn?: number): Promise<string>;
  /** Registers a session as open. */
  register(token: string, target?: string): Promise<Answer & { session: string }>;
  /** How a session was killed, or null. */
  killed(session: string): Promise<{ reason: string; by: string } | null>;
  stop(): Promise<void>;
}

export async function startStubEdge(): Promise<StubEdge> {
  const state = mkdtempSync(join(tmpdir(), "sallyport-stub-"));
  const log: string[] = [];
  const issuer = await startIssuer();
  const edge = await startEdge({ state, entry: ENTRY, onLog: (line) => log.push(line) });

  const call = async (method: string, path: string, token?: string, content?: unknown): Promise<Answer> => {
    const response = await fetch(new URL(path, edge.url), {
      method,
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
      ...(content !== undefined && {
        body: typeof content === "string" ? content : JSON.stringify(content),
      }),
    });
    const body = (await response.json()) as Record<string, unknown>;
    return { status: response.status, headers: response.headers, body };
  };
  const admin = (method: string, path: string, content?: unknown) =>
    call(method, path, edge.adminToken, content);

  const corp: Issuer = { ...issuerSettings(issuer.issuer, "sallyport-cli"), skewSeconds: 5 };
  const target = { kind: "postgres", connector: "main", description: "" } as const;
  const settings = (): Settings =>
    structuredClone({
      targets: [
        { name: "orders", ...target, allow: ["corp/*", "service/*"] },
        { name: "staff", ...target, allow: ["group:engineers"] },
      ],
      issuers: [corp],
      approvals: { slack: { users: [] } },
      administrators: ["group:platform"],
      limits: { sessionsPerPrincipal: 50 },
      policies: ALLOW_LISTED,
    });
  const apply = (wanted: unknown, dryRun = false) => admin("POST", "/v1/apply", { settings: wanted, dryRun });

  await done(apply(settings()));
  const { token } = await done(admin("POST", "/v1/connectors/main/enrolments", { expiresIn: 60_000 }));
  const connectorKey = await generateKey();
  await done(call("POST", "/v1/connectors/enroll", undefined, { token, key: publicKey(connectorKey) }));

  return {
    edge,
    issuer,
    log,
    connectorKey,
    settings,
    call,
    admin,
    apply,
    whoami: (token) => call("GET", "/v1/whoami", token),
    async newToken(name, expiresIn = HOUR) {
      const wanted = { name, principal: `service/${name}`, administrator: false, expiresIn };
      return (await done(admin("POST", "/v1/tokens", wanted))).token as string;
    },
    async register(token, target = "orders") {
      const session = randomBytes(16).toString("hex");
      return { session, ...(await call("POST", "/test/register", token, { session, target })) };
    },
    async killed(session) {
      const { body } = await call("GET", `/test/killed/${session}`);
      return body.killed as { reason: string; by: string } | null;
    },
    async stop() {
      await edge.dispose();
      await issuer.stop();
      rmSync(state, { recursive: true, force: true });
    },
  };
}

/** The body of an answer that must be good. */
export async function done(answer: Promise<Answer>): Promise<Record<string, unknown>> {
  const { status, body } = await answer;
  assert.ok(status < 300, JSON.stringify(body));
  return body;
}

/** Asserts a refusal: a problem of this code whose words match, with a challenge if it is about a token. */
export function refused(answer: Answer, code: string, words: RegExp): void {
  const problem = answer.body as unknown as Problem;
  assert.equal(problem.code, code, JSON.stringify(problem));
  assert.equal(problem.type, `urn:sallyport:error:${code}`);
  assert.equal(answer.status, problem.status);
  assert.match(problem.detail, words);
  assert.equal(answer.headers.get("content-type"), "application/problem+json");
  if (answer.status !== 401) return;
  const challenge = answer.headers.get("www-authenticate") ?? "";
  assert.match(challenge, /^Bearer realm="sallyport", error="invalid_token"/);
}
