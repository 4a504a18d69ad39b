import type { Command } from "commander";
import type { Session } from "../../protocol/directory.ts";
import { SallyportError } from "../../protocol/errors.ts";
import { counted } from "../../protocol/evidence/words.ts";
import type { Hold, HoldAdded } from "../../protocol/retention.ts";
import { asListing, edgeOf, type ListingOptions, printListing, withExamples } from "../command-line.ts";
import { sessionOf } from "../recordings/source.ts";
import { note, printJson, timeText } from "../terminal.ts";

const SESSION = "5f0c9d3e8a7b46f1a2d4c6e8f0a1b2c3";

interface NewHold {
  session?: string;
  target?: string;
  principal?: string;
  reason: string;
  json?: boolean;
}

/** `holds` with `add`, `list` and `release`; and `sessions delete`. */
export function addRetentionCommands(program: Command, sessions: Command): void {
  const holds = program.command("holds").description("legal holds: what is kept whatever retention says");
  addAdd(holds);
  addList(holds);
  addRelease(holds);
  addDelete(sessions);
}

function addAdd(holds: Command): void {
  const add = holds
    .command("add")
    .description("keep recordings until the hold is released: nothing deletes them meanwhile")
    .option("--session <session>", "this session's")
    .option("--target <target>", "those of all sessions with this target, later ones as well")
    .option("--principal <principal>", "those of this principal, and of agents that act for it")
    .requiredOption("--reason <text>", "why, for the record")
    .option("--json", "print one JSON object")
    .action(async ({ json, ...hold }: NewHold, command: Command) => {
      const named = [hold.session, hold.target, hold.principal].filter((one) => one !== undefined);
      if (named.length !== 1)
        throw new SallyportError(
          "invalid_request",
          "A hold is for exactly one of --session, --target and --principal.",
          "Add one hold for each.",
        );
      const added = await edgeOf(command).post<HoldAdded>("/v1/holds", hold);
      if (json) return printJson(added);
      note(`Hold ${added.id} is in force.`);
      if (added.late > 0)
        note(`It comes too late for ${counted(added.late, "recording")}: deleted, or being deleted.`);
    });
  withExamples(add, [
    ["sallyport holds add --target orders --reason 'case 2231'", ""],
    ["sallyport holds add --principal corp/mallory@example.com --reason 'case 2231'", ""],
  ]);
}

function addList(holds: Command): void {
  const list = asListing(
    holds.command("list").description("list the holds in force, the newest first"),
  ).option("--all", "those that were released as well");
  list.action(async ({ json, limit, all }: ListingOptions & { all?: boolean }, command: Command) => {
    const released = all ? "true" : undefined;
    printListing(await edgeOf(command).list<Hold>("/v1/holds", limit, { released }), json, {
      HOLD: ({ id }) => id,
      KEEPS: ({ session, target, principal }) =>
        session !== null
          ? `session ${session}`
          : target !== null
            ? `target ${target}`
            : `principal ${principal}`,
      ADDED: ({ added }) => timeText(added),
      BY: ({ addedBy }) => addedBy,
      REASON: ({ reason }) => reason,
      RELEASED: ({ released }) =>
        released === null ? "-" : `${timeText(released.at)} by ${released.by}: ${released.reason}`,
    });
  });
  withExamples(list, [["sallyport holds list --all --json", ""]]);
}

function addRelease(holds: Command): void {
  const release = holds
    .command("release <hold>")
    .description("end a hold: retention counts again for what it kept")
    .requiredOption("--reason <text>", "why, for the record")
    .action(async (id: string, { reason }: { reason: string }, command: Command) => {
      await edgeOf(command).delete<Hold>(`/v1/holds/${encodeURIComponent(id)}`, { reason });
      note(`Hold ${id} is released.`);
    });
  withExamples(release, [["sallyport holds release 4be2… --reason 'case 2231 closed'", ""]]);
}

function addDelete(sessions: Command): void {
  const remove = sessions
    .command("delete <session>")
    .description("delete a sealed recording for good; its seal, and that it was deleted, stay in the ledger")
    .requiredOption("--reason <text>", "why, for the record")
    .option("--json", "print one JSON object")
    .action(async (id: string, options: { reason: string; json?: boolean }, command: Command) => {
      const path = `/v1/sessions/${sessionOf(id)}/delete`;
      const session = await edgeOf(command).post<Session>(path, { reason: options.reason });
      if (options.json) return printJson(session);
      const { state, entry } = session.deletion!;
      note(
        state === "deleted"
          ? `The recording of session ${id} is deleted: entry ${entry} of the ledger.`
          : `The recording of session ${id} is being deleted, and nobody can read it; the edge goes on with it.`,
      );
    });
  withExamples(remove, [[`sallyport sessions delete ${SESSION} --reason 'request 118 of the subject'`, ""]]);
}
