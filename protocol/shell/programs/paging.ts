import type { Program } from "./program.ts";

/** Pagers: with a terminal they take keys, of which "!" runs a command and "v" an editor. */
export const PAGING: Readonly<Record<string, Program>> = {
  "less more pg zless": {
    effects: ["read", "interactive"],
    options: "aeEfFgGimMnNrRsSuwXx:  --no-init --quit-if-one-screen --RAW-CONTROL-CHARS --chop-long-lines",
    operands: "reads",
    more(call, findings) {
      for (const { text } of call.operands) {
        if (text?.startsWith("+")) findings.unknown("A command of the pager isn't understood.");
      }
    },
  },
};
