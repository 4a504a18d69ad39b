import { has, lastValue, type OptionTable, readOptions } from "./options.ts";
import { ALONE, type Inner, runs, unknown, type Wrapper } from "./wrapper.ts";

/** A program that runs the words after its options, changed in a way that the facts of a command don't tell. */
export function plain(table: OptionTable, changes: Omit<Inner, "run"> = {}): Wrapper {
  return ({ args }) => {
    const options = readOptions(args, table);
    if (typeof options === "string") return unknown(options);
    return options.rest.length === 0 ? ALONE : runs(options.rest, changes);
  };
}

/** The same, with one operand before the words: a time limit, a mask, a root. */
export function afterOperand(table: OptionTable, changes: Omit<Inner, "run"> = {}): Wrapper {
  return ({ args }) => {
    const options = readOptions(args, table);
    if (typeof options === "string") return unknown(options);
    const [operand, ...rest] = options.rest;
    if (operand === undefined) return ALONE;
    if (operand === null) return unknown("The word before the command isn't static.");
    return rest.length === 0 ? ALONE : runs(rest, changes);
  };
}

const ELSEWHERE = { folder: null };

export const PLAIN: Readonly<Record<string, Wrapper>> = {
  nice: plain({ number: true, values: "n", long: "--adjustment=" }),
  ionice: ({ args }) => {
    const options = readOptions(args, {
      flags: "t",
      values: "cnpPu",
      long: "--class= --classdata= --pid= --pgid= --uid= --ignore",
    });
    if (typeof options === "string") return unknown(options);
    if (has(options, "p", "P", "u", "pid", "pgid", "uid") || options.rest.length === 0) return ALONE;
    return runs(options.rest);
  },
  nohup: plain({}),
  stdbuf: plain({ values: "ioe", long: "--input= --output= --error=" }),
  setsid: plain({ flags: "cfw", long: "--ctty --fork --wait" }),
  time: plain({
    flags: "pvaq",
    values: "fo",
    long: "--portability --verbose --append --quiet --format= --output=",
  }),
  timeout: afterOperand({
    flags: "fpv",
    values: "ks",
    long: "--foreground --preserve-status --verbose --kill-after= --signal=",
  }),
  chroot: afterOperand(
    { long: "--userspec= --groups= --skip-chdir" },
    { ...ELSEWHERE, opaque: ["It runs below another root."] },
  ),
  unshare: plain(
    {
      flags: "fr",
      optional: "muinpUCT",
      long: "--fork --map-root-user --mount-proc=? --net=? --pid=? --mount=?",
    },
    { ...ELSEWHERE, opaque: ["It runs in namespaces of its own."] },
  ),
  nsenter: plain(
    {
      flags: "aF",
      values: "tSG",
      optional: "muinpUCTrw",
      long: "--all --target= --mount=? --uts=? --ipc=? --net=? --pid=? --user=? --cgroup=? --root=? --wd=?",
    },
    { ...ELSEWHERE, opaque: ["It runs in another process's namespaces."] },
  ),
  command: ({ args }) => {
    const options = readOptions(args, { flags: "pvV" });
    if (typeof options === "string") return unknown(options);
    return has(options, "v", "V") || options.rest.length === 0 ? ALONE : runs(options.rest);
  },
  builtin: plain({}),
  // dash takes an option of the others for the program.
  exec: plain({}),
  eval: ({ args }) => joined(args[0] === "--" ? args.slice(1) : args),
  trap: ({ args }) => {
    const [first, second] = args[0] === "--" ? args.slice(1) : args;
    if (first === undefined || first === "-" || first === "" || /^-[lp]$/.test(first ?? "*")) return ALONE;
    if (first === null) return unknown("Its script isn't static.");
    return second === undefined && /^[A-Z0-9]+$/.test(first) ? ALONE : runs(first);
  },
  ".": () => unknown("It runs a file."),
  source: () => unknown("It runs a file."),
  busybox: ({ args }) => applet(args),
  toybox: ({ args }) => applet(args),
  watch: ({ args }) => {
    const options = readOptions(args, {
      flags: "bcegptwCx",
      values: "nq",
      optional: "d",
      long: "--beep --color --differences=? --errexit --chgexit --interval= --precise --no-title --no-wrap --exec",
    });
    if (typeof options === "string") return unknown(options);
    if (has(options, "x", "exec")) return runs(options.rest);
    return joined(options.rest);
  },
  script: ({ args }) => {
    const options = readOptions(args, {
      flags: "aefq",
      values: "c",
      long: "--append --return --flush --force --quiet --command=",
    });
    if (typeof options === "string") return unknown(options);
    const line = lastValue(options, "c", "command");
    if (line === undefined) return unknown("It runs an interactive shell.");
    // GNU getopt takes options after operands, too.
    if (options.rest.some((word) => word === null || word.startsWith("-"))) {
      return unknown("A word after the options may be one.");
    }
    return runs(line);
  },
  flock: ({ args }) => {
    const options = readOptions(args, {
      flags: "sxenuFo",
      values: "wE",
      long: "--shared --exclusive --nonblock --unlock --close --no-fork --timeout= --wait= --conflict-exit-code=",
    });
    if (typeof options === "string") return unknown(options);
    const [file, ...rest] = options.rest;
    if (file === undefined || rest.length === 0)
      return file === null ? unknown("Its file isn't static.") : ALONE;
    if (file === null) return unknown("Its file isn't static.");
    if (rest[0] !== "-c" && rest[0] !== "--command") return runs(rest);
    const line = rest[1];
    return rest.length === 2 && typeof line === "string" ? runs(line) : unknown("Its script isn't static.");
  },
  "systemd-run": ({ args }) => {
    const options = readOptions(args, {
      flags: "tPqGdr",
      values: "u",
      long: "--scope --wait --pipe --pty --quiet --collect --same-dir --remain-after-exit --unit= --slice= --description= --uid=",
    });
    if (typeof options === "string") return unknown(options);
    const uid = lastValue(options, "uid");
    if (options.rest.length === 0) return ALONE;
    return runs(options.rest, { runAs: accountName(uid ?? "root"), folder: null });
  },
  parallel: () => unknown("It builds its commands from its input."),
};

/** The account that a number or a name stands for: "#0" and "0" are root. */
export function accountName(text: string): string {
  return /^#?0+$/.test(text) ? "root" : text;
}

function applet(args: readonly (string | null)[]) {
  if (args.length === 0 || args[0] === "--list" || args[0] === "--list-full" || args[0] === "--help")
    return ALONE;
  return args[0]?.startsWith("-") ? unknown("The option isn't known.") : runs(args);
}

/** Words that become one script, with blanks between them. */
export function joined(words: readonly (string | null)[], changes: Omit<Inner, "run"> = {}) {
  if (words.length === 0) return ALONE;
  return words.includes(null) ? unknown("Its script isn't static.") : runs(words.join(" "), changes);
}
