// The service that the bench asks: `service.ts MEGABYTES` prints its port. A process of its own, as all on the way are.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { customers, ITEM } from "./documents.ts";

const [megabytes = "1"] = process.argv.slice(2);
const list = Buffer.from(customers());
const file = Buffer.alloc(1_000_000, "0123456789abcdef");

const server = createServer((request, response) => {
  if (request.method === "PUT") count(request, response);
  else if (request.url === "/item") json(response, Buffer.from(JSON.stringify(ITEM)));
  else if (request.url === "/file") send(response, Number(megabytes));
  else json(response, list);
});
server.keepAliveTimeout = 0;
server.listen(0, "127.0.0.1", () => console.log(JSON.stringify(server.address() as AddressInfo)));

function json(response: ServerResponse, body: Buffer): void {
  response.writeHead(200, { "content-type": "application/json", "content-length": body.length }).end(body);
}

function send(response: ServerResponse, pieces: number): void {
  response.writeHead(200, {
    "content-type": "application/octet-stream",
    "content-length": pieces * file.length,
  });
  let sent = 0;
  const go = () => {
    while (sent < pieces) {
      sent += 1;
      if (!response.write(file)) {
        response.once("drain", go);
        return;
      }
    }
    response.end();
  };
  go();
}

/** Answers how many bytes have arrived. */
function count(request: IncomingMessage, response: ServerResponse): void {
  let bytes = 0;
  request.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
  });
  request.on("end", () => json(response, Buffer.from(JSON.stringify({ bytes }))));
}
