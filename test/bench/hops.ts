import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { Socket } from "node:net";
import { join } from "node:path";
import { Client } from "pg";
import { EdgeApi } from "../../client/edge-api.ts";
import { enroll } from "../../connector/identity.ts";
import { PROTOCOL_3_0, query, startupMessage } from "../../protocol/postgres/frontend.ts";
import type { ByteStream } from "../../protocol/stream.ts";
import { openTunnel } from "../../protocol/tunnel/join.ts";
import { startUplink } from "../gateway.ts";
import { type Address, DATABASE, type Database } from "./database.ts";
import { startPlainEdge } from "./relay/path.ts";
import { open } from "./relay/socket.ts";
import { ECHO, type Sallyport, TARGET } from "./sallyport.ts";
import { latencies, median } from "./samples.ts";

/** What every probe sends, and about what PostgreSQL answers. */
const QUERY = query("SELECT 1");
const ANSWER = Buffer.alloc(66);
const WARM_UP = 300;
const ENROLMENT_MS = 60_000;

/** Sends the query, resolves when its answer has come. */
type Probe = () => Promise<void>;

/** Where the microseconds of one small query go; the steps add up to `whole`. */
export interface Hops {
  postgres: number;
  listener: number;
  edge: number;
  recording: number;
  connector: number;
  whole: number;
}

/**
 * Times round trips on ever longer parts of the path, alternating; a step's time is the difference of two medians.
 * `round`: round trips of each probe in a round.
 */
export async function measureHops(
  database: Database,
  path: Sallyport,
  { rounds, round }: { rounds: number; round: number },
): Promise<Hops> {
  const closes: (() => unknown)[] = [];
  try {
    const probes = {
      direct: await throughSocket(database, database, closes),
      plain: await throughPlainEdge(closes),
      echo: await throughEdge(path, closes),
      tunnel: await throughTunnel(path, closes),
      whole: await throughSocket(database, path, closes),
    };
    const names = Object.keys(probes) as (keyof typeof probes)[];
    const medians = new Map(names.map((name) => [name, [] as number[]]));
    for (const name of names) await times(probes[name], WARM_UP);
    for (let index = 0; index < rounds; index++) {
      for (const name of names) medians.get(name)!.push(latencies(await times(probes[name], round)).p50);
    }
    const at = (name: keyof typeof probes) => median(medians.get(name)!);
    return {
      postgres: at("direct"),
      listener: at("whole") - at("tunnel"),
      edge: at("plain"),
      recording: at("echo") - at("plain"),
      connector: at("tunnel") - at("echo") - at("direct"),
      whole: at("whole"),
    };
  } finally {
    for (const close of closes.reverse()) await close();
  }
}

/** Round trips in microseconds. */
async function times(probe: Probe, count: number): Promise<number[]> {
  const measured: number[] = [];
  for (let index = 0; index < count; index++) {
    const start = performance.now();
    await probe();
    measured.push((performance.now() - start) * 1_000);
  }
  return measured;
}

/** PostgreSQL at an address: the server itself, or the product's listener. */
async function throughSocket(database: Database, at: Address, closes: (() => unknown)[]): Promise<Probe> {
  const socket = new Socket();
  const client = new Client({
    host: at.host,
    port: at.port,
    user: database.user,
    password: database.password,
    database: DATABASE,
    stream: () => socket,
  });
  await client.connect();
  // Signed in; from here on the bytes are the probe's own.
  socket.removeAllListeners("data");
  client.on("error", () => {});
  closes.push(() => socket.destroy());
  const answers = new Answers();
  socket.on("data", (chunk: Buffer) => answers.take(chunk));
  return () => answers.after(() => socket.write(QUERY));
}

/** The product without its listener: this process is the agent's end of the tunnel. */
async function throughTunnel(path: Sallyport, closes: (() => unknown)[]): Promise<Probe> {
  const stream = await openTunnel({ edge: path.edge, target: TARGET, token: path.token });
  closes.push(() => stream.close("closed", "the probe is done"));
  const answers = new Answers();
  receive(stream, (chunk) => answers.take(chunk));
  const parameters = { user: "probe", database: DATABASE };
  await answers.after(() => stream.send([startupMessage(PROTOCOL_3_0, Object.entries(parameters))]));
  return () => answers.after(() => stream.send([QUERY]));
}

/** The edge alone: this process is both ends, and answers itself. */
async function throughEdge(path: Sallyport, closes: (() => unknown)[]): Promise<Probe> {
  const api = new EdgeApi(path.edge, async () => path.token);
  const enrolments = `/v1/connectors/${ECHO.connector}/enrolments`;
  const { token } = await api.post<{ token: string }>(enrolments, { expiresIn: ENROLMENT_MS });
  const identity = await enroll(path.edge, join(path.state, ECHO.connector), token);
  const uplink = await startUplink(
    path.edge,
    identity,
    (session) => receive(session, () => session.send([ANSWER])),
    { targets: [ECHO.target] },
  );
  closes.push(() => uplink.stop());
  const stream = await openTunnel({ edge: path.edge, target: ECHO.target, token: path.token });
  closes.push(() => stream.close("closed", "the probe is done"));
  let arrived = () => {};
  receive(stream, () => arrived());
  return () =>
    new Promise((resolve) => {
      arrived = resolve;
      stream.send([QUERY]);
    });
}

/** The same two passes through workerd, with nothing done there. */
async function throughPlainEdge(closes: (() => unknown)[]): Promise<Probe> {
  const edge = await startPlainEdge();
  closes.push(edge.stop);
  const session = randomUUID();
  const agent = open(edge.url, `/agent/${session}`);
  await once(agent, "open");
  const connector = open(edge.url, `/connector/${session}`);
  await once(connector, "open");
  closes.push(
    () => connector.terminate(),
    () => agent.terminate(),
  );
  connector.on("message", () => connector.send(ANSWER));
  let arrived = () => {};
  agent.on("message", () => arrived());
  return () =>
    new Promise((resolve) => {
      arrived = resolve;
      agent.send(QUERY);
    });
}

function receive(stream: ByteStream, onData: (chunk: Uint8Array) => void): void {
  stream.handlers = {
    onData(chunk) {
      stream.consumed(chunk.length);
      onData(chunk);
    },
    onDrain() {},
    onEnd() {},
    onClose() {},
  };
}

/** Waits for ReadyForQuery, which ends every answer: "Z", its length, and the state "I" outside a transaction. */
class Answers {
  #resolve = () => {};
  readonly #ready = Buffer.from([0x5a, 0, 0, 0, 5, 0x49]);

  take(chunk: Uint8Array): void {
    if (this.#ready.equals(chunk.subarray(-this.#ready.length))) this.#resolve();
  }

  after(send: () => void): Promise<void> {
    return new Promise((resolve) => {
      this.#resolve = resolve;
      send();
    });
  }
}
