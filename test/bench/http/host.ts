import { fileURLToPath } from "node:url";
import { DETECTOR_NAMES } from "../../../connector/mask/detectors/modes.ts";
import type { Destination } from "../path.ts";
import { startProgram } from "../programs.ts";

/** Where HTTP is spoken, as its clients must know it. */
export interface Origin extends Destination {
  /** Of its own server; `ca` in PEM where it has TLS, `token` where it wants one. */
  ca: string | null;
  token: string | null;
  stop(): Promise<void>;
}

/** An HTTP service. */
export interface Service extends Origin {
  /** Of what it sends as a file. */
  megabytes: number;
}

/** Everything but to see what labels hide. */
export const ALL_BUT_UNMASK = `permit(principal, action, resource) unless { action == Action::"unmask" };\n`;

/** Below this path the members `email` have a label. */
export const LABELLED = "/labelled";

/** `masks`: with labels below `LABELLED` and the detectors that are on without a line; else nothing looks into anything. */
export async function startService(megabytes: number, masks: boolean): Promise<Service> {
  const file = fileURLToPath(new URL("./service.ts", import.meta.url));
  const { program, ready } = await startProgram(
    process.execPath,
    [file, String(megabytes)],
    {},
    (line) => JSON.parse(line) as { port: number },
  );
  const { port } = ready;
  return {
    ...{ host: "127.0.0.1", port, megabytes },
    ca: null,
    token: null,
    target: {
      kind: "http",
      connection: { url: `http://127.0.0.1:${port}`, tls: { mode: "disable" } },
      ...(masks ? MASKS : UNTOUCHED),
    },
    policies: ALL_BUT_UNMASK,
    secrets: {},
    stop: program.stop,
  };
}

const MASKS = {
  labels: { [`${LABELLED}/** $..email`]: "pii.email" },
  masks: { "pii.email": { mask: "partial", as: "email" } },
};

/** Settings of a target into whose responses nobody looks. */
export const UNTOUCHED = { detectors: Object.fromEntries(DETECTOR_NAMES.map((name) => [name, "off"])) };
