import assert from "node:assert/strict";
import { type IncomingHttpHeaders, type IncomingMessage, type RequestOptions, request } from "node:http";

/** A response as it was on the wire. */
export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

/** Asks by `node:http`, which neither follows, nor decompresses, nor adds fields. */
export function ask(
  url: string,
  options: RequestOptions = {},
  body: Uint8Array = new Uint8Array(),
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request(url, options, (response) => {
      read(response).then(
        (got) => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: got }),
        reject,
      );
    });
    asked.on("error", reject);
    asked.end(body);
  });
}

async function read(response: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Of one connection, of the moment, or the edge's own for whatever leaves its origin. */
const OWN =
  /^(?:connection|keep-alive|transfer-encoding|date|server|cache-control|content-security-policy|x-content-type-options)$/;
/** What is said of bytes that may be others once they are masked. */
const OF_BYTES = /^(?:content-length|etag|accept-ranges|content-range|content-encoding)$/;

/** That a response is the target's own. `masked`: its body was looked through, so nothing is told of its bytes. */
export function assertSame(through: Answer, direct: Answer, masked = false): void {
  assert.equal(through.status, direct.status);
  const told = ({ headers }: Answer) =>
    Object.fromEntries(
      Object.entries(headers)
        .filter(([name]) => !OWN.test(name) && !(masked && OF_BYTES.test(name)))
        .sort(),
    );
  assert.deepEqual(told(through), told(direct));
  assert.ok(through.body.equals(direct.body), `${through.body.length} bytes, and not ${direct.body.length}`);
}
