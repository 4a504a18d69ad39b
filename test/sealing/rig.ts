import { createHash } from "node:crypto";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import WebSocket from "ws";
import { EdgeApi } from "../../client/edge-api.ts";
import type { EdgeOptions } from "../../client/local-edge/host.ts";
import { followSession } from "../../client/recordings/follow.ts";
import type { ConnectorIdentity } from "../../connector/identity.ts";
import type { ConnectorSession } from "../../connector/session.ts";
import type { Uplink } from "../../connector/uplink.ts";
import type { Session } from "../../protocol/directory.ts";
import { parseKeys } from "../../protocol/recording/keys.ts";
import { parseEntry } from "../../protocol/recording/reader.ts";
import { type Verification, verifyRecording } from "../../protocol/recording/verify.ts";
import { type RecordedEntry, recordingEntry, recordingHeader } from "../../protocol/recording.ts";
import type { AgentStream } from "../../protocol/stream.ts";
import { openTunnel } from "../../protocol/tunnel/join.ts";
import { eventually, whileAway } from "../faults/rig.ts";
import { startTestEdge, startUplink, type TestEdge, testTarget } from "../gateway.ts";

/** A request of an agent's: how many bytes it wants, of which seed. */
const REQUEST = 8;

/** An edge, a connector in this process whose target answers with as many bytes as it is asked for, and agents of it. */
export interface SealingRig {
  edge: TestEdge;
  token: string;
  uplink: Uplink;
  identity: ConnectorIdentity;
  open(): Promise<Agent>;
  session(id: string): Promise<Session>;
  /** The session once its recording is sealed. */
  sealed(id: string, ms?: number): Promise<Session>;
  /** The export file. Throws what the edge answers. */
  export(id: string): Promise<Buffer>;
  /** Entries as a viewer gets them, up to the end of the session. */
  follow(id: string): AsyncGenerator<RecordedEntry>;
  /** The same from one entry on, over one connection, as they come. */
  followFrom(id: string, from: number): Promise<RecordedEntry[]>;
  verify(file: Uint8Array): Promise<Verification>;
  /** Rows of all sessions' logs, and objects of a session in object storage, as they are on disk. */
  rows(): number;
  /** Tables of all sessions' objects. */
  tables(): number;
  objects(id: string): string[];
  stop(): Promise<void>;
}

export async function startSealingRig(
  options: Partial<EdgeOptions> = {},
  serve: (session: ConnectorSession) => void = answer,
): Promise<SealingRig> {
  const edge = await startTestEdge(options);
  await edge.apply({ targets: [testTarget("orders")] });
  const identity = await edge.enroll("main");
  const uplink = await startUplink(edge.edge.url, identity, serve, { targets: ["orders"] });
  const token = await edge.serviceToken("agent");
  const rig: SealingRig = {
    edge,
    token,
    uplink,
    identity,
    open: async () => new Agent(await openTunnel({ edge: edge.edge.url, target: "orders", token })),
    session: (id) => edge.api<Session>("GET", `/v1/sessions/${id}`),
    sealed: (id, ms = 20_000) =>
      eventually(`session ${id} to be sealed`, ms, async () => {
        const session = await rig.session(id).catch(whileAway);
        return session !== false && session.sealed !== null && session;
      }),
    async export(id) {
      const response = await fetch(new URL(`/v1/sessions/${id}/recording`, edge.edge.url), {
        headers: { authorization: `Bearer ${edge.edge.adminToken}` },
      });
      const bytes = Buffer.from(await response.arrayBuffer());
      if (!response.ok) throw new Error(`${response.status} ${bytes}`);
      return bytes;
    },
    follow: (id) =>
      followSession(new EdgeApi(edge.edge.url, () => Promise.resolve(edge.edge.adminToken)), id),
    async followFrom(id, from) {
      const url = new URL(`/v1/sessions/${id}/follow?from=${from}`, edge.edge.url);
      const socket = new WebSocket(url, { headers: { authorization: `Bearer ${edge.edge.adminToken}` } });
      const entries: RecordedEntry[] = [];
      socket.on("message", (data: Buffer) => void entries.push(parseEntry(data)));
      const [code] = await once(socket, "close");
      if (code !== 1000) throw new Error(`the socket closed with ${code}`);
      return entries;
    },
    verify: async (file) =>
      verifyRecording(
        (async function* () {
          yield file;
        })(),
        parseKeys(await edge.api("GET", "/v1/keys")),
      ),
    rows: () =>
      databases(join(edge.state, "edge/do/edge-Session"))
        .filter((path) => read(path, "SELECT 1 FROM sqlite_master WHERE name = 'log'").length > 0)
        .map((path) => read<{ n: number }>(path, "SELECT count(*) AS n FROM log")[0]!.n)
        .reduce((sum, n) => sum + n, 0),
    tables: () =>
      databases(join(edge.state, "edge/do/edge-Session"))
        .flatMap((path) =>
          read<{ name: string }>(path, "SELECT name FROM sqlite_master WHERE type = 'table'"),
        )
        .filter(({ name }) => !name.startsWith("_cf_")).length,
    objects: (id) =>
      databases(join(edge.state, "edge/r2/miniflare-R2BucketObject")).flatMap((path) =>
        read<{ blob_id: string }>(
          path,
          `SELECT blob_id FROM _mf_objects WHERE key LIKE 'recordings/${id}/%' ORDER BY key`,
        ).map(({ blob_id }) => join(edge.state, "edge/r2/recordings/blobs", blob_id)),
      ),
    async stop() {
      uplink.stop();
      await edge.stop();
    },
  };
  return rig;
}

/** Miniflare's databases in a folder, but for its own notes. */
function databases(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(".sqlite") && name !== "metadata.sqlite")
    .map((name) => join(folder, name));
}

/** SQLITE_READONLY: the index of the write-ahead log is not there yet, as while an object empties its storage. */
const READONLY = 8;

function read<Row>(path: string, query: string): Row[] {
  for (const deadline = performance.now() + 5_000; ; ) {
    const database = new DatabaseSync(path, { readOnly: true, timeout: 5_000 });
    try {
      return database.prepare(query).all() as Row[];
    } catch (error) {
      const { errcode = 0 } = error as { errcode?: number };
      if ((errcode & 0xff) !== READONLY || performance.now() > deadline) throw error;
    } finally {
      database.close();
    }
  }
}

/** An agent that asks for bytes. */
export class Agent {
  readonly #stream: AgentStream;
  #wanted = 0;
  #hash = createHash("sha256");
  #done: (sha256: string) => void = () => {};
  readonly #closed = Promise.withResolvers<string>();

  constructor(stream: AgentStream) {
    this.#stream = stream;
    stream.handlers = {
      onData: (chunk) => {
        stream.consumed(chunk.length);
        this.#wanted -= chunk.length;
        this.#hash.update(chunk);
        if (this.#wanted === 0) this.#done(this.#hash.digest("hex"));
      },
      onDrain: () => {},
      onEnd: () => {},
      onClose: (code) => this.#closed.resolve(code),
    };
  }

  get session(): string {
    return this.#stream.session;
  }

  /** Asks for so many bytes; resolves with their SHA-256 when all are there. */
  get(bytes: number, seed = 1): Promise<string> {
    const request = Buffer.alloc(REQUEST);
    request.writeUInt32BE(bytes, 0);
    request.writeUInt32BE(seed, 4);
    this.#wanted = bytes;
    this.#hash = createHash("sha256");
    const done = new Promise<string>((resolve) => {
      this.#done = resolve;
    });
    this.#stream.send([request]);
    return done;
  }

  /** Ends the session; resolves with how it ended. */
  end(): Promise<string> {
    this.#stream.end();
    return this.#closed.promise;
  }

  /** How the session ended, once it has. */
  get closed(): Promise<string> {
    return this.#closed.promise;
  }
}

/** Text that gzip makes about a third of, the same for a seed. */
export function textOf(bytes: number, seed: number): Buffer {
  const out = Buffer.alloc(bytes);
  let state = seed >>> 0 || 1;
  for (let at = 0; at < bytes; at += 2) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    out[at] = 97 + ((state >>> 24) % 16);
    if (at + 1 < bytes) out[at + 1] = 48 + ((state >>> 16) % 4);
  }
  return out;
}

/** A target that answers each request with as much text, in pieces of 32 KiB. */
export function answer(session: ConnectorSession): void {
  let asked = Buffer.alloc(0);
  let rest: Buffer = Buffer.alloc(0);
  const pump = () => {
    while (rest.length > 0 && session.credit > 0) {
      session.send([rest.subarray(0, 32_768)]);
      rest = rest.subarray(32_768);
    }
  };
  session.handlers = {
    onData: (chunk) => {
      session.consumed(chunk.length);
      asked = Buffer.concat([asked, chunk]);
      for (; asked.length >= REQUEST; asked = asked.subarray(REQUEST))
        rest = Buffer.concat([rest, textOf(asked.readUInt32BE(0), asked.readUInt32BE(4))]);
      pump();
    },
    onDrain: pump,
    onEnd: () => {
      session.end();
      session.close("closed", "the agent has finished");
    },
    onClose: () => {},
  };
}

/** The export file that these entries make, with the trailer of another. */
export function fileOf(session: string, entries: readonly RecordedEntry[], sealed: Uint8Array): Buffer {
  const pieces = entries.map((entry) => recordingEntry(entry, entry.hash));
  const body = Buffer.concat([recordingHeader(session), ...pieces]);
  return Buffer.concat([body, sealed.subarray(body.length)]);
}

export const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
