// The target's side of the plain relay: `connector.ts EDGE HOST PORT` prints a line when it is ready.
import { createConnection } from "node:net";
import { join, open } from "./socket.ts";

const [edge = "", host = "", port = ""] = process.argv.slice(2);
const control = open(edge, "/control");
control.on("open", () => console.log("ready"));
control.on("message", (session: Buffer) => {
  join(createConnection({ host, port: Number(port) }), open(edge, `/connector/${session.toString()}`));
});
