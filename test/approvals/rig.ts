import assert from "node:assert/strict";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import type { EdgeOptions } from "../../client/local-edge/host.ts";
import type { Approval, ApprovalSummary } from "../../protocol/approval/approval.ts";
import type { Page } from "../../protocol/directory.ts";
import { type PostgresGateway, startPostgresGateway } from "../postgres-gateway.ts";

/** Reads pass; what each of these tables is for is held by its own rule; three people may approve. */
export const POLICIES = `
@id("connect") permit (principal, action == Action::"connect", resource) when { context.listed };
@id("approvers")
permit (principal, action == Action::"approve", resource) when {
  ["service/ada", "service/grace", "service/joan"].contains(principal.name) && context.approvers.contains("dba") ||
  principal.name == "service/dpo" && context.approvers.contains("privacy") ||
  principal in Group::"dba" && context.approvers.contains("dba")
};
@id("free")
permit (principal, action, resource)
unless { action == Action::"connect" || action == Action::"approve" };

@id("held") @reason("Rows of held are somebody's.") @approvers("dba")
forbid (principal, action in Action::"postgres:write", resource)
when { context.writes.contains("public.held") && !context.approved };
@id("short") @reason("Nobody waits long for short.") @approvers("dba") @expires("2s")
forbid (principal, action in Action::"postgres:write", resource)
when { context.writes.contains("public.short") && !context.approved };
@id("two") @reason("Two of you, please.") @approvers("dba") @quorum("2")
forbid (principal, action in Action::"postgres:write", resource)
when { context.writes.contains("public.two") && !context.approved };
@id("shape") @reason("This shape.") @approvers("dba") @scope("fingerprint") @lasts("1h")
forbid (principal, action in Action::"postgres:write", resource)
when { context.writes.contains("public.shape") && !context.approved };
`;

/** The whole path, with people who may approve. */
export interface ApprovalRig {
  gateway: PostgresGateway;
  /** A superuser's connection past the gateway. */
  direct: pg.Client;
  tokens: Record<"ada" | "grace" | "joan" | "dpo" | "mallory", string>;
  /** A client of the agent's, with the notices that it got. */
  client(): Promise<HeldClient>;
  /** Those that wait now, the newest first. */
  pending(): Promise<ApprovalSummary[]>;
  /** Waits until somebody asks what this has not answered before, and answers the question. */
  asked(): Promise<Approval>;
  approval(id: string): Promise<Approval>;
  /** Waits until the approval has this status. */
  becomes(id: string, status: Approval["status"]): Promise<Approval>;
  answer(who: string, id: string, answer: "approve" | "deny", reason?: string): Promise<Approval>;
  /** Ends all clients, and with them what they wait for. */
  reset(): Promise<void>;
  stop(): Promise<void>;
}

export interface Notice {
  message?: string | undefined;
  detail?: string | undefined;
  hint?: string | undefined;
}

export interface HeldClient {
  client: pg.Client;
  notices: Notice[];
  /** The next notice. */
  notice(): Promise<Notice>;
  end(): Promise<void>;
}

const PATIENCE_MS = 60_000;

export async function startApprovalRig(
  options: { policies?: string; edge?: Partial<EdgeOptions> } = {},
): Promise<ApprovalRig> {
  const gateway = await startPostgresGateway({
    policies: options.policies ?? POLICIES,
    ...(options.edge && { edge: options.edge }),
  });
  const { edge, postgres } = gateway;
  const names = ["ada", "grace", "joan", "dpo", "mallory"] as const;
  const tokens = Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await edge.serviceToken(name)])),
  ) as ApprovalRig["tokens"];
  const direct = new pg.Client({
    host: postgres.host,
    port: postgres.port,
    user: postgres.superuser,
    password: postgres.password,
    database: "postgres",
  });
  await direct.connect();
  for (const table of ["held", "short", "two", "shape"]) {
    await direct.query(`CREATE TABLE ${table} (id int PRIMARY KEY, n int NOT NULL DEFAULT 0)`);
    await direct.query(`INSERT INTO ${table} SELECT generate_series(1, 100)`);
    await direct.query(`ANALYZE ${table}`);
  }
  const listener = await gateway.listen();
  const clients: pg.Client[] = [];
  /** Ids of the questions that `asked` has answered. */
  const known = new Set<string>();
  const rig: ApprovalRig = {
    gateway,
    direct,
    tokens,
    async client() {
      const client = new pg.Client({
        host: listener.host,
        port: listener.port,
        user: "a",
        database: "postgres",
      });
      client.on("error", () => {});
      const notices: HeldClient["notices"] = [];
      client.on("notice", (notice) => notices.push(notice));
      await client.connect();
      clients.push(client);
      let taken = 0;
      return {
        client,
        notices,
        async notice() {
          while (notices.length <= taken) await once(client, "notice");
          return notices[taken++]!;
        },
        end: () => client.end(),
      };
    },
    async pending() {
      const page = await edge.api<Page<ApprovalSummary>>("GET", "/v1/approvals?status=pending");
      return page.items;
    },
    async asked() {
      const until = performance.now() + PATIENCE_MS;
      for (;;) {
        const one = (await rig.pending()).find(({ id }) => !known.has(id));
        if (one !== undefined) {
          known.add(one.id);
          return rig.approval(one.id);
        }
        assert.ok(performance.now() < until, "nobody asked");
        await sleep(25);
      }
    },
    approval: (id) => edge.api<Approval>("GET", `/v1/approvals/${id}`),
    async becomes(id, status) {
      const until = performance.now() + PATIENCE_MS;
      for (;;) {
        const one = await rig.approval(id);
        if (one.status === status) return one;
        assert.ok(performance.now() < until, `${id} is ${one.status}, not ${status}`);
        await sleep(25);
      }
    },
    answer: (who, id, answer, reason) =>
      edge.api<Approval>(
        "POST",
        `/v1/approvals/${id}/${answer}`,
        reason === undefined ? {} : { reason },
        tokens[who as keyof typeof tokens],
      ),
    async reset() {
      for (const client of clients.splice(0)) hangUp(client);
      const until = performance.now() + PATIENCE_MS;
      while ((await rig.pending()).length > 0) {
        assert.ok(performance.now() < until, "a question outlived its session");
        await sleep(25);
      }
    },
    async stop() {
      for (const client of clients) hangUp(client);
      await direct.end();
      await gateway.stop();
    },
  };
  return rig;
}

/** As when the agent's process is killed. */
export function hangUp(client: pg.Client): void {
  (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
}

/** How a query ended. */
export type Ended = { rows: number | null } | { code: string; message: string; hint: string; detail: string };

/** Runs a query to its end, whatever it is. */
export async function ended(query: Promise<pg.QueryResult>): Promise<Ended> {
  try {
    return { rows: (await query).rowCount };
  } catch (error) {
    const { code = "", message, hint = "", detail = "" } = error as pg.DatabaseError;
    return { code, message, hint, detail };
  }
}
