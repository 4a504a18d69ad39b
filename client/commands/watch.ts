import type { Command } from "commander";
import { edgeOf, withExamples } from "../command-line.ts";
import { watchSession } from "../recordings/follow.ts";
import { replay } from "../recordings/replay.ts";
import { sessionOf } from "../recordings/source.ts";
import { note } from "../terminal.ts";

/** `sessions watch`. */
export function addWatchCommand(sessions: Command): void {
  const watch = sessions
    .command("watch <session>")
    .description("watch a live session: a shell that needs a watcher runs for as long as you do")
    .option("--json", "print one JSON object a line for each event")
    .addHelpText(
      "after",
      `
Like 'sessions replay --follow', but you count as watching: it is recorded that you do, and the agent's side is told
how many watch. The policies must permit it (action "watch"); nobody watches their own session. Ctrl-C leaves.`,
    )
    .action(async (reference: string, { json }: { json?: boolean }, command: Command) => {
      const session = sessionOf(reference);
      const leaving = new AbortController();
      for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.once(signal, () => leaving.abort());
      const watching = (now: boolean) => {
        if (now)
          note(`You watch session ${session}. Ctrl-C leaves; 'sallyport sessions kill ${session}' ends it.`);
        else note("You don't watch any more.");
      };
      const entries = watchSession(edgeOf(command), session, { signal: leaving.signal, watching });
      await replay(entries, { follow: true, signal: leaving.signal, ...(json && { json }) });
    });
  withExamples(watch, [["sallyport sessions watch 5f0c9d3e8a7b46f1a2d4c6e8f0a1b2c3", ""]]);
}
