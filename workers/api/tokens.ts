import { Hono } from "hono";
import { SallyportError } from "../../protocol/errors.ts";
import { openSessionsOf } from "../directory/open-sessions.ts";
import { createToken, listTokens, revokeToken } from "../directory/tokens.ts";
import { BOOTSTRAP } from "../identity/authenticate.ts";
import { hashSecret, SECRET_BYTES, SecretPrefix, secretText } from "../identity/secret.ts";
import { dismissWatchers, endSessions } from "../session/revocation.ts";
import { actor, administrator, type SignedIn, signedIn } from "./edge.ts";
import { pageQuery, pageRequest, principalName, tokenName } from "./names.ts";
import { body, flag, object, parse, query, whole } from "./shape.ts";

const SECOND = 1_000;
const YEAR = 366 * 24 * 60 * 60 * SECOND;

const NewToken = object(
  {
    name: tokenName,
    principal: principalName,
    administrator: flag,
    expiresIn: whole(SECOND, YEAR),
  },
  {},
);

export const tokenRoutes = new Hono<SignedIn>()
  .use(signedIn, administrator)
  .get("/", async (c) => {
    return c.json(await listTokens(c.env.DIRECTORY, pageRequest(query(c.req.raw, pageQuery))));
  })
  .post("/", async (c) => {
    const { expiresIn, ...wanted } = await body(c.req.raw, NewToken);
    if (wanted.principal === BOOTSTRAP || wanted.principal.startsWith("group:")) {
      throw new SallyportError("invalid_request", `${wanted.principal} can't be the principal of a token`);
    }
    const by = actor(c.get("identity"));
    const secret = secretText(
      SecretPrefix.serviceToken,
      crypto.getRandomValues(new Uint8Array(SECRET_BYTES)),
    );
    const expires = by.time + expiresIn;
    const token = await createToken(c.env.DIRECTORY, { ...wanted, expires }, hashSecret(secret), by);
    return c.json({ token: secret, ...token }, 201);
  })
  .delete("/:name", async (c) => {
    const token = parse(tokenName, c.req.param("name"));
    const by = actor(c.get("identity"));
    await revokeToken(c.env.DIRECTORY, token, by);
    const sessions = await openSessionsOf(c.env.DIRECTORY, { token });
    const [killed] = await Promise.all([
      endSessions(c.env, sessions, `the token ${token} was revoked`, by.principal),
      dismissWatchers(c.env, { token }),
    ]);
    return c.json({ killed });
  });
