import type { ListedTarget } from "../protocol/directory.ts";
import { SallyportError } from "../protocol/errors.ts";
import type { AgentStream, ExchangeTunnel } from "../protocol/stream.ts";
import { openExchangeTunnel, openTunnel, type TunnelOptions } from "../protocol/tunnel/join.ts";
import { type Access, accessTo, type Wanted } from "./approvals/access.ts";
import { type OpeningCommand, obtainAccess, reasonMissing, tellAccess } from "./approvals/told-access.ts";
import type { EdgeApi } from "./edge-api.ts";
import { explainConnect } from "./policy-replay/explain.ts";
import type { ClientTrace } from "./telemetry/client-trace.ts";
import { printable } from "./terminal.ts";

const MAX_TARGETS = 10_000;

export interface AccessOptions {
  reason?: string;
  for?: number;
}

/** What `--reason` and `--for` ask for; null without them. */
export function wantedOf(target: string, { reason, for: lastsMs }: AccessOptions): Wanted | null {
  if (reason !== undefined) return { target, reason, ...(lastsMs !== undefined && { lastsMs }) };
  if (lastsMs === undefined) return null;
  throw new SallyportError("invalid_request", "--for is of no use without --reason.", "Say what it is for.");
}

/**
 * The right to open a target: asked for with `--reason`, else that which is there already; null where none is needed.
 * Throws `approval_required` where there is none.
 */
export async function accessFor(
  api: EdgeApi,
  target: ListedTarget,
  wanted: Wanted | null,
  command: OpeningCommand,
): Promise<Access | null> {
  return wanted ? obtainAccess(api, wanted) : accessWithoutReason(api, target, command);
}

async function accessWithoutReason(
  api: EdgeApi,
  { name, access }: ListedTarget,
  command: OpeningCommand,
): Promise<Access | null> {
  if (access !== "approve") return null;
  const there = await accessTo(api, name, Date.now());
  if (there) {
    tellAccess(there, name);
    return there;
  }
  const { decision } = await explainConnect(api, name, {});
  if (decision.verdict === "allow") return null;
  throw reasonMissing(name, command, decision.reason);
}

/** The targets that one may open, all of them. */
export function listTargets(api: EdgeApi): Promise<ListedTarget[]> {
  return api.list<ListedTarget>("/v1/targets", MAX_TARGETS);
}

/** Throws `unknown_target`, or `forbidden` with the policies' reason. */
export async function findTarget(api: EdgeApi, name: string): Promise<ListedTarget> {
  const targets = await listTargets(api);
  const target = targets.find((one) => one.name === name);
  if (target && target.access !== "none") return target;
  const { listed, decision } = await explainConnect(api, name, {}).catch((error: unknown) => {
    if (error instanceof SallyportError && error.code === "unknown_target") return UNKNOWN;
    throw error;
  });
  // A target of which one knows is not listed where the policies forbid it: they have a reason.
  if (listed && decision?.verdict === "block") {
    throw new SallyportError(
      "forbidden",
      `You may not open ${printable(name)}: ${printable(decision.reason)}`,
    );
  }
  throw new SallyportError(
    "unknown_target",
    `There is no target ${printable(name)} that you may open.`,
    targets.length > 0
      ? `There is: ${targets.map((one) => one.name).join(", ")}.`
      : "An administrator adds targets with `sallyport apply`, and opens them to you with `allow`.",
  );
}

const UNKNOWN = { listed: false, decision: null } as const;

/** Opens a tunnel. An error says what to type, as whoever reads it sees this command. */
export async function openTarget(
  api: EdgeApi,
  target: string,
  command: OpeningCommand,
  trace: ClientTrace,
): Promise<AgentStream> {
  return await open(openTunnel, api, target, command, trace);
}

/** The same to a target whose sessions carry exchanges. */
export async function openExchangeTarget(
  api: EdgeApi,
  target: string,
  command: OpeningCommand,
  trace: ClientTrace,
): Promise<ExchangeTunnel> {
  return await open(openExchangeTunnel, api, target, command, trace);
}

async function open<T extends { readonly session: string }>(
  way: (options: TunnelOptions) => Promise<T>,
  api: EdgeApi,
  target: string,
  command: OpeningCommand,
  trace: ClientTrace,
): Promise<T> {
  try {
    return await trace.open(target, async (context) =>
      way({ edge: api.edge, target, token: await api.token(), trace: context }),
    );
  } catch (error) {
    if (!(error instanceof SallyportError) || error.code !== "approval_required") throw error;
    const { hint } = reasonMissing(target, command, null);
    throw new SallyportError(error.code, error.message, hint);
  }
}
