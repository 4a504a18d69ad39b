import { randomBytes } from "node:crypto";
import type WebSocket from "ws";
import { Header, Path, PING, PING_EVERY_MS, PONG } from "../protocol/control.ts";
import { SallyportError } from "../protocol/errors.ts";
import {
  ANSWER_OF,
  type Answer,
  type CancelElsewhere,
  type Dial,
  type ExplainedStatement,
  type ExplainRequest,
  type HubMessage,
  type NoAnswer,
  type PolicyInForce,
  type Presence,
  type Question,
  type ReplicaMessage,
} from "../protocol/hub-messages.ts";
import type { LabelScan, ScanLabelsRequest } from "../protocol/label-scan.ts";
import type { PrivateKey } from "../protocol/signatures.ts";
import { connect, readProblem } from "../protocol/tunnel/dial.ts";
import type { SessionTap } from "./events/tap.ts";
import type { Log } from "./log.ts";
import { ConnectorSession } from "./session.ts";
import type { TraceIds } from "./telemetry/trace-ids.ts";

const FIRST_RETRY_MS = 25;
const LAST_RETRY_MS = 1_000;
/** After a refusal there is no hurry, ms. */
const REFUSED_RETRY_MS = 5_000;
/** Changes of presence are told together, after this many ms. */
const PRESENCE_MS = 50;
/** A used spare is replaced after this many ms, so that the refill does not slow the opening that used it. */
const REFILL_MS = 100;
/** Bytes of a message of the edge: policies, at worst each character escaped. */
const MAX_CONTROL = 1024 * 1024;
/** Characters of an answer that the edge takes. */
const MAX_ANSWER = 1024 * 1024;
/** Questions that are worked on at once; a scan reads much of a database. */
const MAX_QUESTIONS: Record<Question["type"], number> = { explain: 4, scan_labels: 1 };

export interface UplinkOptions {
  edge: URL;
  name: string;
  key: PrivateKey;
  /** Names of the targets that this connector serves. */
  targets: string[];
  /** The key that its SSH targets show to agents: `ssh-ed25519 AAAA…`. */
  hostKey: string;
  /** Sockets that wait in sessions to come; 0 to `MAX_SPARES`. */
  spares: number;
  /** A bearer token for the control socket, made for each connection. */
  token(): Promise<string>;
  /** Serves a session that an agent has joined. */
  serve(session: ConnectorSession): void;
  /** Another replica was asked to cancel; true when the key is held here. */
  cancelHere(principal: string, target: string, processId: number, secret: Uint8Array): boolean;
  /**
   * The edge says which policies are in force: first of all, and on each change. When this returns, nothing is judged
   * by older ones any more: so the edge is told.
   */
  policies(message: PolicyInForce): void;
  /** What would become of some SQL, or a command line. Its `SallyportError`s go to who asked. */
  explain(request: ExplainRequest): Promise<{ statements: ExplainedStatement[] }>;
  /** Which columns look as if they should have a label. Its `SallyportError`s go to who asked. `signal`: this connector ends. */
  scanLabels(request: ScanLabelsRequest, signal: AbortSignal): Promise<{ scan: LabelScan }>;
  /** Tells the operator. */
  log: Log;
  /** Makes what sees a session that is dialled; `spare`: before anybody has opened it. Absent where nobody does. */
  tap?(spare: boolean): SessionTap;
  /** Of which traces the sessions are. */
  traces?: TraceIds;
}

/** The connector's control socket: says that it is there, and joins the sessions that the edge gives it. */
export class Uplink {
  readonly #options: UplinkOptions;
  /** Names this process; another start is another instance. */
  readonly #instance = randomBytes(16).toString("hex");
  readonly #sessions = new Set<ConnectorSession>();
  readonly #parked = new Set<ConnectorSession>();
  #socket: WebSocket | undefined;
  #retryMs = FIRST_RETRY_MS;
  #timer: NodeJS.Timeout | undefined;
  #presence: NodeJS.Timeout | undefined;
  #refilling: NodeJS.Timeout | undefined;
  #ping: NodeJS.Timeout;
  #pongDue = false;
  readonly #questions: Record<Question["type"], number> = { explain: 0, scan_labels: 0 };
  #stopped = false;
  readonly #stopping = new AbortController();
  /** Resolves when the edge has taken the control socket for the first time. */
  readonly online: Promise<void>;
  #setOnline!: () => void;

  constructor(options: UplinkOptions) {
    this.#options = options;
    this.online = new Promise((resolve) => {
      this.#setOnline = resolve;
    });
    this.#ping = setInterval(() => this.#keepAlive(), PING_EVERY_MS);
    void this.#connect();
  }

  /** Aborts with `stop`. */
  get stopping(): AbortSignal {
    return this.#stopping.signal;
  }

  /** Ends every session and the control socket. */
  stop(): void {
    this.#stopped = true;
    this.#stopping.abort();
    for (const session of [...this.#sessions, ...this.#parked]) session.abandon();
    clearInterval(this.#ping);
    for (const timer of [this.#timer, this.#presence, this.#refilling]) clearTimeout(timer);
    // A closing handshake with an edge that sleeps would keep this process for seconds.
    this.#socket?.terminate();
  }

  /** Asks the other replicas to cancel what this key names. */
  cancelElsewhere(principal: string, target: string, processId: number, secret: Uint8Array): void {
    this.#tell({
      type: "cancel",
      principal,
      target,
      processId,
      secret: Buffer.from(secret).toString("base64url"),
    });
  }

  async #connect(): Promise<void> {
    const { edge, token } = this.#options;
    const headers = { authorization: `Bearer ${await token()}`, [Header.instance]: this.#instance };
    if (this.#stopped) return;
    const socket = connect(edge, Path.control, headers, MAX_CONTROL);
    let wait = 0;
    socket.on("open", () => this.#opened(socket));
    socket.on("message", (data: Buffer) => {
      try {
        this.#message(data.toString());
      } catch {
        // What it can't read it can't obey: a new socket begins with what is in force.
        this.#options.log("the edge said what can't be read; connecting again");
        socket.terminate();
      }
    });
    socket.on("unexpected-response", (_request, response) => {
      void readProblem(response).then((error) => {
        this.#options.log(
          `the edge refuses this connector: ${error.message}${error.hint ? ` (${error.hint})` : ""}`,
        );
        wait = REFUSED_RETRY_MS;
        socket.terminate();
      });
    });
    socket.on("error", (error) => {
      if (this.#retryMs === LAST_RETRY_MS)
        this.#options.log(`the edge ${edge.origin} cannot be reached: ${error.message}`);
    });
    socket.on("close", (code, reason) => {
      if (this.#socket === socket) {
        this.#socket = undefined;
        if (!this.#stopped) this.#options.log(`the control socket closed (${code} ${reason})`);
      }
      if (this.#stopped) return;
      this.#timer = setTimeout(() => void this.#connect(), wait || this.#retryMs * (0.5 + Math.random() / 2));
      this.#retryMs = Math.min(this.#retryMs * 2, LAST_RETRY_MS);
    });
  }

  #opened(socket: WebSocket): void {
    if (this.#stopped) {
      // It was on its way when this connector stopped; left open, it would take sessions that nobody serves.
      socket.terminate();
      return;
    }
    this.#socket = socket;
    this.#retryMs = FIRST_RETRY_MS;
    this.#pongDue = false;
    this.#tellPresence();
    for (const session of this.#parked) this.#tell({ type: "parked", session: session.session });
    this.#wantSpares();
    this.#setOnline();
  }

  #message(text: string): void {
    if (text === PONG) {
      this.#pongDue = false;
      return;
    }
    const message = JSON.parse(text) as HubMessage;
    if (message.type === "dial") void this.#dial(message);
    else if (message.type === "cancel") this.#cancel(message);
    else if (message.type === "policy") this.#policies(message);
    else if (message.type === "explain" || message.type === "scan_labels") void this.#asked(message);
  }

  /** Only what has been put in force is acknowledged: an edge that hears nothing takes this process for cut off. */
  #policies(message: PolicyInForce): void {
    this.#options.policies(message);
    this.#tell({ type: "policy_taken", revision: message.revision });
  }

  async #dial({ session: id, ticket, spare }: Dial): Promise<void> {
    const { edge, key, serve, log, tap, traces } = this.#options;
    // An agent may have joined before this connector's own join is answered.
    let opened = false;
    try {
      const session = await ConnectorSession.join(edge, id, ticket, key, {
        ...(tap && { tap: tap(spare) }),
        onOpen: (one) => {
          opened = true;
          this.#parked.delete(one);
          this.#sessions.add(one);
          traces?.opened(one.facts);
          this.#changed();
          if (spare) this.#refill();
          serve(one);
        },
        onOver: (one) => {
          if (this.#parked.delete(one)) {
            this.#tell({ type: "unparked", session: id });
            this.#refill();
          }
          this.#sessions.delete(one);
          traces?.over(id);
          this.#changed();
        },
      });
      if (this.#stopped) session.abandon();
      if (this.#stopped || opened) return;
      this.#parked.add(session);
      if (spare) this.#tell({ type: "parked", session: id });
    } catch (error) {
      log(`it could not be joined: ${error instanceof Error ? error.message : "unknown"}`, { session: id });
    }
  }

  #cancel(message: CancelElsewhere): void {
    this.#options.cancelHere(
      message.principal,
      message.target,
      message.processId,
      Buffer.from(message.secret, "base64url"),
    );
  }

  async #asked(question: Question): Promise<void> {
    const { id, type } = question;
    this.#questions[type]++;
    const answer = await this.#answer(question).catch((error: unknown): NoAnswer => {
      if (error instanceof SallyportError) return refused(error);
      this.#options.log(
        `a question could not be answered: ${error instanceof Error ? error.message : "unknown"}`,
      );
      return refused(new SallyportError("internal", "the connector failed on this question"));
    });
    this.#questions[type]--;
    const message = { type: ANSWER_OF[type], id, answer } as Answer;
    if (JSON.stringify(message).length <= MAX_ANSWER) this.#tell(message);
    else this.#tell({ ...message, answer: refused(TOO_LONG) });
  }

  async #answer(question: Question): Promise<Answer["answer"]> {
    if (this.#questions[question.type] > MAX_QUESTIONS[question.type]) {
      throw new SallyportError("too_many", "the connector is asked too much at once", "Try again.");
    }
    if (question.type === "scan_labels") {
      const { scan } = await this.#options.scanLabels(question.request, this.#stopping.signal);
      return { scan };
    }
    const { statements } = await this.#options.explain(question.request);
    return { statements };
  }

  #refill(): void {
    this.#refilling ??= setTimeout(() => {
      this.#refilling = undefined;
      this.#wantSpares();
    }, REFILL_MS);
  }

  #wantSpares(): void {
    const count = this.#options.spares - this.#parked.size;
    if (count > 0) this.#tell({ type: "want_spares", count });
  }

  #changed(): void {
    this.#presence ??= setTimeout(() => {
      this.#presence = undefined;
      this.#tellPresence();
    }, PRESENCE_MS);
  }

  #tellPresence(): void {
    this.#tell({
      type: "presence",
      targets: this.#options.targets,
      sessions: this.#sessions.size,
      hostKey: this.#options.hostKey,
    } satisfies Presence);
  }

  #tell(message: ReplicaMessage): void {
    if (this.#socket?.readyState === 1) this.#socket.send(JSON.stringify(message));
  }

  #keepAlive(): void {
    if (this.#socket?.readyState !== 1) return;
    if (this.#pongDue) {
      this.#socket.terminate();
      return;
    }
    this.#pongDue = true;
    this.#socket.send(PING);
  }
}

const TOO_LONG = new SallyportError(
  "limit_exceeded",
  "what there is to say to this question is longer than 1 MiB",
  "Ask about less: fewer statements, or one schema.",
);

function refused({ code, message, hint }: SallyportError): NoAnswer {
  return { error: { code, message, ...(hint !== undefined && { hint }) } };
}
