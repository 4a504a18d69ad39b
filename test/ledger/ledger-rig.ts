import { readdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { EdgeOptions } from "../../client/local-edge/host.ts";
import type { ConnectorSession } from "../../connector/session.ts";
import type { Session, Settings } from "../../protocol/directory.ts";
import { parseCheckpoint } from "../../protocol/ledger/checkpoint.ts";
import type { IndexedEntry } from "../../protocol/ledger/entry.ts";
import { parseNote } from "../../protocol/ledger/note.ts";
import { readLedgerEntry } from "../../protocol/ledger/reading.ts";
import { bundlePath, decodeBundle, TILE_WIDTH, tileWidth } from "../../protocol/ledger/tile.ts";
import { openTunnel } from "../../protocol/tunnel/join.ts";
import { startTestEdge, startUplink, type TestEdge, testTarget } from "../gateway.ts";
import { ALLOW_LISTED } from "../policies.ts";

/** Opening `guarded` needs a person's word. */
const POLICIES = `${ALLOW_LISTED}
@id("never-alone")
@reason("Nobody is alone with it.")
@approvers("dba")
forbid (principal, action == Action::"connect", resource == Target::"guarded") unless { context.approved };
`;

/** What tests ask of an edge's ledger. */
export interface TestLedger {
  status(): Promise<{ size: number; waiting: number; faulty: number; isWhole: boolean }>;
  /** Resolves when nothing waits for the ledger, all of it being signed. */
  drained(): Promise<void>;
  checkpoint(): Promise<string>;
  /** The last checkpoint, and every entry that it covers. */
  read(): Promise<{ note: string; entries: IndexedEntry[] }>;
}

export function ledgerOf({ edge, api }: TestEdge): TestLedger {
  const get = async (path: string) => {
    const response = await fetch(new URL(path, edge.url), {
      headers: { authorization: `Bearer ${edge.adminToken}` },
    });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return Buffer.from(await response.arrayBuffer());
  };
  const status: TestLedger["status"] = () => api("GET", "/v1/ledger/status");
  const checkpoint = async () => (await get("/ledger/checkpoint")).toString();
  return {
    status,
    checkpoint,
    async drained() {
      while ((await status()).waiting > 0);
    },
    async read() {
      const note = await checkpoint();
      const { size } = parseCheckpoint(parseNote(note).text);
      const entries: IndexedEntry[] = [];
      for (let index = 0; index * TILE_WIDTH < size; index++) {
        const width = tileWidth(0, index, size);
        const bundle = decodeBundle(await get(`/ledger/${bundlePath({ index, width })}`), width);
        for (const entry of bundle) entries.push({ index: entries.length, entry: readLedgerEntry(entry) });
      }
      return { note, entries };
    },
  };
}

/** An edge with a connector that serves `echo` and `guarded`. */
export interface LedgerRig extends TestLedger {
  gateway: TestEdge;
  token: string;
  /** Opens a session; `close` ends it as its agent does, and waits until the directory knows. */
  open(token?: string): Promise<{ id: string; close(): Promise<Session> }>;
  apply(settings?: Partial<Settings>): Promise<unknown>;
  stop(): Promise<void>;
}

export async function startLedgerRig(options: Partial<EdgeOptions> = {}): Promise<LedgerRig> {
  const gateway = await startTestEdge(options);
  const { edge, api } = gateway;
  const apply = (settings: Partial<Settings> = {}) =>
    gateway.apply({
      targets: [testTarget("echo"), testTarget("guarded")],
      policies: POLICIES,
      ...settings,
    });
  await apply();
  const identity = await gateway.enroll("main");
  const uplink = await startUplink(edge.url, identity, echo, { targets: ["echo", "guarded"] });
  const token = await gateway.serviceToken("agent");
  return {
    ...ledgerOf(gateway),
    gateway,
    token,
    apply,
    async open(bearer = token) {
      const stream = await openTunnel({ edge: edge.url, target: "echo", token: bearer });
      const { session: id } = stream as typeof stream & { session: string };
      return {
        id,
        async close() {
          stream.close("closed", "the test has finished");
          for (;;) {
            const session = await api<Session>("GET", `/v1/sessions/${id}`);
            if (session.ended !== null) return session;
          }
        },
      };
    },
    async stop() {
      uplink.stop();
      await gateway.stop();
    },
  };
}

function echo(session: ConnectorSession): void {
  session.handlers = {
    onData: (chunk) => {
      session.send([chunk]);
      session.consumed(chunk.length);
    },
    onDrain: () => {},
    onEnd: () => session.close("closed", "the agent has finished"),
    onClose: () => {},
  };
}

/** The database of the ledger's object in a state folder, for who tampers with it while the edge is down. */
export function openLedgerDatabase(state: string): DatabaseSync {
  for (const name of readdirSync(state, { recursive: true, encoding: "utf8" })) {
    if (!name.endsWith(".sqlite")) continue;
    const database = new DatabaseSync(join(state, name));
    const [table] = database.prepare("SELECT 1 FROM sqlite_master WHERE name = 'leaves'").all();
    if (table !== undefined) return database;
    database.close();
  }
  throw new Error("there is no ledger in this folder");
}
