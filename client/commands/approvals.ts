import { setTimeout as sleep } from "node:timers/promises";
import { type Command, InvalidArgumentError, Option } from "commander";
import {
  type Approval,
  type ApprovalStatus,
  MAX_APPROVAL_REASON,
  STATUSES,
} from "../../protocol/approval/approval.ts";
import { SallyportError } from "../../protocol/errors.ts";
import {
  type ApprovalFilter,
  type ApprovalVerb,
  getApproval,
  isWholeId,
  listApprovals,
  listLeases,
  resolveApproval,
  sayOnApproval,
} from "../approvals/api.ts";
import { watchApprovals } from "../approvals/watch.ts";
import {
  approvalLines,
  askedText,
  missingText,
  needsText,
  standText,
  summaryOf,
  watchLine,
  whoText,
} from "../approvals/words.ts";
import { asListing, edgeOf, type ListingOptions, printListing, withExamples } from "../command-line.ts";
import type { EdgeApi } from "../edge-api.ts";
import { ExitStatus } from "../exit-status.ts";
import { confirm, note, print, printable, printJson, timeText } from "../terminal.ts";
import { durationText } from "../units.ts";

const ID = "3f0c9d3e8a7b46f1a2d4c6e8f0a1b2c3-1";
const ALL = "all";
const ID_HELP =
  "the approval's id; for one that still waits its beginning will do, such as 3f0c or 3f0c-2, if it is the only one";

const ANSWER_HELP = `Exit status:
  0  done
  1  it was decided, has expired or was withdrawn already, or the id's beginning fits several
  3  you may not: not entitled, your own request, or 'no' to the question
  5  there is no such approval, or none that you may see
  Others as of every command: sallyport --help.`;

/** `approvals` with its commands, and `leases`. */
export function addApprovalCommands(program: Command): void {
  const approvals = program
    .command("approvals")
    .description("what waits for a person's word: see it, and answer");
  addList(approvals);
  addShow(approvals);
  addApprove(approvals);
  addSay(approvals, "deny", "refuse what waits; one person who may approve it is enough", "denied");
  addSay(approvals, "revoke", "end an approval that holds for a time, and what it opened", "revoked");
  addSay(approvals, "withdraw", "take back your own request for access, or give the right back", "withdrawn");
  addLeases(program);
}

interface ListOptions extends ListingOptions {
  status: string;
  target?: string;
  principal?: string;
  session?: string;
  watch?: boolean;
}

function addList(approvals: Command): void {
  const list = asListing(
    approvals.command("list").description("list what waits for an answer, or has had one; the newest first"),
  )
    .addOption(
      new Option("--status <status>", "only those that are so")
        .choices([...STATUSES, ALL])
        .default("pending" as string),
    )
    .option("--target <target>", "only for this target")
    .option("--principal <principal>", "only what this principal asks for")
    .option("--session <session>", "only of this session")
    .option("--watch", "go on: a line for each that is new or changes (JSON: one object a line)");
  list.action(async (options: ListOptions, command: Command) => {
    const filter = filterOf(options);
    const api = edgeOf(command);
    if (options.watch) return watch(api, filter, options);
    const items = await listApprovals(api, options.limit, filter);
    const now = Date.now();
    printListing(items, options.json, {
      APPROVAL: ({ id }) => id,
      STATUS: ({ status }) => status,
      TIME: (summary) => standText(summary, now),
      "ASKED BY": whoText,
      TARGET: ({ target }) => target,
      NEEDS: ({ approvals }) => needsText(approvals),
      WHAT: askedText,
    });
  });
  withExamples(list, [
    ["sallyport approvals list", "what waits now"],
    ["sallyport approvals list --watch", "and what comes; Ctrl-C ends it"],
    ["sallyport approvals list --status all --target orders -n 20", ""],
    ["sallyport approvals list --json | jq -r '.[].id'", ""],
  ]);
}

function filterOf({ status, target, principal, session }: ListOptions): ApprovalFilter {
  return {
    ...(status !== ALL && { status }),
    ...(target !== undefined && { target }),
    ...(principal !== undefined && { principal }),
    ...(session !== undefined && { session }),
  };
}

/** Until somebody interrupts it, which is how it ends well. */
async function watch(api: EdgeApi, filter: ApprovalFilter, { json, limit }: ListOptions): Promise<void> {
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.once(signal, () => process.exit(ExitStatus.ok));
  await watchApprovals(api, {
    filter,
    limit,
    tell: (summary) => print(json ? JSON.stringify(summary) : watchLine(summary, Date.now())),
    away: (why) =>
      note(why === null ? "The edge is back." : `${printable(why)} It is asked again until it is back.`),
    async pause(ms) {
      await sleep(ms);
      return true;
    },
  });
}

function addShow(approvals: Command): void {
  const show = approvals
    .command("show")
    .description("the whole of one: who asks, why, the statement with its values, and who has said what")
    .argument("<approval>", ID_HELP)
    .option("--json", "print one JSON object")
    .action(async (given: string, { json }: { json?: boolean }, command: Command) => {
      const api = edgeOf(command);
      const approval = await getApproval(api, await resolveApproval(api, given, null));
      if (json) printJson(approval);
      else approvalLines(approval, Date.now()).forEach(print);
    });
  withExamples(show, [
    [`sallyport approvals show ${ID}`, ""],
    ["sallyport approvals show 3f0c --json | jq -r .question.statement", ""],
  ]);
}

interface SayOptions {
  reason?: string;
  yes?: boolean;
  json?: boolean;
}

function addApprove(approvals: Command): void {
  const approve = approvals
    .command("approve")
    .description("agree to what waits; on a terminal it is shown first, and you are asked")
    .argument("<approval>", ID_HELP)
    .option("--reason <text>", "why, for the record and for who asked", reasonText)
    .option("--yes", "don't ask; takes a whole id only")
    .option("--json", "print one JSON object")
    .addHelpText("after", `\n${ANSWER_HELP}`)
    .action(async (given: string, options: SayOptions, command: Command) => {
      const api = edgeOf(command);
      const asks = !options.yes && process.stdin.isTTY && process.stderr.isTTY;
      if (!asks && !isWholeId(given)) {
        throw new SallyportError(
          "invalid_request",
          "Nobody is shown what is approved, so the beginning of an id is not enough: it may be another's by now.",
          "Give the whole id, or leave out --yes and answer on a terminal.",
        );
      }
      const id = await resolveApproval(api, given, ["pending"]);
      if (asks) await askAbout(await getApproval(api, id));
      tellSaid(await sayOnApproval(api, id, "approve", options.reason), "approved", options.json);
    });
  withExamples(approve, [
    [`sallyport approvals approve ${ID}`, "shows it, and asks"],
    [`sallyport approvals approve ${ID} --reason 'ticket 4711' --yes`, "in a script"],
  ]);
}

/** Throws unless a person who has seen it says yes. */
async function askAbout(approval: Approval): Promise<void> {
  for (const line of approvalLines(approval, Date.now())) note(line);
  if (await confirm("Approve this?", "Give the whole id with --yes.")) return;
  throw new SallyportError("forbidden", "Nothing was approved, and it still waits.");
}

/** Which approvals the beginning of an id may be that of. */
const MEANT = {
  deny: ["pending"],
  revoke: ["pending", "approved"],
  withdraw: ["pending", "approved"],
} as const satisfies Record<string, readonly ApprovalStatus[]>;

/** The commands that say one word, which nothing can be opened with: the beginning of an id is enough. */
function addSay(
  approvals: Command,
  verb: Exclude<ApprovalVerb, "approve">,
  help: string,
  done: string,
): void {
  const say = approvals
    .command(verb)
    .description(help)
    .argument("<approval>", verb === "deny" ? ID_HELP : ID_HELP.replace("still waits", "waits or holds"))
    .option("--json", "print one JSON object")
    .addHelpText("after", `\n${ANSWER_HELP}`)
    .action(async (given: string, { reason, json }: SayOptions, command: Command) => {
      const api = edgeOf(command);
      const id = await resolveApproval(api, given, MEANT[verb]);
      tellSaid(await sayOnApproval(api, id, verb, reason), done, json);
    });
  if (verb === "deny") say.option("--reason <text>", "why, for the record and for who asked", reasonText);
  if (verb === "revoke") say.requiredOption("--reason <text>", "why, for the record", reasonText);
  const reason = { deny: " --reason 'not on a Friday'", revoke: " --reason 'left the team'", withdraw: "" }[
    verb
  ];
  withExamples(say, [[`sallyport approvals ${verb} 3f0c${reason}`, ""]]);
}

/** What was said about what, and what is still missing. */
function tellSaid(approval: Approval, done: string, json: boolean | undefined): void {
  if (json) {
    printJson(approval);
    return;
  }
  const { id, status, target, until } = approval;
  const summary = summaryOf(approval);
  print(`${printable(`${id} is ${done}: ${whoText(approval)} on ${target}`)}: ${askedText(summary)}`);
  if (done !== "approved") return;
  if (status === "pending") print(`It still waits for ${printable(missingText(approval))}.`);
  else if (until !== null) print(`Nobody else need agree. It holds until ${timeText(until)}.`);
  else print("Nobody else need agree: it is released.");
}

function addLeases(program: Command): void {
  const leases = asListing(
    program.command("leases").description("list the rights to open targets that people have approved"),
  );
  leases.action(async ({ json, limit }: ListingOptions, command: Command) => {
    const now = Date.now();
    printListing(await listLeases(edgeOf(command), limit), json, {
      APPROVAL: ({ id }) => id,
      PRINCIPAL: whoText,
      TARGET: ({ target }) => target,
      STATE: ({ until, revoked }) =>
        revoked !== null ? "revoked" : until <= now ? "over" : `${durationText(until - now)} left`,
      GRANTED: ({ granted }) => timeText(granted),
      UNTIL: ({ until }) => timeText(until),
      BY: ({ by }) => by.join(", "),
    });
  });
  withExamples(leases, [
    ["sallyport leases", "who may open what, and for how long yet"],
    ["sallyport approvals revoke 3f0c --reason 'done'", "ends one, and its sessions"],
  ]);
}

/** Parses `--reason`. */
export function reasonText(text: string): string {
  const reason = text.trim();
  if (reason !== "" && reason.length <= MAX_APPROVAL_REASON) return reason;
  throw new InvalidArgumentError(`It must be a text of at most ${MAX_APPROVAL_REASON} characters.`);
}
