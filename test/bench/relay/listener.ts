// The agent's side of the plain relay: `listener.ts EDGE` prints its port.
import { randomUUID } from "node:crypto";
import { createServer } from "node:net";
import { join, open } from "./socket.ts";

const [edge = ""] = process.argv.slice(2);
const server = createServer((socket) => join(socket, open(edge, `/agent/${randomUUID()}`)));
server.listen(0, "127.0.0.1", () => console.log(JSON.stringify(server.address())));
