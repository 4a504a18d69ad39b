import type { Socket } from "node:net";
import { SallyportError } from "../protocol/errors.ts";
import { errorResponse } from "../protocol/postgres/error-response.ts";
import { parseStartup } from "../protocol/postgres/frontend.ts";
import { MessageReader } from "../protocol/postgres/reader.ts";
import type { ClientManner } from "./listener.ts";

/** How long a client may take to say who it is, ms. */
const STARTUP_MS = 10_000;
/** SSLRequest and GSSENCRequest, once each; a client that repeats them has not understood the answer. */
const MAX_REQUESTS = 2;

export const POSTGRES_MANNER: ClientManner = {
  refuse,
  lastWords: (code, reason) => errorResponse(new SallyportError(code, reason)),
};

/**
 * Tells a PostgreSQL client why there is no tunnel for it. A client reads an error only after its startup
 * message, so that is awaited first ("Message Flow", Start-up, and SSL Session Encryption).
 */
function refuse(socket: Socket, error: SallyportError): void {
  const reader = new MessageReader("frontend");
  let requests = 0;
  const timer = setTimeout(() => socket.destroy(), STARTUP_MS);
  socket.once("close", () => clearTimeout(timer));
  const answer = (reason: SallyportError) => {
    socket.removeAllListeners("data");
    socket.resume();
    socket.end(errorResponse(reason));
  };
  socket.on("data", (chunk: Buffer) => {
    try {
      reader.push(chunk);
      while (reader.next()) {
        const packet = parseStartup(reader.body()!);
        if (packet.kind === "startup") return answer(error);
        // A cancel request has no answer ("Canceling Requests in Progress").
        if (packet.kind === "cancel" || ++requests > MAX_REQUESTS) return void socket.end();
        socket.write("N");
      }
    } catch (fault) {
      answer(fault instanceof SallyportError ? fault : error);
    }
  });
  socket.on("end", () => socket.end());
  socket.resume();
}
