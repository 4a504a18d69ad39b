import { readCloseReason } from "./close-reason.ts";
import { Path, type Welcome } from "./control.ts";
import { connect, readProblem } from "./dial.ts";
import { SallyportError } from "./errors.ts";
import type { AgentStream } from "./stream.ts";
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

/** Opens a tunnel to a target as an agent. Throws `SallyportError` with the edge's own code and words. */
export async function openTunnel(options: {
  edge: URL;
  target: string;
  token: string;
}): Promise<AgentStream> {
  return await join({
    edge: options.edge,
    path: Path.tunnel(options.target),
    headers: { authorization: `Bearer ${options.token}` },
  });
}
