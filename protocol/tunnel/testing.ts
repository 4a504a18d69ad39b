import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type WebSocket from "ws";
import { WebSocketServer } from "ws";
import { Header, type SessionFacts } from "../control.ts";
import { decodeAck, decodeHeader, encodeAck, FrameType } from "../frame.ts";

type Side = "agent" | "connector";

interface End {
  /** Frames of this side that are logged. */
  log: Buffer[];
  socket: WebSocket | undefined;
  /** The last word of this side on each stream it receives. */
  acks: Map<number, number>;
}

/**
 * An edge of one session, as far as two ends of a tunnel can tell: it logs, delivers from the log, hands on credit, and
 * takes a side back. It cuts a side's socket when the test says so.
 */
export class ModelEdge {
  readonly ends: Record<Side, End> = {
    agent: { log: [], socket: undefined, acks: new Map() },
    connector: { log: [], socket: undefined, acks: new Map() },
  };
  /** Called after each frame that was logged; answers whose sockets are cut now. */
  cuts: (logged: number) => Side[] = () => [];
  resumed = 0;
  /** For requests beside the tunnels. */
  readonly server = createServer();
  readonly #facts: Partial<SessionFacts>;

  constructor(facts: Partial<SessionFacts>) {
    this.#facts = facts;
    const sockets = new WebSocketServer({ server: this.server });
    sockets.on("connection", (socket, request) => {
      const path = request.url!;
      const secret = request.headers[Header.resume];
      const received = Number(request.headers[Header.received] ?? 0);
      const side = secret ? (secret as Side) : path.startsWith("/v1/tunnel/") ? "agent" : "connector";
      this.#take(side, socket, secret ? received : undefined);
    });
  }

  async start(): Promise<URL> {
    this.server.listen(0, "127.0.0.1");
    await once(this.server, "listening");
    return new URL(`http://127.0.0.1:${(this.server.address() as AddressInfo).port}`);
  }

  stop(): void {
    for (const { socket } of Object.values(this.ends)) socket?.terminate();
    this.server.close();
    this.server.closeAllConnections();
  }

  /** Ends the session. */
  end(code: string, reason: string): void {
    for (const side of ["agent", "connector"] as const) {
      this.#say(side, { type: "end", code, reason, received: this.ends[side].log.length });
    }
  }

  #take(side: Side, socket: WebSocket, received: number | undefined): void {
    const end = this.ends[side];
    end.socket?.terminate();
    end.socket = socket;
    const resume = received === undefined ? { resume: side } : {};
    this.#say(side, { type: "welcome", version: 1, session: "s1", received: end.log.length, ...resume });
    if (side === "connector") this.#say(side, { type: "open", facts: this.#facts });
    if (received !== undefined) this.resumed++;
    for (const frame of this.#other(side).log.slice(received ?? 0)) this.#give(side, frame);
    for (const stream of this.#other(side).acks.keys()) this.#credit(side, stream);
    socket.on("message", (message: Buffer, isBinary: boolean) => {
      if (end.socket === socket && isBinary) this.#frame(side, message);
    });
  }

  #frame(side: Side, frame: Buffer): void {
    const { type, stream } = decodeHeader(frame);
    const other = side === "agent" ? "connector" : "agent";
    if (type === FrameType.ack) {
      this.ends[side].acks.set(stream, decodeAck(frame).bytes);
      this.#credit(other, stream);
      return;
    }
    this.ends[side].log.push(frame);
    if (type !== FrameType.event) this.#give(other, frame);
    for (const cut of this.cuts(this.ends.agent.log.length + this.ends.connector.log.length)) {
      this.ends[cut].socket?.terminate();
      this.ends[cut].socket = undefined;
    }
  }

  /** Tells a sender what is logged, and what the other side has consumed. */
  #credit(side: Side, stream: number): void {
    const bytes = this.#other(side).acks.get(stream) ?? 0;
    this.#give(side, encodeAck(stream, { frames: this.ends[side].log.length, bytes }));
  }

  #other(side: Side): End {
    return this.ends[side === "agent" ? "connector" : "agent"];
  }

  #give(side: Side, frame: Buffer): void {
    if (this.ends[side].socket?.readyState === 1) this.ends[side].socket.send(frame);
  }

  #say(side: Side, message: object): void {
    this.ends[side].socket?.send(JSON.stringify(message));
  }
}
