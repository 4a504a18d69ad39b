import type { Call, Findings, Program, Word } from "./program.ts";

/** Builtins of shells that only steer, print or set variables. */
export const BUILTINS: Readonly<Record<string, Program>> = {
  "true false :": { effects: [], verbatim: true },
  echo: { effects: [], verbatim: true },
  pwd: { effects: [], options: "LP", operands: "none", harmless: true },
  cd: { effects: [], options: "LPe@", operands: "text" },
  "pushd popd dirs": { effects: [], options: "nclpv", operands: "text" },
  "exit return break continue shift logout": { effects: [], verbatim: true },
  wait: { effects: [], options: "nf", operands: "text" },
  "jobs times": { effects: [], options: "lnprs", operands: "text" },
  "[ test": { effects: [], verbatim: true, more: testWords },
  printf: {
    effects: [],
    verbatim: true,
    more(call, findings) {
      const [format] = call.operands;
      if (format !== undefined) formatted(format.text ?? "", call.operands.slice(1), findings);
      if (format?.text === null)
        findings.unknown("Its format isn't static, and may be an option that sets a variable.");
      if (format?.text?.startsWith("-v")) {
        setsVariable(format.text === "-v" ? call.operands[1]?.text : format.text.slice(2), findings);
      }
    },
  },
  read: {
    effects: [],
    options: "ersa:d:i:n:N:p:t:u:",
    operands: "text",
    more(call, findings) {
      if (call.stdin === "agent") findings.does("interactive");
      for (const { name, value } of call.options) if (name === "-a") setsVariable(value?.text, findings);
      for (const { text } of call.operands) setsVariable(text, findings);
    },
  },
  "mapfile readarray": {
    effects: [],
    options: "d:n:O:s:tu:",
    operands: "text",
    more: setVariables,
  },
  "export declare typeset local readonly": {
    effects: [],
    options: "pxrlugin",
    operands: "text",
    more(call, findings) {
      if (call.operands.length === 0 || call.options.some(({ name }) => name === "-p")) {
        findings.read({ text: "/proc/self/environ", pattern: null });
      }
      // Declared as a number, a value is computed when it is set, and an index may run commands.
      if (call.options.some(({ name }) => name === "-i" || name === "-n")) {
        findings.unknown("What it makes of a value isn't static.");
      }
      for (const { text } of call.operands) {
        // As an array's, bash expands a value again: declare 'x=([$(reboot)]=1)'.
        if (/[$`]/.test(text ?? "")) findings.unknown("What it makes of a value isn't static.");
        setsVariable(text === null ? null : text.replace(/\+?=[\s\S]*$/, ""), findings);
      }
    },
  },
  unset: {
    effects: [],
    options: "v",
    operands: "text",
    more: setVariables,
  },
  set: {
    effects: [],
    verbatim: true,
    more(call, findings) {
      if (call.operands.length === 0) findings.read({ text: "/proc/self/environ", pattern: null });
      const fails = /^[-+](?:[eufxC]+|[eux]*o)$/;
      const named = new Set(["pipefail", "errexit", "nounset", "xtrace", "noglob"]);
      for (const { text } of call.operands) {
        if (text === null || !(fails.test(text) || named.has(text)))
          findings.unknown("What it sets isn't understood.");
      }
    },
  },
  "umask ulimit": { effects: [], verbatim: true },
  type: { options: "aftpP", operands: "text", harmless: true },
  hash: { effects: [], options: "lrt", operands: "text" },
  let: {
    effects: [],
    verbatim: true,
    more: (_, findings) => findings.unknown("Arithmetic may run commands."),
  },
  history: {
    effects: ["read"],
    options: "",
    operands: "text",
    numbers: true,
    more: (_, findings) => findings.read({ text: "~/.bash_history", pattern: null }),
  },
  "eval source . trap alias unalias enable bind complete compgen compopt shopt getopts fc builtin": {
    effects: ["run-code"],
    verbatim: true,
    more: (_, findings) => findings.unknown("It runs or changes what isn't a command of the line."),
  },
};

function setVariables(call: Call, findings: Findings): void {
  for (const { text } of call.operands) setsVariable(text, findings);
}

/** Variables with which programs, the loader or shells run code or find it, all the same in any letter case. */
const DANGEROUS =
  /^(?:path|cdpath|fpath|manpath|ifs|env|bash_.*|ps[0-9]|prompt_command|ld_.*|dyld_.*|gcc_.*|malloc_.*|glibc_.*|(?:.*_)?(?:pager|editor|visual|browser|shell|opts?|options|args|command|hook|path|home|lib|preload|proxy|config.*|flags|dir|file)|less.*|man.*|git_.*|ssh_.*|sudo_.*|tar_.*|rsync_.*|perl.*|python.*|ruby.*|node_.*|npm_.*|java.*|jdk_.*|_java.*|php.*|lua.*|awk.*|zdotdir|histfile|shellopts|bashopts|globignore|posixly_correct|openssl_.*|curl_.*|wget.*|http.*|all_proxy|pg.*|mysql.*|docker_.*|kube.*|grep_.*|term.*|home|user|logname|tmpdir|mail.*|fcedit|inputrc|locpath|nlspath|gconv_path|hostaliases|resolv.*|localdomain|kubeconfig|systemd_.*|dbus_.*|xdg_.*|path_.*|module_.*|aliases|functions|commands|options|argv|status|pipestatus|match|reply|prompt|watch|psvar|mailpath|module_path|seconds|random|lineno|histchars|auto_resume|dirstack|nameddirs|userdirs|usergroups|fignore|[gs]aliases|dis_.*|builtins|reswords|patchars|parameters|modules|history|historywords|func.*|job.*|keymaps|widgets|mapfile|errnos|sysparams|langinfo|zsh_.*|sh|prompt[0-9]|ksh.*|.*_proxy|.*_preload)$/i;

/**
 * A variable that the line sets. In capitals it may be one of the environment, which programs obey; some lower-case
 * names are such in zsh.
 */
function setsVariable(name: string | null | undefined, findings: Findings): void {
  if (name === null) findings.unknown("The name of a variable isn't static.");
  else if (name !== undefined && !harmlessVariable(name)) {
    findings.unknown(`The variable ${JSON.stringify(name.slice(0, 80))} may change what programs do.`);
  }
}

/**
 * Whether no program, shell or loader is known to obey the variable. Only lower-case names are: those in capitals are
 * the environment's, and nobody knows them all (POSIX 8.1).
 */
export function harmlessVariable(name: string): boolean {
  return /^[a-z_][a-z0-9_]*$/.test(name) && !DANGEROUS.test(name);
}

/** "%n" sets a variable; zsh and ksh compute what is to be a number, and an index may run commands. */
function formatted(format: string, values: readonly Word[], findings: Findings): void {
  if (/%[^A-Za-z%]*n/.test(format)) findings.unknown("Its format sets a variable.");
  const computes = /%[^A-Za-z%]*(?:[a-mo-pt-zA-Z]|\*)/.test(format.replace(/%[^A-Za-z%]*[sbqc]/g, ""));
  const plain = (value: Word) => value.text !== null && /^[-+]?[0-9.]*$/.test(value.text);
  if (computes && !values.every(plain)) findings.unknown("A value is computed, which may run commands.");
}

const COMPARES = /^-(?:eq|ne|lt|le|gt|ge)$/;

/** bash computes the index of "-v a[$(reboot)]", so a word that isn't static must not become it. */
function testWords(call: Call, findings: Findings): void {
  const texts = call.operands.map(({ text }) => text);
  if (texts.some((text) => text === "-v" || text === "-R")) {
    for (const text of texts)
      if (text === null || /[[$`]/.test(text.replace(/^\]$/, "")))
        findings.unknown("An index may run commands.");
  }
  for (const [index, text] of texts.entries()) {
    if (text === null || !COMPARES.test(text)) continue;
    // zsh and ksh compute both sides.
    const sides = [texts[index - 1], texts[index + 1]];
    if (sides.some((side) => typeof side !== "string" || !/^[-+]?\d+$/.test(side))) {
      findings.unknown("A value is computed, which may run commands.");
    }
  }
  const odd = texts.some((text, index) => text === null && texts[index + 1] === null);
  if (odd || texts.some((text) => text !== null && /\[[^\]]*[$`]/.test(text)))
    findings.unknown("An index may run commands.");
  const files = /^-[bcdefghkLnNOprsStuwxz]$/;
  const at = texts.findIndex((text) => text !== null && files.test(text));
  if (at >= 0 && call.operands[at + 1] !== undefined && !/^-[nzt]$/.test(texts[at] ?? ""))
    findings.list(call.operands[at + 1]!);
}
