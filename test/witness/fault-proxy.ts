import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What becomes of one request on its way to DynamoDB. */
export type ProxyFault =
  /** It never gets there, and is answered with this error. */
  | { do: "refuse"; status: number; type: string }
  /** It takes effect, and is answered with this error. */
  | { do: "refuse-after"; status: number; type: string }
  /** The connection breaks before it gets there, or after it took effect. */
  | { do: "drop" }
  | { do: "drop-after" }
  /** Nobody ever answers; it gets there or not. */
  | { do: "hang" }
  | { do: "hang-after" }
  /** It gets there twice, and the answer is to the second. */
  | { do: "twice" }
  /** The answer is no JSON. */
  | { do: "garble" };

/** A proxy before DynamoDB that spoils requests as it is told to. */
export interface FaultProxy {
  endpoint: string;
  /** Taken one for each request; null for none. */
  faults: (ProxyFault | null)[];
  /** While true, every connection breaks. */
  down: boolean;
  /** What was asked: `PutItem PK N`, or `AssumeRole`: it is AWS STS as well, under `/sts`. */
  asked: string[];
  /** The session tokens with which DynamoDB was asked; empty for none. */
  tokens: Set<string>;
  /** Resolves when this many requests were answered, or spoiled, since the proxy started. */
  handled(count: number): Promise<void>;
  close(): Promise<void>;
}

/** DynamoDB's error types: the SDK reads the name behind the `#`. */
const PREFIX = "com.amazonaws.dynamodb.v20120810#";

export const throttled: ProxyFault = {
  do: "refuse",
  status: 400,
  type: "ProvisionedThroughputExceededException",
};
export const broken: ProxyFault = { do: "refuse", status: 500, type: "InternalServerError" };

export async function startFaultProxy(target: string): Promise<FaultProxy> {
  let handledCount = 0;
  let waiters: { count: number; done: () => void }[] = [];
  const server = createServer((request, response) => {
    handle(request, response)
      .catch(() => response.destroy())
      .finally(() => {
        handledCount++;
        for (const { count, done } of waiters) if (handledCount >= count) done();
        waiters = waiters.filter(({ count }) => handledCount < count);
      });
  });
  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    if (proxy.down) return void response.destroy();
    const body = await whole(request);
    if (request.url === "/sts") {
      proxy.asked.push(String(new URLSearchParams(body.toString()).get("Action")));
      response.writeHead(200, { "content-type": "text/xml" }).end(assumedRole());
      return;
    }
    proxy.tokens.add(String(request.headers["x-amz-security-token"] ?? ""));
    proxy.asked.push(describe(request, body));
    const fault = proxy.faults.shift() ?? null;
    const pass = () =>
      fetch(target, { method: "POST", headers: onward(request), body: new Uint8Array(body) }).then(
        async (answer) => ({ status: answer.status, text: await answer.text() }),
      );
    const answer = (status: number, text: string) => {
      response.writeHead(status, { "content-type": "application/x-amz-json-1.0" }).end(text);
    };
    const error = (type: string) =>
      JSON.stringify({ __type: `${PREFIX}${type}`, message: "AKIA is not for you" });
    if (fault === null) {
      const { status, text } = await pass();
      return answer(status, text);
    }
    switch (fault.do) {
      case "refuse":
        return answer(fault.status, error(fault.type));
      case "refuse-after":
        await pass();
        return answer(fault.status, error(fault.type));
      case "drop":
        return void response.destroy();
      case "drop-after":
        await pass();
        return void response.destroy();
      case "hang":
        return;
      case "hang-after":
        await pass();
        return;
      case "twice": {
        await pass();
        const { status, text } = await pass();
        return answer(status, text);
      }
      case "garble":
        return answer(200, '{"Item":');
    }
  };
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const proxy: FaultProxy = {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    faults: [],
    down: false,
    asked: [],
    tokens: new Set(),
    handled: (count) =>
      new Promise((done) => {
        if (handledCount >= count) done();
        else waiters.push({ count, done });
      }),
    async close() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
  return proxy;
}

export const ROLE_TOKEN = "AQoDYXdzEPT//////////wEXAMPLE==";

function assumedRole(): string {
  return `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>
<AccessKeyId>ASIAIOSFODNN7EXAMPLE</AccessKeyId><SecretAccessKey>c2VjcmV0</SecretAccessKey>
<SessionToken>${ROLE_TOKEN}</SessionToken><Expiration>${new Date(Date.now() + 3_600_000).toISOString()}</Expiration>
</Credentials></AssumeRoleResult></AssumeRoleResponse>`;
}

async function whole(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function onward({ headers }: IncomingMessage): Record<string, string> {
  const kept = ["content-type", "x-amz-target", "authorization", "x-amz-date", "x-amz-security-token"];
  return Object.fromEntries(kept.flatMap((name) => (headers[name] ? [[name, String(headers[name])]] : [])));
}

function describe({ headers }: IncomingMessage, body: Buffer): string {
  const operation = String(headers["x-amz-target"]).split(".").at(-1);
  const { Item, Key } = JSON.parse(body.toString()) as Record<
    string,
    { pk?: { S?: string }; n?: { N?: string } }
  >;
  const key = Item ?? Key;
  return `${operation} ${key?.pk?.S} ${key?.n?.N}`;
}
