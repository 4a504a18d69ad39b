import { Hono } from "hono";
import { type PublicKey, parsePublicKey } from "../../protocol/signatures.ts";
import { createEnrolment, enrol, listConnectors, revokeConnector } from "../directory/connectors.ts";
import { openSessionsOf } from "../directory/open-sessions.ts";
import type { Env } from "../environment.ts";
import { hashSecret, SECRET_BYTES, SecretPrefix, secretText } from "../identity/secret.ts";
import { endSessions } from "../session/revocation.ts";
import { actor, administrator, type SignedIn, signedIn } from "./edge.ts";
import { name, pageQuery, pageRequest } from "./names.ts";
import { body, object, parse, pattern, query, type Shape, whole } from "./shape.ts";

const SECOND = 1_000;
const WEEK = 7 * 24 * 60 * 60 * SECOND;

const Invitation = object({ expiresIn: whole(SECOND, WEEK) }, {});

/** A JWK; `parsePublicKey` says whether it is an Ed25519 one, and keeps only what makes it that. */
const publicKey: Shape<PublicKey> = (value) => parsePublicKey(value);
const Enrolment = object({ token: pattern(/^sye_[\w-]{43}$/, "an enrolment token"), key: publicKey }, {});

/** Enrolment itself: the one-time token is the proof, so there is no bearer. */
export const enrolmentRoutes = new Hono<{ Bindings: Env }>().post("/enroll", async (c) => {
  const { token, key } = await body(c.req.raw, Enrolment);
  const enrolled = await enrol(c.env.DIRECTORY, hashSecret(token), key, crypto.randomUUID(), Date.now());
  if (enrolled.replaced) {
    await shutOut(c.env, enrolled.name, "its key was replaced", `connector/${enrolled.name}`);
  }
  return c.json({ name: enrolled.name, key: enrolled.key }, 201);
});

export const connectorRoutes = new Hono<SignedIn>()
  .use(signedIn, administrator)
  .get("/", async (c) => {
    const page = await listConnectors(c.env.DIRECTORY, pageRequest(query(c.req.raw, pageQuery)));
    const items = await Promise.all(
      page.items.map(async (connector) => ({
        ...connector,
        replicas: await c.env.HUB.getByName(connector.name).replicas(),
      })),
    );
    return c.json({ ...page, items });
  })
  .post("/:name/enrolments", async (c) => {
    const connector = parse(name, c.req.param("name"));
    const { expiresIn } = await body(c.req.raw, Invitation);
    const by = actor(c.get("identity"));
    const token = secretText(SecretPrefix.enrolment, crypto.getRandomValues(new Uint8Array(SECRET_BYTES)));
    const expires = by.time + expiresIn;
    await createEnrolment(c.env.DIRECTORY, connector, hashSecret(token), expires, by);
    return c.json({ token, expires }, 201);
  })
  .delete("/:name", async (c) => {
    const connector = parse(name, c.req.param("name"));
    const by = actor(c.get("identity"));
    await revokeConnector(c.env.DIRECTORY, connector, by);
    return c.json({ killed: await shutOut(c.env, connector, "its key was revoked", by.principal) });
  });

/** Closes the control sockets of a connector and ends its sessions: who holds its old key is out. */
async function shutOut(env: Env, connector: string, why: string, by: string): Promise<number> {
  await env.HUB.getByName(connector).dropKey();
  const sessions = await openSessionsOf(env.DIRECTORY, { connector });
  return endSessions(env, sessions, `the connector ${connector} is out: ${why}`, by);
}
