import type { ShellEffect } from "../facts.ts";
import type { Call, Findings, Program } from "./program.ts";

const HARMLESS =
  "asbpuvqzn:U? --short --branch --porcelain=? --stat=? --shortstat --numstat --name-only --name-status --oneline --graph --decorate=? --all --no-color --color=? --pretty=? --format= --abbrev-commit --abbrev=? --since= --until= --after= --before= --author= --grep= --max-count= --no-merges --merges --follow --patch --no-patch --cached --staged --ignored --untracked-files=? --no-ext-diff --no-textconv --date= --reverse --first-parent --tags --long --dirty --always --show-toplevel --verify --verbose --list --contains= --merged --no-merged --remotes --exclude-standard --others --modified --heads --word-diff=? --summary --quiet --is-inside-work-tree --git-dir --abbrev-ref --topo-order --left-right --count --show-current --sort= --no-renames --raw --exit-code --get-url --get --get-all --local --global --system --show-origin -l";

const READS: Program = { options: HARMLESS, operands: "text", numbers: true };
const row = (...effects: ShellEffect[]): Program => ({ effects, verbatim: true });

/**
 * git(1). Hooks, filters, aliases and the settings of a repository run code; of one that others may write, like those
 * below /tmp, nothing is taken to be harmless.
 */
export const GIT: Program = {
  options: "C:P --no-pager --version --no-optional-locks --literal-pathspecs",
  first: true,
  subcommands: {
    "status log diff show rev-parse rev-list ls-files ls-tree shortlog describe blame diff-tree whatchanged show-ref for-each-ref merge-base name-rev cherry cat-file count-objects":
      READS,
    branch: listing(
      "av r --list --show-current --all --remotes --merged --no-merged --contains= -vv --sort= --format= --verbose",
      0,
    ),
    tag: listing("l n? --list --sort= --contains= --points-at= --format=", 0),
    remote: {
      options: "v --verbose",
      subcommands: {
        "": READS,
        "get-url": READS,
        "show add remove rename set-url prune update set-head": row("write", "network"),
      },
      first: true,
    },
    stash: {
      options: "",
      subcommands: {
        list: READS,
        "show push pop apply drop clear save": row("write", "run-code"),
        "": row("write", "run-code"),
      },
      first: true,
    },
    worktree: {
      options: "",
      subcommands: { list: READS, "add remove prune move": row("write", "run-code") },
      first: true,
    },
    reflog: {
      options: "",
      subcommands: { "": READS, show: READS, "expire delete": row("delete") },
      first: true,
    },
    config: {
      options: "lz --list --get= --get-all= --local --global --system --show-origin --show-scope --name-only",
      operands: "none",
      more: (_, findings) => findings.read({ text: "~/.git-credentials", pattern: null }),
    },
    "": READS,
    version: READS,
    // The other end of a clone or fetch, and of a push, whose hooks run.
    "upload-pack upload-archive": {
      effects: ["read"],
      options: "--strict --no-strict --timeout= --stateless-rpc --advertise-refs",
      operands: "reads",
      always: "deep",
    },
    "receive-pack": { effects: ["write", "run-code"], options: "", operands: "writes" },
    "fetch pull push clone ls-remote submodule remote-http remote-https remote-ext archive": row(
      "network",
      "write",
      "run-code",
    ),
    "add rm mv commit checkout switch restore reset merge rebase cherry-pick revert clean init gc prune am apply bisect notes filter-branch replace update-ref update-index symbolic-ref maintenance repack fsck hook":
      row("write", "run-code"),
    "grep difftool mergetool daemon instaweb send-email svn p4 shell credential help web--browse": {
      effects: ["run-code"],
      verbatim: true,
      more: (_, findings) => findings.unknown("It may run other programs."),
    },
  },
  more(call, findings) {
    const folders = call.options
      .filter(({ name }) => name === "-C")
      .map(({ value }) => findings.name(value!));
    const open = /^(?:\*|\/(?:tmp|var\/tmp|dev\/shm)(?:\/|$))/;
    if ([findings.folder ?? "*", ...folders].some((folder) => open.test(folder))) {
      findings.does("run-code");
      findings.unknown("The repository's own settings may run code.");
    }
    const [verb, ...words] = call.operands;
    const compared = verb?.text === "diff" && words.filter(({ text }) => !text?.startsWith("-")).length > 1;
    for (const { text } of words) {
      // Two files outside of a repository are compared as they are; "HEAD:x" is a file of it. What isn't a file but a
      // revision is taken for one that nothing forbids.
      if (text === null || !text.startsWith("-")) {
        findings.read({ text: text?.slice(text.lastIndexOf(":") + 1) || text, pattern: null }, compared);
      }
    }
  },
};

function listing(options: string, most: number): Program {
  return {
    options,
    operands: "text",
    more(call: Call, findings: Findings) {
      // With a name it makes one.
      if (
        call.operands.length > most &&
        !call.options.some(({ name }) => /^(?:--list|-l|--contains)$/.test(name))
      ) {
        findings.does("write");
      }
    },
  };
}

export const GIT_ALONE: Readonly<Record<string, Program>> = {
  git: GIT,
  "git-upload-pack git-upload-archive": {
    effects: ["read"],
    options: "--strict --no-strict --timeout=",
    operands: "reads",
    always: "deep",
  },
  "git-receive-pack": { effects: ["write", "run-code"], options: "", operands: "writes" },
  "git-shell": {
    effects: ["run-code"],
    verbatim: true,
    more: (_, findings) => findings.unknown("It runs what its argument says."),
  },
};
