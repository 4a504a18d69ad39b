import { type EndCode, readCloseReason } from "../close-reason.ts";
import { Path, type Welcome } from "../control.ts";
import { SallyportError } from "../errors.ts";
import type { AgentStream, ExchangeHandlers, ExchangeStream, ExchangeTunnel } from "../stream.ts";
import { type TraceContext, traceFields } from "../trace-context.ts";
import { connect, readProblem } from "./dial.ts";
import type { ExchangeStreams } from "./exchange-streams.ts";
import { TunnelEnd, type TunnelSide } from "./tunnel.ts";

/** Joins a session: resolves at the edge's `welcome`. Throws what the edge answered, or `connector_offline`-like errors. */
export function join(side: TunnelSide): Promise<TunnelEnd> {
  const socket = connect(side.edge, side.path, side.headers);
  return new Promise((resolve, reject) => {
    socket.on("unexpected-response", (_request, response) => {
      void readProblem(response).then((error) => {
        socket.terminate();
        reject(error);
      });
    });
    socket.once("error", (error) => {
      reject(
        new SallyportError(
          "edge_unreachable",
          `the edge ${side.edge.origin} cannot be reached: ${error.message}`,
          "check the edge's address and that it runs",
        ),
      );
    });
    socket.once("close", (code, reason) => {
      const end = readCloseReason(code, reason.toString());
      reject(new SallyportError(end.code === "closed" ? "session_ended" : end.code, end.reason));
    });
    socket.once("message", (data: Buffer, binary: boolean) => {
      socket.removeAllListeners();
      try {
        const welcome = binary ? undefined : (JSON.parse(data.toString()) as Welcome);
        if (welcome?.type !== "welcome")
          throw new SallyportError("protocol_violation", "the edge did not say welcome");
        resolve(new TunnelEnd(side, welcome, socket));
      } catch (error) {
        socket.terminate();
        reject(
          error instanceof SallyportError
            ? error
            : new SallyportError("protocol_violation", "the edge's welcome cannot be read"),
        );
      }
    });
  });
}

/** Who opens a tunnel, and where to. */
export interface TunnelOptions {
  edge: URL;
  target: string;
  token: string;
  /** Of which trace the session shall be. */
  trace?: TraceContext | null;
}

/** Opens a tunnel to a target as an agent. Throws `SallyportError` with the edge's own code and words. */
export async function openTunnel(options: TunnelOptions): Promise<AgentStream> {
  return await join(agentSide(options));
}

/** The same to a target whose sessions carry exchanges. */
export async function openExchangeTunnel(options: TunnelOptions): Promise<ExchangeTunnel> {
  return new AgentTunnel(await join(agentSide(options)));
}

function agentSide({ edge, target, token, trace = null }: TunnelOptions): TunnelSide {
  const headers = { authorization: `Bearer ${token}`, ...traceFields(trace) };
  return { edge, path: Path.tunnel(target), headers };
}

class AgentTunnel implements ExchangeTunnel {
  readonly #tunnel: TunnelEnd;
  readonly #streams: ExchangeStreams;
  #onClose: (code: EndCode, reason: string) => void = () => {};
  #ending: { code: EndCode; reason: string } | undefined;

  constructor(tunnel: TunnelEnd) {
    this.#tunnel = tunnel;
    this.#streams = tunnel.carryExchanges();
    tunnel.handlers = {
      onData() {},
      onDrain() {},
      onEnd() {},
      onClose: (code, reason) => {
        this.#ending = { code, reason };
        this.#onClose(code, reason);
      },
    };
  }

  get session(): string {
    return this.#tunnel.session;
  }

  get onClose(): (code: EndCode, reason: string) => void {
    return this.#onClose;
  }

  /** It may have ended before anybody could ask to be told. */
  set onClose(onClose: (code: EndCode, reason: string) => void) {
    this.#onClose = onClose;
    if (this.#ending) onClose(this.#ending.code, this.#ending.reason);
  }

  open(handlers: ExchangeHandlers): ExchangeStream {
    return this.#streams.open(handlers);
  }

  close(code: EndCode, reason: string): void {
    this.#tunnel.close(code, reason);
  }
}
