import type { Call, Findings, Program } from "./program.ts";

/** Programs that run another command, which is described for itself. */
export const WRAPPERS: Readonly<Record<string, Program>> = {
  sudo: {
    effects: [],
    options:
      "u:g:nEHSkKPbp:C:r:t:D:R:T:h: --user= --group= --non-interactive --set-home --stdin --reset-timestamp --remove-timestamp --preserve-groups --background --prompt= --chdir=",
    does: {
      "l --list": ["read"],
      "v --validate": ["change-user"],
      "i --login": ["change-user"],
      "s --shell": ["change-user", "run-code"],
      "e --edit": ["change-user", "write", "interactive"],
      "A --askpass": ["run-code"],
    },
    first: true,
    more(call, findings) {
      const names = call.options.map(({ name }) => name);
      if (call.operands.length > 0) findings.does("change-user", "run-command");
      else if (names.some((name) => name === "-i" || name === "--login")) findings.does("run-code");
    },
  },
  "doas runuser su pkexec gosu su-exec": { effects: ["change-user", "run-command"], verbatim: true },
  "chroot unshare nsenter runcon systemd-run firejail bwrap": {
    effects: ["run-code", "change-system"],
    verbatim: true,
    more: beyond,
  },
  env: {
    effects: [],
    options: "i0u:C:v --ignore-environment --null --unset= --chdir= --debug",
    first: true,
    more(call, findings) {
      if (call.operands.some(({ text }) => text === null || !/^[A-Za-z_]\w*=/.test(text)))
        findings.does("run-command");
      else {
        findings.does("read");
        if (!call.options.some(({ name }) => name === "-i" || name === "--ignore-environment")) {
          findings.read({ text: "/proc/self/environ", pattern: null });
        }
      }
    },
  },
  "nohup setsid nice ionice stdbuf time timeout command exec": {
    effects: ["run-command"],
    options:
      "n:c:p:s:k:o:e:i:twWf vVabrm --adjustment= --class= --classdata= --signal= --kill-after= --preserve-status --foreground --output= --error= --input= --wait --fork",
    first: true,
    numbers: true,
    more(call, findings) {
      // "time -o FILE" and "stdbuf -o L" look the same.
      if (
        call.options.some(
          ({ name, value }) =>
            /^(?:-o|--output)$/.test(name) && !/^(?:0|L|\d+[KMG]?)$/.test(value?.text ?? ""),
        )
      ) {
        findings.unknown("It may write a file.");
      }
      if (call.options.some(({ name, value }) => name === "-p" && /\d/.test(value?.text ?? "0")))
        findings.does("change-system");
    },
  },
  watch: {
    effects: ["run-command", "interactive"],
    options: "bcdegn:ptwx --interval= --no-title --exec --color",
    first: true,
  },
  xargs: {
    effects: ["run-command"],
    options:
      "0d:E:e?I:i?L:l?n:P:prs:tx --null --delimiter= --max-lines=? --max-args= --max-procs= --no-run-if-empty --replace=? --verbose --exit --max-chars=",
    reads: "a: --arg-file=",
    first: true,
  },
  parallel: { effects: ["run-code"], verbatim: true, more: beyond },
  "sh bash dash ash ksh zsh rbash": {
    effects: [],
    verbatim: true,
    more(call, findings) {
      const words = call.operands.map(({ text }) => text);
      if (words.length === 1 && words[0] === "--version") return;
      // Its script is a command line of its own, where it is static.
      const script = words.findIndex((word) => word === null || !/^-[euxl]*$|^-o$|^pipefail$/.test(word));
      if (
        script >= 0 &&
        /^-[euxl]*c[euxl]*$/.test(words[script] ?? "") &&
        typeof words[script + 1] === "string"
      ) {
        findings.does("run-command");
        return;
      }
      // So it is where the line says what stands in its input.
      if (call.stdin === "text" && script < 0) {
        findings.does("run-command");
        return;
      }
      findings.does("run-code");
      if (call.stdin === "agent" && words.length === 0) findings.does("interactive");
      findings.unknown("The code that it runs isn't in the line.");
    },
  },
  ssh: {
    effects: ["network", "run-command"],
    options: "46aAfnNqtTvxXCkl:p:i:b:c:m:e:J:",
    first: true,
    more: jumps,
  },
};

function beyond(_: Call, findings: Findings): void {
  findings.unknown("What it runs isn't looked into.");
}

function jumps(call: Call, findings: Findings): void {
  if (call.options.some(({ name }) => name === "-J")) findings.does("network");
  if (call.operands.length < 2) {
    findings.does("run-code");
    findings.unknown("What runs there isn't in the line.");
  }
}
