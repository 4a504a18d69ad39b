import { carriesExchanges, type TargetKind } from "../protocol/control.ts";
import type { OpeningCommand } from "./approvals/told-access.ts";
import type { EdgeApi } from "./edge-api.ts";
import { listenHttp } from "./http/listener.ts";
import { type Listener, type ListenerOptions, listen } from "./listener.ts";
import { openExchangeTarget, openTarget } from "./opening.ts";
import { SSH_MANNER } from "./ssh/refusal.ts";
import type { ClientTrace } from "./telemetry/client-trace.ts";

/**
 * Listens for clients of a target, as its kind has it: a tunnel for each connection, or for all requests of HTTP.
 * Throws `conflict` for a taken port.
 */
export function listenForTarget(
  api: EdgeApi,
  { name, kind }: { name: string; kind: TargetKind },
  command: OpeningCommand,
  trace: ClientTrace,
  options: Omit<ListenerOptions, "open" | "manner">,
): Promise<Listener> {
  if (carriesExchanges(kind)) {
    return listenHttp({ ...options, kind, open: () => openExchangeTarget(api, name, command, trace) });
  }
  return listen({
    ...options,
    open: () => openTarget(api, name, command, trace),
    ...(kind === "ssh" && { manner: SSH_MANNER }),
  });
}
