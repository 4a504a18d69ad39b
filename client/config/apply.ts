import type {
  Applied,
  Change,
  PoliciesChange,
  PolicyDistribution,
  Settings,
} from "../../protocol/directory.ts";
import { SallyportError } from "../../protocol/errors.ts";
import type { EdgeApi } from "../edge-api.ts";
import { printable, styled } from "../terminal.ts";
import type { ConfigFile } from "./file.ts";

/**
 * What the file would change at the edge, or, unless `dryRun`, what it has changed, and how connectors took it. The edge checks everything
 * before it changes anything; its problems come back with their place in the file. Throws `invalid_config`.
 */
export async function applyConfig(api: EdgeApi, config: ConfigFile, dryRun: boolean): Promise<Applied> {
  try {
    const body: { settings: Settings; dryRun: boolean } = { settings: config.settings, dryRun };
    return await api.post<Applied>("/v1/apply", body);
  } catch (error) {
    if (!(error instanceof SallyportError) || error.code !== "invalid_request") throw error;
    const problems = error.message.split("\n").map((line) => {
      const bullet = line.startsWith("- ") ? "- " : "";
      return `${bullet}${config.locate(line.slice(bullet.length))}`;
    });
    throw new SallyportError("invalid_config", problems.join("\n"), error.hint ?? "Nothing was changed.");
  }
}

const SIGNS = { create: "+", update: "~", delete: "-" } as const;
const COLOURS = { create: "green", update: "yellow", delete: "red" } as const;

/** A change as lines: its subject, then the members that differ. */
export function changeLines({ action, subject, before, after }: Change): string[] {
  const head = styled(COLOURS[action], `${SIGNS[action]} ${printable(subject)}`);
  if (subject === "policies") return [head, ...policyLines({ before, after } as PoliciesChange)];
  return [head, ...differences(before, after).map((line) => `    ${printable(line)}`)];
}

/** The versions as `sallyport policy` shows them, and the lines that differ. */
function policyLines({ before, after }: PoliciesChange): string[] {
  const colours = { "-": "red", "+": "green" } as const;
  return [
    `    version: ${printable(before.version.slice(0, 12))} -> ${printable(after.version.slice(0, 12))}`,
    ...after.lines.map((line) => {
      const colour = colours[line[0] as "-" | "+"];
      const words = printable(line.replaceAll("\t", "    "));
      return `    ${colour === undefined ? words : styled(colour, words)}`;
    }),
  ];
}

export function summary(changes: readonly Change[]): string {
  const count = (action: Change["action"]) => changes.filter((change) => change.action === action).length;
  return `${count("create")} to create, ${count("update")} to change, ${count("delete")} to delete`;
}

/** How the connectors took a policy set, as lines; none when there is no connector. */
export function distributionLines({ connectors, revision, version }: PolicyDistribution): string[] {
  const taken = connectors.filter(({ state }) => state === "taken");
  const name = ({ connector, instance }: PolicyDistribution["connectors"][number]) =>
    printable(instance === null ? connector : `${connector} (${instance.slice(0, 8)})`);
  return [
    ...(taken.length === 0
      ? []
      : [
          `Policies of revision ${revision} (${printable(version.slice(0, 12))}) are taken by ${taken.map(name).join(", ")}.`,
        ]),
    ...connectors
      .filter(({ state }) => state === "cut_off")
      .map((one) => {
        const ended = one.ended === 1 ? "1 session was" : `${one.ended} sessions were`;
        return `Cut off: ${name(one)} did not say in time that it took them; ${ended} ended, and it must connect again.`;
      }),
  ];
}

function differences(before: unknown, after: unknown): string[] {
  if (!isObject(before) && !isObject(after)) return [`${text(before)} -> ${text(after)}`];
  const [old, now] = [isObject(before) ? before : {}, isObject(after) ? after : {}];
  return [...new Set([...Object.keys(old), ...Object.keys(now)])]
    .filter((name) => name !== "name" && text(old[name]) !== text(now[name]))
    .map((name) => {
      if (before === null) return `${name}: ${text(now[name])}`;
      if (after === null) return `${name}: ${text(old[name])}`;
      return `${name}: ${text(old[name])} -> ${text(now[name])}`;
    });
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function text(value: unknown): string {
  return value === undefined ? "(default)" : JSON.stringify(value);
}
