import type { Command } from "commander";
import type { ListedTarget, Session } from "../../protocol/directory.ts";
import { asListing, edgeOf, type ListingOptions, printListing, withExamples } from "../command-line.ts";
import { note, timeText } from "../terminal.ts";
import { durationText } from "../units.ts";
import { addWatchCommand } from "./watch.ts";

/** `targets`, `sessions list` and `sessions kill`; answers the `sessions` command for others to add to. */
export function addSessionCommands(program: Command): Command {
  const targets = asListing(program.command("targets").description("list the targets that you may open"));
  targets.action(async ({ json, limit }: ListingOptions, command: Command) => {
    const items = await edgeOf(command).list<ListedTarget>("/v1/targets", limit);
    printListing(items, json, {
      NAME: ({ name }) => name,
      KIND: ({ kind }) => kind,
      ACCESS: ({ access }) => access,
      STATE: ({ online }) => (online ? "online" : "offline"),
      CONNECTOR: ({ connector }) => connector,
      DESCRIPTION: ({ description }) => description,
    });
  });
  withExamples(targets, [["sallyport targets --json", ""]]);

  const sessions = program.command("sessions").description("sessions and their recordings");
  const list = asListing(sessions.command("list").description("list sessions, the newest first"))
    .option("--open", "only those that are open")
    .option("--ended", "only those that have ended")
    .option("--principal <principal>", "only this principal's")
    .option("--target <target>", "only to this target");
  list.action(async (options: ListingOptions & Filter, command: Command) => {
    const { open, ended, principal, target, json, limit } = options;
    const state = open === ended ? undefined : open ? "open" : "ended";
    const items = await edgeOf(command).list<Session>("/v1/sessions", limit, { state, principal, target });
    printListing(items, json, {
      SESSION: ({ id }) => id,
      TARGET: (session) => session.target,
      PRINCIPAL: (session) => session.principal,
      OPENED: ({ opened }) => timeText(opened),
      LASTED: (session) => durationText((session.ended ?? Date.now()) - session.opened),
      END: ({ endCode }) => endCode ?? "open",
      RECORDING: recordingText,
    });
  });
  withExamples(list, [
    ["sallyport sessions list --open", "who is connected now"],
    ["sallyport sessions list --target orders -n 10 --json", ""],
  ]);

  const kill = sessions
    .command("kill <session>")
    .description("end a session now; the statement that runs on the target is cancelled")
    .option("--reason <text>", "why; the client and the record are told", "killed by hand")
    .action(async (id: string, { reason }: { reason: string }, command: Command) => {
      const path = `/v1/sessions/${encodeURIComponent(id)}/kill`;
      const { killed } = await edgeOf(command).post<{ killed: number }>(path, { reason });
      note(killed > 0 ? `Session ${id} was killed.` : `Session ${id} had ended already.`);
    });
  withExamples(kill, [["sallyport sessions kill 3f0c… --reason 'runaway query'", ""]]);
  addWatchCommand(sessions);
  return sessions;
}

/** Where a session's recording is, and what is to be looked at. */
function recordingText({ ended, sealed, agreement, sealFault, deletion }: Session): string {
  if (deletion !== null) return deletion.fault === null ? deletion.state : "NOT DELETED";
  if (sealFault !== null) return "NOT SEALED";
  if (agreement === "differs") return "DIFFERS";
  if (sealed === null) return ended === null ? "grows" : "kept";
  return agreement === "absent" ? "sealed by the edge" : "sealed";
}

interface Filter {
  open?: boolean;
  ended?: boolean;
  principal?: string;
  target?: string;
}
