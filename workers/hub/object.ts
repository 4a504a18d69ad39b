import { DurableObject } from "cloudflare:workers";
import { randomBytes } from "node:crypto";
import { closeFrame, type EndCode } from "../../protocol/close-reason.ts";
import { Header, PING, PONG, SUBPROTOCOL } from "../../protocol/control.ts";
import type { Connector } from "../../protocol/directory.ts";
import { SallyportError } from "../../protocol/errors.ts";
import {
  ANSWER_OF,
  type Answer,
  type CancelElsewhere,
  type Dial,
  type Explained,
  type ExplainRequest,
  type LabelsScanned,
  MAX_SPARES,
  type PolicyInForce,
  type Question,
  type ReplicaMessage,
} from "../../protocol/hub-messages.ts";
import type { ScanLabelsRequest } from "../../protocol/label-scan.ts";
import { noteHostKey } from "../directory/host-keys.ts";
import { currentPolicies } from "../directory/policies.ts";
import { addInstance } from "../directory/sessions.ts";
import type { Env } from "../environment.ts";
import { takeMs } from "../environment.ts";
import { logLine } from "../log-line.ts";
import { Questions } from "./questions.ts";
import { parseReplicaMessage } from "./replica-message.ts";
import { choose, isLive, type Replica } from "./replicas.ts";
import { issueTicket, TICKET_MS } from "./ticket.ts";
import { Waiting } from "./waiting.ts";

/** Headers in which the Worker says who it has authenticated. */
export const REPLICA_HEADER = "sallyport-replica";

/** Bytes of target names kept with a socket across hibernation. */
const MAX_TARGETS = 1_024;
/** How long a replica may take to answer, ms. */
const ANSWER_MS: Record<Question["type"], number> = { explain: 10_000, scan_labels: 60_000 };
const ANSWERS: readonly string[] = Object.values(ANSWER_OF);

/** Who serves a new session, and in which session it does. */
export interface Assignment {
  session: string;
  instance: string;
}

/** Which replicas judge by a policy set; those that did not say so in time are cut off. */
export interface Uptake {
  taken: string[];
  cut: string[];
}

/**
 * Which processes of one connector are online, and who of them takes the next session. Carries control only:
 * bytes never pass here. What it knows of a replica lives in the socket's attachment, so it may hibernate.
 */
export class ConnectorHub extends DurableObject<Env> {
  readonly #replicas = new Map<WebSocket, Replica>();
  readonly #questions = new Questions<WebSocket>();
  readonly #uptake = new Waiting();
  /** The latest policies that this object was told of; a socket may be on its way in while they come. */
  #policies: PolicyInForce | null = null;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair(PING, PONG));
    for (const socket of ctx.getWebSockets())
      this.#replicas.set(socket, socket.deserializeAttachment() as Replica);
  }

  /** The control socket of a replica that the Worker has authenticated. */
  override async fetch(request: Request): Promise<Response> {
    const { name, key } = JSON.parse(request.headers.get(REPLICA_HEADER)!) as { name: string; key: string };
    const instance = request.headers.get(Header.instance) ?? "";
    const { version, revision, text } = await currentPolicies(this.env.DIRECTORY);
    const read: PolicyInForce = { type: "policy", version, revision, text };
    const now = Date.now();
    const pair = new WebSocketPair();
    for (const [socket, replica] of this.#replicas)
      if (replica.instance === instance)
        this.#remove(socket, "unauthenticated", "replaced by a newer socket");
    this.ctx.acceptWebSocket(pair[1]);
    // Before anything else: what it is to judge by.
    const latest = this.#latest(read);
    pair[1].send(JSON.stringify(latest));
    this.#keep(pair[1], {
      connector: name,
      instance,
      key,
      targets: null,
      sessions: 0,
      spares: [],
      since: now,
      hostKey: null,
      told: latest.revision,
      taken: 0,
      seen: now,
    });
    return new Response(null, {
      status: 101,
      webSocket: pair[0],
      headers: { "sec-websocket-protocol": SUBPROTOCOL },
    });
  }

  override webSocketMessage(socket: WebSocket, text: string | ArrayBuffer): void {
    const replica = this.#replicas.get(socket);
    if (!replica) return;
    try {
      this.#message(socket, replica, parseReplicaMessage(text));
    } catch (error) {
      const known =
        error instanceof SallyportError
          ? error
          : new SallyportError("protocol_violation", "a control message cannot be read");
      const close = closeFrame(known.code, known.message);
      this.#forget(socket);
      socket.close(close.code, close.reason);
    }
  }

  override webSocketClose(socket: WebSocket): void {
    this.#forget(socket);
    // A hibernatable socket's closing handshake is ours to answer; unanswered, the peer waits for seconds.
    socket.close(1000);
  }

  override webSocketError(socket: WebSocket): void {
    this.#forget(socket);
  }

  /**
   * RPC. Picks a replica for a new session: one that already waits in a spare, else it is told to dial in. With
   * `session` given that session is dialled. Null when no replica that serves the target is online.
   */
  assign(target: string, session?: string): Assignment | null {
    const now = Date.now();
    const replica = choose(this.#live(now), target, now, Math.random);
    if (!replica) return null;
    const socket = this.#socketOf(replica.instance)!;
    const spare = session === undefined ? replica.spares.shift() : undefined;
    const chosen = session ?? spare ?? newSessionId();
    replica.sessions++;
    this.#keep(socket, replica);
    if (spare === undefined) this.#dial(socket, replica, chosen, false);
    return { session: chosen, instance: replica.instance };
  }

  /** RPC. Asks once more for a replica to join a session whose first did not come; either may be the one that does. */
  async dial(target: string, session: string): Promise<void> {
    const assignment = this.assign(target, session);
    if (assignment) await addInstance(this.env.DIRECTORY, session, assignment.instance);
  }

  /** RPC. Whether this process is online. */
  isLive(instance: string): boolean {
    return this.#live(Date.now()).some((replica) => replica.instance === instance);
  }

  /** RPC. The replicas that are online. */
  replicas(): Connector["replicas"] {
    return this.#live(Date.now()).map(({ instance, sessions, targets, since }) => ({
      instance,
      sessions,
      targets: targets ?? [],
      since,
    }));
  }

  /** RPC. Closes the control sockets of a key that is no longer good; without one, all. */
  dropKey(key?: string): void {
    for (const [socket, replica] of [...this.#replicas]) {
      if (key === undefined || replica.key === key)
        this.#remove(socket, "unauthenticated", "the connector's key was revoked");
    }
  }

  /**
   * RPC. Tells every replica that these policies are in force, and waits, `takeMs` at most, until all that are online
   * and those expected say that they judge by them. The control sockets of the others are closed: a new one begins
   * with what is in force.
   */
  async policies(message: PolicyInForce, expected: readonly string[]): Promise<Uptake> {
    const latest = this.#latest(message);
    for (const [socket, replica] of [...this.#replicas]) {
      // Who was told already, by another change or on a new socket, need only answer.
      if (replica.told < latest.revision) this.#tellPolicies(socket, replica, latest);
    }
    const took = (replica: Replica) => replica.taken >= message.revision;
    const all = () => {
      const replicas = [...this.#replicas.values()];
      const here = new Set(replicas.map(({ instance }) => instance));
      return replicas.every(took) && expected.every((instance) => here.has(instance));
    };
    await this.#uptake.until(all, takeMs(this.env));
    const [taken, cut]: [string[], string[]] = [[], []];
    for (const [socket, replica] of [...this.#replicas]) {
      (took(replica) ? taken : cut).push(replica.instance);
      if (!took(replica)) this.#remove(socket, "connector_lost", "it did not take the policies in time");
    }
    return { taken, cut };
  }

  /** RPC. Closes all control sockets, so that their replicas come again and are told what is in force. */
  reconnect(): void {
    for (const socket of [...this.#replicas.keys()]) this.#remove(socket, "internal", "come again");
  }

  /** RPC. Asks one replica what would become of some SQL. Answers an error, rather than throw it, in time. */
  async explain(request: ExplainRequest): Promise<Explained["answer"]> {
    return (await this.#ask({ type: "explain", id: newSessionId(), request })) as Explained["answer"];
  }

  /** RPC. Asks one replica for labels, as `explain` does. */
  async scanLabels(request: ScanLabelsRequest): Promise<LabelsScanned["answer"]> {
    return (await this.#ask({ type: "scan_labels", id: newSessionId(), request })) as LabelsScanned["answer"];
  }

  /** Puts a question to a replica that serves its target. The answer is one of the question's type, or an error. */
  #ask(question: Question): Promise<Answer["answer"]> {
    const now = Date.now();
    const { target } = question.request;
    const replica = choose(this.#live(now), target, now, Math.random);
    if (!replica) {
      const message = `no connector that serves ${target} is online`;
      const hint = "Start `sallyport connector` in its network.";
      return Promise.resolve({ error: { code: "connector_offline", message, hint } });
    }
    const socket = this.#socketOf(replica.instance)!;
    const limit = ANSWER_MS[question.type];
    return this.#questions.ask(question, socket, limit, () => socket.send(JSON.stringify(question)));
  }

  #message(socket: WebSocket, replica: Replica, message: ReplicaMessage): void {
    if (isAnswer(message)) {
      this.#questions.answered(socket, message);
      return;
    }
    if (message.type === "presence") {
      replica.targets = JSON.stringify(message.targets).length <= MAX_TARGETS ? message.targets : null;
      replica.sessions = message.sessions;
      this.#noteHostKey(socket, replica, message.hostKey);
    } else if (message.type === "parked") {
      if (replica.spares.length < MAX_SPARES && !replica.spares.includes(message.session))
        replica.spares.push(message.session);
    } else if (message.type === "unparked") {
      replica.spares = replica.spares.filter((session) => session !== message.session);
    } else if (message.type === "want_spares") {
      const count = Math.min(message.count, MAX_SPARES - replica.spares.length);
      for (let i = 0; i < count; i++) this.#dial(socket, replica, newSessionId(), true);
    } else if (message.type === "policy_taken") {
      if (message.revision > replica.told)
        throw new SallyportError("protocol_violation", "policies were taken that were never sent");
      replica.taken = Math.max(replica.taken, message.revision);
    } else if (message.type === "cancel") {
      for (const other of this.#replicas.keys())
        if (other !== socket) other.send(JSON.stringify(message satisfies CancelElsewhere));
    }
    this.#keep(socket, replica);
    this.#uptake.look();
  }

  /**
   * The directory keeps the key once for each socket; one that could not be kept is kept at the next word of this
   * process, which is as soon as its sessions change.
   */
  #noteHostKey(socket: WebSocket, replica: Replica, hostKey: string | undefined): void {
    if (hostKey === undefined || hostKey === replica.hostKey) return;
    if (replica.hostKey !== null)
      throw new SallyportError("protocol_violation", "a process does not change its host key");
    replica.hostKey = hostKey;
    const noted = noteHostKey(this.env.DIRECTORY, replica.connector, hostKey, Date.now());
    const failed = (error: unknown) => {
      logLine("warning", "a host key could not be kept", { error });
      const now = this.#replicas.get(socket);
      if (now) this.#keep(socket, { ...now, hostKey: null });
    };
    this.ctx.waitUntil(noted.catch(failed));
  }

  /** The later one of these policies and those that are known. */
  #latest(message: PolicyInForce): PolicyInForce {
    if (this.#policies === null || this.#policies.revision < message.revision) this.#policies = message;
    return this.#policies;
  }

  /** A replica that can't be told must come again. */
  #tellPolicies(socket: WebSocket, replica: Replica, message: PolicyInForce): void {
    this.#keep(socket, { ...replica, told: message.revision });
    try {
      socket.send(JSON.stringify(message));
    } catch {
      this.#remove(socket, "internal", "come again");
    }
  }

  #dial(socket: WebSocket, replica: Replica, session: string, spare: boolean): void {
    const { connector, instance, key } = replica;
    const expires = Date.now() + TICKET_MS;
    const ticket = issueTicket(this.env.EDGE_SIGNING_KEY, { session, connector, instance, key, expires });
    socket.send(JSON.stringify({ type: "dial", session, ticket, spare } satisfies Dial));
  }

  /** Replicas with the time of their last ping, which the runtime answers without waking this object. */
  #live(now: number): Replica[] {
    for (const [socket, replica] of this.#replicas) {
      const ping = this.ctx.getWebSocketAutoResponseTimestamp(socket)?.getTime() ?? 0;
      replica.seen = Math.max(replica.since, ping);
      if (!isLive(replica, now)) this.#remove(socket, "unauthenticated", "silent for too long");
    }
    return [...this.#replicas.values()];
  }

  #socketOf(instance: string): WebSocket | undefined {
    for (const [socket, replica] of this.#replicas) if (replica.instance === instance) return socket;
    return undefined;
  }

  #keep(socket: WebSocket, replica: Replica): void {
    this.#replicas.set(socket, replica);
    socket.serializeAttachment(replica);
  }

  #remove(socket: WebSocket, code: EndCode, reason: string): void {
    this.#forget(socket);
    const close = closeFrame(code, reason);
    socket.close(close.code, close.reason);
  }

  #forget(socket: WebSocket): void {
    this.#replicas.delete(socket);
    this.#questions.gone(socket);
    this.#uptake.look();
  }
}

function isAnswer(message: ReplicaMessage): message is Answer {
  return ANSWERS.includes(message.type);
}

/** 16 random bytes, lower-case hex: nobody guesses another session's id. */
export function newSessionId(): string {
  return randomBytes(16).toString("hex");
}
