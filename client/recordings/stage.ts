import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { styled } from "../terminal.ts";
import type { Stage } from "./staged.ts";

const SIGNALS = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

/** Standard output as what a replay is shown on. */
export function standardOutput(): Stage {
  const { stdout } = process;
  return {
    isTerminal: stdout.isTTY === true,
    style: styled,
    async write(text) {
      if (text !== "" && !stdout.write(text)) await once(stdout, "drain");
    },
    async pause(ms, signal) {
      await delay(ms, undefined, { signal }).catch((error: Error) => {
        if (error.name !== "AbortError") throw error;
      });
    },
    onLeave(leave) {
      const listeners = Object.entries(SIGNALS).map(([signal, status]) => {
        const listener = () => {
          stdout.write(leave());
          process.exit(status);
        };
        process.once(signal, listener);
        return () => void process.off(signal, listener);
      });
      return () => {
        for (const stop of listeners) stop();
      };
    },
  };
}
