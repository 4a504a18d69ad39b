import type { ApprovalAsk } from "../protocol/approval/approval.ts";
import type { EndCode } from "../protocol/close-reason.ts";
import {
  type ConnectorEvent,
  type ConnectorSeal,
  carriesExchanges,
  connectorSealText,
  type EdgeMessage,
  type EndSession,
  Header,
  Path,
  type SessionFacts,
} from "../protocol/control.ts";
import { chainFrame, frameGenesis } from "../protocol/entry.ts";
import { FrameFlag } from "../protocol/frame.ts";
import { type PrivateKey, signText, thumbprint } from "../protocol/signatures.ts";
import type { ConnectorStream, ExchangeStream, StreamHandlers } from "../protocol/stream.ts";
import type { ExchangeStreams } from "../protocol/tunnel/exchange-streams.ts";
import { join } from "../protocol/tunnel/join.ts";
import type { TunnelEnd, TunnelSide } from "../protocol/tunnel/tunnel.ts";
import type { SessionTap } from "./events/tap.ts";

/** Who keeps the sessions of a connector. */
export interface SessionOwner {
  /** An agent has joined. */
  onOpen(session: ConnectorSession): void;
  /** The session is over; called once, whether or not an agent ever came. */
  onOver(session: ConnectorSession): void;
  /** Sees what passes; absent where nobody does. */
  tap?: SessionTap;
}

/**
 * The connector's end of one session. Beside carrying bytes it keeps its own half of the double entry: a chain of
 * hashes for each direction over the frames that the edge says it has logged, signed when the session ends.
 */
export class ConnectorSession implements ConnectorStream {
  readonly session: string;
  readonly #key: PrivateKey;
  #tunnel!: TunnelEnd;
  #facts: SessionFacts | undefined;
  /** Of a session that carries exchanges, once an agent has joined. */
  #exchanges: ExchangeStreams | undefined;
  #agentHead: Buffer;
  #agentFrames = 0;
  #connectorHead: Buffer;
  #connectorFrames = 0;
  /** Who waits until a frame of this number is logged, in order. */
  readonly #awaited: { frame: number; logged(): void }[] = [];
  #over = false;
  #handlers: StreamHandlers = { onData() {}, onDrain() {}, onEnd() {}, onClose() {} };
  readonly #owner: SessionOwner;

  private constructor(session: string, key: PrivateKey, owner: SessionOwner) {
    this.session = session;
    this.#key = key;
    this.#owner = owner;
    this.#agentHead = frameGenesis(session, "agent");
    this.#connectorHead = frameGenesis(session, "connector");
  }

  /** Joins with a ticket. Throws `SallyportError` when the edge refuses. */
  static async join(
    edge: URL,
    session: string,
    ticket: string,
    key: PrivateKey,
    owner: SessionOwner,
  ): Promise<ConnectorSession> {
    const one = new ConnectorSession(session, key, owner);
    const side: TunnelSide = {
      edge,
      path: Path.dial(session),
      headers: { [Header.ticket]: ticket },
      onMessage: (message) => one.#onMessage(message),
      ...(owner.tap && { onSent: (frame) => owner.tap!.frame("connector", frame) }),
      onLogged: (frame) => {
        one.#connectorHead = chainFrame(one.#connectorHead, frame);
        one.#connectorFrames++;
        one.#tellLogged();
      },
      onDelivered: (frame) => {
        owner.tap?.frame("agent", frame);
        one.#agentHead = chainFrame(one.#agentHead, frame);
        one.#agentFrames++;
      },
    };
    one.#tunnel = await join(side);
    one.#tunnel.handlers = {
      onData: (chunk) => one.#handlers.onData(chunk),
      onDrain: () => one.#handlers.onDrain(),
      onEnd: () => one.#handlers.onEnd(),
      onClose: (code, reason) => one.#finish(code, reason),
    };
    return one;
  }

  get facts(): SessionFacts {
    return this.#facts!;
  }

  get credit(): number {
    return this.#tunnel.credit;
  }

  get handlers(): StreamHandlers {
    return this.#handlers;
  }

  set handlers(handlers: StreamHandlers) {
    this.#handlers = handlers;
  }

  send(chunks: Uint8Array[], partial?: boolean): void {
    this.#tunnel.send(chunks, partial);
  }

  end(chunks?: Uint8Array[]): void {
    this.#tunnel.end(chunks);
  }

  event(event: ConnectorEvent, logged?: () => void): void {
    this.#add([Buffer.from(JSON.stringify(event))], 0, logged);
  }

  record(chunks: Uint8Array[], logged?: () => void): void {
    this.#add(chunks, FrameFlag.record, logged);
  }

  askEdge(ask: ApprovalAsk): void {
    this.#add([Buffer.from(JSON.stringify(ask))], FrameFlag.ask);
  }

  consumed(bytes: number): void {
    this.#tunnel.consumed(bytes);
  }

  close(code: EndCode, reason: string): void {
    this.#tunnel.close(code, reason);
  }

  /** Gives the session up without a word: the process ends. */
  abandon(): void {
    this.#tunnel.abandon();
    this.#finish("connector_lost", "the connector stops");
  }

  #add(payload: Uint8Array[], flags: number, logged?: () => void): void {
    const frame = this.#tunnel.sendEvent(payload, logged ? flags | FrameFlag.confirm : flags);
    if (logged) this.#awaited.push({ frame, logged });
  }

  /** Once the session is over nobody may act on what was logged. */
  #tellLogged(): void {
    while (!this.#over && this.#awaited[0] && this.#awaited[0].frame <= this.#connectorFrames) {
      this.#awaited.shift()!.logged();
    }
  }

  #onMessage(message: EdgeMessage): void {
    if (message.type === "open") {
      // Said again after a resume; once is enough.
      if (this.#facts) return;
      this.#facts = message.facts;
      this.#owner.tap?.opened(message.facts);
      if (carriesExchanges(message.facts.kind))
        this.#exchanges = this.#tunnel.carryExchanges((stream) => this.#onExchange(stream));
      this.#owner.onOpen(this);
    } else if (message.type === "approval") {
      this.#owner.tap?.news(message);
      this.#handlers.onApproval?.(message);
    } else if (message.type === "watched") {
      this.#handlers.onWatched?.(message.watchers);
    } else if (message.type === "end") {
      this.#finish(message.code, message.reason);
      // An edge that counts frames which were not sent gets no seal.
      this.#seal(message).catch(() => this.#tunnel.abandon());
    }
  }

  #onExchange(stream: ExchangeStream): void {
    if (this.#handlers.onExchange) this.#handlers.onExchange(stream);
    else stream.reset("unknown_target", "this connector does not serve the target");
  }

  async #seal(end: EndSession): Promise<void> {
    this.#tunnel.confirm(end.received);
    const seal = {
      key: thumbprint(this.#key),
      agentFrames: this.#agentFrames,
      agentHead: this.#agentHead.toString("hex"),
      connectorFrames: this.#connectorFrames,
      connectorHead: this.#connectorHead.toString("hex"),
    };
    const signature = await signText(this.#key, connectorSealText(this.session, seal));
    this.#tunnel.sendMessage({ type: "seal", ...seal, signature } satisfies ConnectorSeal);
    this.#tunnel.leave();
  }

  #finish(code: EndCode, reason: string): void {
    if (this.#over) return;
    this.#over = true;
    this.#exchanges?.end(code, reason);
    this.#handlers.onClose(code, reason);
    this.#owner.tap?.ended(code, reason);
    this.#owner.onOver(this);
  }
}
