import type { ShellEffect } from "../facts.ts";
import type { Call, Findings, Program } from "./program.ts";

const LISTS: Program = {
  options:
    "aqlsnf:n: --all --quiet --no-trunc --filter= --format= --size --latest --last= --no-stream --human --digests --short --since= --until= --services --verbose",
};
const LOGS: Program = {
  options: "ftn: --follow --tail= --since= --until= --timestamps --details --no-color --no-log-prefix",
};
const INSPECTS: Program = { options: "sf: --format= --size --type=", more: variables };
const row = (...effects: ShellEffect[]): Program => ({ effects, verbatim: true });
const RUNS: Program = {
  effects: ["run-code"],
  verbatim: true,
  more: (_, findings) => findings.unknown("What it runs isn't looked into."),
};
const CONTROLS = row("control-service");
const SOFTWARE = row("change-software", "network");

const GROUPS: Readonly<Record<string, Program>> = {
  "ls list": LISTS,
  inspect: INSPECTS,
  "start stop restart kill pause unpause rm prune create up down rename update connect disconnect wait": row(
    "control-service",
    "delete",
  ),
  "run exec build cp attach commit export import load save": RUNS,
};

/** Container engines and orchestrators. */
export const CONTAINERS: Readonly<Record<string, Program>> = {
  "docker podman": {
    options: "v --version",
    first: true,
    subcommands: {
      "ps images version info stats port diff events history search": LISTS,
      // Shows what the processes were called with, as ps does.
      top: { options: "", most: 1 },
      logs: LOGS,
      inspect: INSPECTS,
      "container image network volume node service stack context plugin": {
        options: "",
        first: true,
        subcommands: { ...GROUPS, logs: LOGS, "stats ps port": LISTS, "history diff": LISTS },
      },
      system: { options: "", first: true, subcommands: { "df info": LISTS, "prune reset": row("delete") } },
      compose: {
        options: "f:p: --file= --project-name= --project-directory=",
        first: true,
        subcommands: { "ps ls images top version": LISTS, logs: LOGS, ...GROUPS },
      },
      "start stop restart kill pause unpause rm rename update wait": row("control-service", "delete"),
      "rmi prune": row("delete"),
      "pull push login logout tag": SOFTWARE,
      // What runs there is a command of its own.
      exec: row("run-command"),
      "run create build buildx cp attach commit export import load save swarm secret config": RUNS,
      "": LISTS,
    },
  },
  "docker-compose": {
    options: "f:p: --file= --project-name=",
    first: true,
    subcommands: { "ps images top version": LISTS, logs: LOGS, ...GROUPS },
  },
  kubectl: {
    options: "n: --namespace=",
    first: true,
    subcommands: {
      "get describe top": {
        options:
          "n:AwlL:o:Ra --namespace= --all-namespaces --watch --selector= --output= --show-labels --sort-by= --no-headers --field-selector= --ignore-not-found --containers --wide",
        effects: ["read", "network"],
        more(call, findings) {
          if (
            call.operands.some(({ text }) => text === null || /secret|\ball\b|configmap|^cm\b|,/.test(text))
          ) {
            findings.read({ text: "/run/secrets/*", pattern: null });
          }
          if (
            call.options.some(
              ({ name, value }) =>
                /^(?:-o|--output)$/.test(name) && !/^(?:wide|name)$/.test(value?.text ?? ""),
            )
          ) {
            findings.read({ text: "/run/secrets/*", pattern: null });
          }
        },
      },
      logs: {
        options:
          "fc:n:l:p --follow --container= --namespace= --tail= --since= --previous --timestamps --all-containers=? --selector= --prefix",
        effects: ["read", "network"],
      },
      "version cluster-info api-resources api-versions explain": {
        options: "--client --short",
        effects: ["read", "network"],
      },
      rollout: {
        options: "",
        first: true,
        subcommands: {
          "status history": { options: "n: --namespace= --watch=", effects: ["read", "network"] },
          "restart undo pause resume": CONTROLS,
        },
      },
      "scale delete cordon uncordon drain taint label annotate autoscale set": row(
        "control-service",
        "network",
      ),
      exec: row("run-command", "network"),
      "apply create replace patch edit run cp attach debug proxy port-forward expose plugin config auth certificate diff kustomize":
        RUNS,
    },
  },
  "crictl ctr": {
    options: "n:",
    first: true,
    subcommands: {
      "ps pods images stats": LISTS,
      logs: LOGS,
      "exec run rm rmp stop pull create inspect": RUNS,
    },
  },
};

/** Members that hold no variables. */
const PLAIN =
  /^(?:\.[A-Za-z]+)*\.(?:Status|Running|Restarting|RestartCount|OOMKilled|StartedAt|FinishedAt|ExitCode|Image|Name|Id|Pid|Created|Driver|Mountpoint|Size|Architecture|Os|RepoTags|RepoDigests|LogPath|Platform|Hostname|IPAddress|Ports)$/;

/** The variables of a container often hold passwords; a format that names other members doesn't show them. */
function variables(call: Call, findings: Findings): void {
  const format = call.options.find(({ name }) => name === "-f" || name === "--format")?.value?.text ?? "";
  const actions = [...format.matchAll(/\{\{([\s\S]*?)\}\}/g)].map(([, action]) => action!.trim());
  const shown = actions.length > 0 && actions.every((action) => PLAIN.test(action));
  if (!shown) findings.read({ text: "/proc/*/environ", pattern: null });
}
