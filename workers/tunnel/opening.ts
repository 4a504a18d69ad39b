import {
  carriesExchanges,
  type Limits,
  Path,
  type PolicyStamp,
  type SessionFacts,
} from "../../protocol/control.ts";
import type { Target } from "../../protocol/directory.ts";
import { SallyportError } from "../../protocol/errors.ts";
import { addressOf } from "../address.ts";
import { standingLeases } from "../directory/leases.ts";
import { currentStamp } from "../directory/policies.ts";
import { type DecideConnect, type Registering, register } from "../directory/registration.ts";
import { loadSettings, sessionLimits } from "../directory/settings.ts";
import { getTarget } from "../directory/targets.ts";
import type { Env } from "../environment.ts";
import { authenticate, bearerToken } from "../identity/authenticate.ts";
import type { Identity } from "../identity/identity.ts";
import { hashSecret } from "../identity/secret.ts";
import { tellingRefusal } from "../identity/telling-refusal.ts";
import { wakeLedger } from "../ledger/stub.ts";
import { logLine } from "../log-line.ts";
import {
  type ConnectDecision,
  connectRefusal,
  decideConnect,
  leaseFor,
  unknownTarget,
} from "../policy/connect.ts";
import { loadPolicies } from "../policy/sets.ts";
import { sessionStub } from "../session/stub.ts";
import { type RequestTrace, Untraced } from "../telemetry/request-trace.ts";
import { Remembered } from "./remembered.ts";

/** What a session's object needs to open it for an agent. */
export interface Opening {
  facts: SessionFacts;
  limits: Limits;
  /** To whom the recording is to be encrypted. */
  recipients: string[];
}

/** Carries an `Opening` as JSON from the Worker to the object. */
export const OPENING_HEADER = "sallyport-opening";

/** What is settled of a session before it is opened. */
export interface Settled {
  /** The id of a visitor's at the doorway, which speaks PostgreSQL's protocol. */
  session?: string;
  /** By which requests of mode `http` find the session. */
  exchangeKey?: string;
}

/**
 * Decides whether this identity may open the target, finds a connector for it, and registers the session. What the
 * identity may not open is unknown to it, unless the target lists it. Throws `unknown_target`, `forbidden`,
 * `invalid_request` for a way in that the target's kind has not, `connector_offline` and what `register` finds.
 */
export async function prepare(
  env: Env,
  identity: Identity,
  targetName: string,
  mode: SessionFacts["mode"],
  agentAddress: string,
  { session, exchangeKey }: Settled = {},
  trace: RequestTrace = new Untraced(),
): Promise<Opening> {
  const looking = () => lookUp(env, targetName, identity, mode);
  const { target, limits } = await trace.step("decide", looking);
  checkWayIn(target, mode, session !== undefined);
  const assignment = await trace.step("assign connector", async () =>
    env.HUB.getByName(target.connector).assign(target.name, session),
  );
  if (!assignment) {
    throw new SallyportError(
      "connector_offline",
      `no connector ${target.connector} that serves ${target.name} is online`,
      "Start `sallyport connector` in its network, or look at its log.",
    );
  }
  const opened = Date.now();
  const { credential } = identity;
  const registering: Registering = {
    session: assignment.session,
    principal: identity.principal,
    ...(identity.onBehalfOf !== undefined && { onBehalfOf: identity.onBehalfOf }),
    groups: identity.groups,
    target: target.name,
    kind: target.kind,
    connector: target.connector,
    opened,
    // An OIDC token proves who opens; a service token is itself the right, so its end is the session's.
    until:
      credential.kind === "service-token"
        ? Math.min(opened + limits.maxMs, credential.expires)
        : opened + limits.maxMs,
    address: agentAddress,
    mode,
    instance: assignment.instance,
  };
  trace.about(registering);
  const connect = new Connect(env, identity, mode, registering.session);
  const registered = await trace.step("register", () =>
    register(env.DIRECTORY, registering, credential, connect.decide, exchangeKey),
  );
  // Its row waits for the ledger, which looks soon: opening does not wait for that.
  void wakeLedger(env);
  if (registered === "ok") {
    const { instance: _instance, ...facts } = registering;
    const { granted } = connect;
    const until = Math.min(facts.until, granted.lease?.until ?? facts.until);
    const traced = trace.session();
    return {
      facts: { ...facts, ...granted, until, ...(traced && { trace: traced }) },
      limits,
      recipients: connect.recipients,
    };
  }
  // The connector that was to serve it may wait there: it must not wait for ever.
  const { session: id } = registering;
  await sessionStub(env, id).kill(id, registered.code, registered.message, "edge");
  throw registered;
}

/** Throws `invalid_request` where a target of this kind has no such way in. `visitor`: at the doorway. */
function checkWayIn({ name, kind }: Target, mode: SessionFacts["mode"], visitor: boolean): void {
  const refuse = (speaks: string, hint: string) => {
    throw new SallyportError("invalid_request", `${name} is a target of kind ${kind}, and ${speaks}`, hint);
  };
  if (mode === "http" && !carriesExchanges(kind)) {
    const command = kind === "ssh" ? `sallyport ssh ${name}` : `sallyport connect ${name}`;
    refuse("an HTTP request can't reach it", `Use \`${command}\`.`);
  } else if (visitor && kind !== "postgres") {
    refuse(
      "this connection speaks PostgreSQL's protocol",
      "Send the token in the upgrade's header `Authorization`, or use the `sallyport` command.",
    );
  } else if (mode === "raw" && carriesExchanges(kind)) {
    refuse(
      "a raw tunnel can't carry its exchanges",
      `Send requests to \`${Path.exchange(name)}/…\` at the edge.`,
    );
  }
}

/** What opening adds to a session's facts. */
type Granted = Pick<SessionFacts, "listed" | "policy" | "lease">;

/** The decision that counts: on what registration read, after the session's row was written. */
export class Connect {
  readonly #env: Env;
  readonly #identity: Identity;
  readonly #mode: SessionFacts["mode"];
  readonly #session: string | undefined;
  #granted: Granted | undefined;
  #recipients: string[] = [];

  /** `session`: which is opened, for lines of the log. */
  constructor(env: Env, identity: Identity, mode: SessionFacts["mode"], session?: string) {
    this.#env = env;
    this.#identity = identity;
    this.#mode = mode;
    this.#session = session;
  }

  /** On what an allowed session stands. */
  get granted(): Granted {
    return this.#granted!;
  }

  /** To whom its recording is to be encrypted. */
  get recipients(): string[] {
    return this.#recipients;
  }

  /** Never throws: a session that is registered must end by an error, not be forgotten as open. */
  readonly decide: DecideConnect = async (target, inForce, leases, recipients) => {
    this.#recipients = recipients;
    try {
      const policy = inForce ?? (await currentStamp(this.#env.DIRECTORY));
      stamps.set(IN_FORCE, policy, Date.now());
      const decided = await decideBy(this.#env, policy, this.#identity, target, this.#mode);
      const lease = leaseFor(decided, leases);
      const refusal = lease ? null : connectRefusal(decided, this.#identity.principal, target.name);
      if (refusal) return refusal;
      this.#granted = { listed: decided.listed, policy, ...(lease && { lease }) };
      return { lease };
    } catch (error) {
      if (error instanceof SallyportError) return error;
      const about = this.#session === undefined ? {} : { session: this.#session };
      logLine("error", "a connection could not be decided", { ...about, error });
      return new SallyportError("internal", "the edge could not decide on this connection, so it refuses");
    }
  };
}

async function decideBy(
  env: Env,
  policy: PolicyStamp,
  identity: Identity,
  target: Target,
  mode: SessionFacts["mode"],
): Promise<ConnectDecision> {
  const set = await loadPolicies(env.DIRECTORY, policy.version);
  return decideConnect(set, identity, target, mode);
}

const targets = new Remembered<{ target: Target; limits: Limits }>();
const stamps = new Remembered<PolicyStamp>();
const IN_FORCE = "in force";

/**
 * What is refused needs no connector: a first decision, on what is remembered, saves the round trips of one that
 * will be allowed. It never refuses by what is only remembered.
 */
async function lookUp(
  env: Env,
  name: string,
  identity: Identity,
  mode: SessionFacts["mode"],
): Promise<{ target: Target; limits: Limits }> {
  const now = Date.now();
  const known = targets.get(name, now);
  const stamp = stamps.get(IN_FORCE, now);
  if (known && stamp) {
    if (!(await refusalOf(env, stamp, identity, known.target, mode))) return known;
  }
  const [target, settings, current] = await Promise.all([
    getTarget(env.DIRECTORY, name),
    loadSettings(env.DIRECTORY),
    currentStamp(env.DIRECTORY),
  ]);
  if (!target) throw unknownTarget(identity.principal, name);
  const refusal = await refusalOf(env, current, identity, target, mode);
  if (refusal) throw refusal;
  stamps.set(IN_FORCE, current, now);
  return targets.set(name, { target, limits: sessionLimits(settings) }, now);
}

/** The policy set in force, as it was not longer ago than things are remembered. */
export async function policyInForce(env: Env): Promise<PolicyStamp> {
  const now = Date.now();
  return stamps.get(IN_FORCE, now) ?? stamps.set(IN_FORCE, await currentStamp(env.DIRECTORY), now);
}

/** Why opening would be refused now, or null. Leases are looked up where one is needed; they are never remembered. */
async function refusalOf(
  env: Env,
  policy: PolicyStamp,
  identity: Identity,
  target: Target,
  mode: SessionFacts["mode"],
): Promise<SallyportError | null> {
  const decided = await decideBy(env, policy, identity, target, mode);
  if (decided.decision.verdict === "approve") {
    const holder = { ...identity, target: target.name };
    if (leaseFor(decided, await standingLeases(env.DIRECTORY, holder, Date.now()))) return null;
  }
  return connectRefusal(decided, identity.principal, target.name);
}

const bearers = new Remembered<Identity>();

/** As `authenticate`, for opening a session: a service token's bearer is remembered, as `register` checks it again. */
export async function authenticateAgent(
  request: Request,
  env: Env,
  ctx: Pick<ExecutionContext, "waitUntil">,
  address = addressOf(request, env),
): Promise<Identity> {
  const now = Date.now();
  const key = hashSecret(await tellingRefusal(env, ctx, address, () => bearerToken(request)));
  const known = bearers.get(key, now);
  if (known) return known;
  const identity = await authenticate(request, env, ctx, address);
  return identity.credential.kind === "service-token" ? bearers.set(key, identity, now) : identity;
}
