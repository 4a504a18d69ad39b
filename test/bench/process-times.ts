import { readFileSync } from "node:fs";
import type { Path } from "./path.ts";

/** Of /proc/PID/stat, see proc(5); Linux gives user space 100 of them a second. */
const TICK_US = 10_000;

/** CPU time of each process of the path so far, microseconds. Linux only. */
export function timesOf(path: Path): Record<string, number> {
  return Object.fromEntries(
    Object.entries(path.processes).map(([name, pid]) => {
      const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]!.split(" ");
      return [name, (Number(fields[11]) + Number(fields[12])) * TICK_US];
    }),
  );
}
