import { Hono } from "hono";
import { SallyportError } from "../../protocol/errors.ts";
import type { Explained, ExplainedStatement, ExplainRequest } from "../../protocol/hub-messages.ts";
import { standingLeases } from "../directory/leases.ts";
import { currentStamp } from "../directory/policies.ts";
import { getTarget } from "../directory/targets.ts";
import type { Env } from "../environment.ts";
import type { Identity, Subject } from "../identity/identity.ts";
import {
  type ConnectDecision,
  connectRefusal,
  decideConnect,
  leaseFor,
  unknownTarget,
} from "../policy/connect.ts";
import { loadPolicies } from "../policy/sets.ts";
import { type SignedIn, signedIn } from "./edge.ts";
import { principalName } from "./names.ts";
import { body, list, object, oneOf, type Shape, type Shaped, text } from "./shape.ts";

/** Characters of what is explained. */
const MAX_TEXT = 256 * 1024;
const MAX_GROUPS = 200;
/** Characters of a login name. */
const MAX_ACCOUNT = 255;

const explained: Shape<string> = (value, at, tell) => {
  if (typeof value !== "string" || value.length > MAX_TEXT || value.includes("\0") || !value.isWellFormed()) {
    tell(`${at} must be a text of at most ${MAX_TEXT / 1024} KiB`);
  }
  return value as string;
};

/**
 * The body of `POST /v1/targets/NAME/explain`: about SQL, a command line or a request (`text`, as the target's kind has it; `sql`
 * for databases alone), or about opening the target.
 */
const Question = object(
  {},
  {
    text: explained,
    sql: explained,
    action: oneOf("connect"),
    database: text(63),
    account: text(MAX_ACCOUNT),
    as: principalName,
    onBehalfOf: principalName,
    groups: list(text(255), MAX_GROUPS),
  },
);
type Question = Shaped<typeof Question>;

/** What the policies in force say, before anybody tries. */
export const explainRoutes = new Hono<SignedIn>().post("/:name/explain", signedIn, async (c) => {
  const identity = c.get("identity");
  const question = await body(c.req.raw, Question, 2 * MAX_TEXT + 64 * 1024);
  const { sql, action, database, account } = question;
  if ([question.text, sql, action].filter((one) => one !== undefined).length !== 1) {
    throw new SallyportError("invalid_request", 'there must be one of text, sql, and action: "connect"');
  }
  const subject = subjectOf(identity, question);
  const target = await getTarget(c.env.DIRECTORY, c.req.param("name"));
  if (!target) throw unknownTarget(identity.principal, c.req.param("name"));
  const policy = await currentStamp(c.env.DIRECTORY);
  const set = await loadPolicies(c.env.DIRECTORY, policy.version);
  const connect = decideConnect(set, subject, target, "framed");
  if (!identity.administrator) await mayAsk(c.env, identity, target.name, connect, question);
  const asked = question.text ?? sql;
  if (asked === undefined) return c.json({ policy, ...connect });
  if (sql !== undefined && target.kind !== "postgres") {
    throw new SallyportError("invalid_request", `${target.name} is no database`, "Send text, not sql.");
  }
  const request: ExplainRequest = {
    ...subject,
    target: target.name,
    text: asked,
    ...(database !== undefined && { database }),
    ...(account !== undefined && { account }),
  };
  return c.json({ policy, statements: await ask(c.env, target.connector, request) });
});

/** Whom the question is about: oneself, or, for administrators, anybody. Throws `forbidden`. */
function subjectOf(identity: Identity, { as, onBehalfOf, groups }: Question): Subject {
  if ((as ?? identity.principal) === identity.principal && onBehalfOf === undefined && groups === undefined) {
    const { principal, groups, onBehalfOf } = identity;
    return { principal, groups, ...(onBehalfOf !== undefined && { onBehalfOf }) };
  }
  if (!identity.administrator) {
    throw new SallyportError(
      "forbidden",
      `${identity.principal} is not an administrator, and may ask for itself only`,
      "Leave out `as`, `onBehalfOf` and `groups`.",
    );
  }
  return {
    principal: as ?? identity.principal,
    groups: groups ?? [],
    ...(onBehalfOf !== undefined && { onBehalfOf }),
  };
}

/**
 * An answer about SQL tells of tables, columns and how many rows there are, one about a command line which account
 * one has, one about a request nothing but the policies: only who may open the target is told. About opening, who is listed is told why not. Throws what opening would.
 */
async function mayAsk(
  env: Env,
  identity: Identity,
  target: string,
  connect: ConnectDecision,
  { action }: Question,
): Promise<void> {
  const refusal = connectRefusal(connect, identity.principal, target);
  if (!refusal || (action !== undefined && refusal.code !== "unknown_target")) return;
  const leases =
    refusal.code === "approval_required"
      ? await standingLeases(env.DIRECTORY, { ...identity, target }, Date.now())
      : [];
  if (!leaseFor(connect, leases)) throw refusal;
}

/** Asks a replica, through its hub. Throws what it answered, or that it did not. */
async function ask(env: Env, connector: string, request: ExplainRequest): Promise<ExplainedStatement[]> {
  const answer = (await env.HUB.getByName(connector).explain(request)) as Explained["answer"];
  if ("statements" in answer) return answer.statements;
  const { code, message, hint } = answer.error;
  throw new SallyportError(code, message, hint);
}
