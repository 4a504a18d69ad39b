import type {
  Approval,
  ApprovalQuestion,
  ApprovalVote,
  StatementQuestion,
} from "../../protocol/approval/approval.ts";
import {
  accountOf,
  heldRequestText,
  requestTitle,
  responseText,
  terminalText,
} from "../../protocol/approval/text.ts";
import { jsonBytes, pieces, shortened, visible } from "./visible-text.ts";
import { duration, HEADINGS, scopeText, utc } from "./words.ts";

/** Block Kit, as far as we use it. No text of ours is `mrkdwn`: nothing in it is a mention, a link or a format. */
type Block =
  | { type: "header"; text: PlainText }
  | { type: "rich_text"; elements: (Section | Preformatted)[] }
  | { type: "actions"; elements: Button[] };
interface PlainText {
  type: "plain_text";
  text: string;
  emoji: false;
}
interface Section {
  type: "rich_text_section";
  elements: (Text | { type: "link"; url: string; text: string })[];
}
interface Preformatted {
  type: "rich_text_preformatted";
  elements: Text[];
}
interface Text {
  type: "text";
  text: string;
  style?: { bold?: true; code?: true };
}
interface Button {
  type: "button";
  text: PlainText;
  style: "primary" | "danger";
  action_id: string;
  value: string;
}

/** The body of a post to an incoming webhook, or to a `response_url`. */
export interface SlackMessage {
  /** For notifications, and clients without blocks. */
  text: string;
  /** Nothing of `text` is a format. */
  mrkdwn: false;
  blocks: Block[];
  /** Of a `response_url`: the message that was clicked is replaced. */
  replace_original?: boolean;
  response_type?: "ephemeral";
}

/** What a message says beside the approval. */
export interface Look {
  /** Where it can be read and answered; null where only the command line can. */
  link: string | null;
  /** Whether somebody hears clicks. */
  buttons: boolean;
  /** Without the statement, or request. */
  short: boolean;
}

export const APPROVE_ACTION = "sallyport_approve";
export const DENY_ACTION = "sallyport_deny";

/** Slack's limit for the text of a block; of rich text none is published, and we keep to the same. */
const MAX_TEXT = 3_000;
/**
 * Bytes that all blocks may have as JSON. Slack's limit on a whole message is not published: it says
 * `msg_blocks_too_long` from about 13,200 on.
 */
const MAX_BLOCKS_BYTES = 12_000;
/** JSON around one piece of preformatted text, with room to spare. */
const PIECE_BYTES = 130;
/** What is said of what was left out, and its link. */
const NOTICE_BYTES = 600;
const MAX_NAME = 120;
const MAX_WORDS = 300;
/** Votes that are listed one by one. */
const MAX_VOTES = 10;

/** The question, with what was answered so far. Without the whole statement, or request, in it, it has no button to approve. */
export function questionMessage(approval: Approval, look: Look): SlackMessage {
  const { question, votes } = approval;
  const top = [header(`${HEADINGS.pending}: ${approval.target}`), facts(approval)];
  const answered =
    votes.length === 0 ? [] : [rich(section(bold("Answered so far: "), plain(votesText(votes))))];
  const bottom = [...answered, rich(whereToAnswer(approval, look))];
  const buttons = look.buttons ? MAX_BUTTON_BYTES : 0;
  const shown = shownWhole(
    question,
    look,
    MAX_BLOCKS_BYTES - bytes(top) - bytes(bottom) - buttons - NOTICE_BYTES,
  );
  const elements = [
    ...(shown.whole ? [button("Approve", "primary", APPROVE_ACTION, approval.id)] : []),
    button("Deny", "danger", DENY_ACTION, approval.id),
  ];
  const actions: Block[] = look.buttons ? [{ type: "actions", elements }] : [];
  return message(`${HEADINGS.pending}: ${subject(approval)}`, [
    ...top,
    ...shown.blocks,
    ...actions,
    ...bottom,
  ]);
}

/** What takes the question's place when it is over: the same without buttons, and how it ended. */
export function closedMessage(approval: Approval, look: Look): SlackMessage {
  const top = [header(`${HEADINGS[approval.status]}: ${approval.target}`), facts(approval)];
  const bottom = [rich(section(bold(`${outcome(approval)}.`)))];
  const budget = MAX_BLOCKS_BYTES - bytes(top) - bytes(bottom) - NOTICE_BYTES;
  const shown = shownWhole(approval.question, look, budget);
  return message(`${HEADINGS[approval.status]}: ${subject(approval)}`, [...top, ...shown.blocks, ...bottom]);
}

/** A short message of its own, for when the question's can't be replaced. */
export function followUp(approval: Approval, look: Look): SlackMessage {
  const pending = approval.status === "pending";
  const words = pending ? `Answered so far: ${votesText(approval.votes)}` : `${outcome(approval)}.`;
  const stale = pending ? [] : [plain(" The question above is over; its buttons do nothing.")];
  const heading = pending ? "Waiting for approval" : HEADINGS[approval.status];
  return message(`${heading}: ${subject(approval)}`, [
    rich(
      section(bold(`${heading}: `), plain(`${subject(approval)} (${approval.id}). ${words}`), ...stale),
      ...(pending ? [whereToAnswer(approval, look)] : []),
    ),
  ]);
}

/** Words for the eyes of who clicked alone. */
export function ephemeral(words: string): SlackMessage {
  const text = shortened(words, MAX_WORDS * 3);
  return {
    ...message(text, [rich(section(plain(text)))]),
    replace_original: false,
    response_type: "ephemeral",
  };
}

function facts({ principal, onBehalfOf, target, asked, expires, question }: Approval): Block {
  const rows: [string, string][] = [
    ["Who: ", onBehalfOf === null ? name(principal) : `${name(principal)}, for ${name(onBehalfOf)}`],
    ["Target: ", placeText(target, question)],
    [
      "What: ",
      question.kind === "connect"
        ? "open connections to it"
        : shortened(question.actions.join(", "), MAX_WORDS),
    ],
    ["Why it is held: ", shortened(question.reason, MAX_WORDS)],
    ...(question.kind === "connect"
      ? [["Purpose: ", shortened(question.purpose, 500)] as [string, string]]
      : []),
    ...(question.kind === "statement"
      ? [["Planner's estimate: ", estimate(question)] as [string, string]]
      : []),
    ...terminalRow(question),
    ["Asked of: ", shortened(approversText(question.approvals), MAX_WORDS)],
    ["An approval covers: ", scopeText(question)],
    ["Answer until: ", `${utc(expires)} (${duration(expires - asked)} from the question)`],
  ];
  const elements = rows.flatMap(([label, value], index) => [
    bold(label),
    plain(index === rows.length - 1 ? value : `${value}\n`),
  ]);
  return rich({ type: "rich_text_section", elements });
}

function placeText(target: string, question: ApprovalQuestion): string {
  switch (question.kind) {
    case "connect":
      return target;
    case "statement":
      return `${target}, database ${name(question.database)}`;
    case "request": {
      const account = accountOf(question);
      return account === null ? target : `${target}, ${account.what} ${name(account.name)}`;
    }
  }
}

function terminalRow(question: ApprovalQuestion): [string, string][] {
  if (question.kind !== "request") return [];
  const terminal = terminalText(question.request);
  const response = responseText(question);
  return [
    ...(terminal === null ? [] : [["Terminal: ", terminal] satisfies [string, string]]),
    ...(response === null
      ? []
      : [["Response, which can’t be looked into: ", name(response)] satisfies [string, string]]),
  ];
}

/** What an approver must have read: a text under a title, and the values of a statement. */
function wholeOf(question: Exclude<ApprovalQuestion, { kind: "connect" }>) {
  if (question.kind === "statement") {
    const { statement, parameters } = question;
    return { title: "Statement", text: statement, parameters };
  }
  return { title: requestTitle(question.request), text: heldRequestText(question.request), parameters: [] };
}

/**
 * The statement and its parameters, or the request, in preformatted text, within so many bytes of JSON; where that is
 * too little, how much is left out. `whole`: nothing is.
 */
function shownWhole(
  question: ApprovalQuestion,
  { link, short }: Look,
  budget: number,
): { blocks: Block[]; whole: boolean } {
  if (question.kind === "connect") return { blocks: [], whole: true };
  const asked = wholeOf(question);
  const text = visible(asked.text);
  const parameters = visible(parametersText(asked.parameters));
  const title = section(
    bold(`${asked.title} `),
    plain(`(${counted(text)}, SHA-256 ${question.sha256.slice(0, 16)}…):`),
  );
  const room = short ? 0 : budget - bytes([rich(title), rich(section(bold("Parameters:")))]);
  const first = pieces(text, MAX_TEXT, room, PIECE_BYTES);
  const second = first.left > 0 ? null : pieces(parameters, MAX_TEXT, room - first.spent, PIECE_BYTES);
  const leftParameters = second?.left ?? [...parameters].length;
  const blocks = [rich(title), ...first.pieces.map(preformatted)];
  if (second && second.pieces.length > 0)
    blocks.push(rich(section(bold("Parameters:"))), ...second.pieces.map(preformatted));
  if (first.left === 0 && leftParameters === 0) return { blocks, whole: true };
  const left = [
    ...(first.left > 0 ? [`the last ${first.left} characters of the ${asked.title.toLowerCase()}`] : []),
    ...(leftParameters > 0
      ? [`${leftParameters} characters of its ${asked.parameters.length} parameters`]
      : []),
  ].join(" and ");
  const notice = [bold(`Left out here: ${left}. `), plain("Nobody should approve what they have not read: ")];
  const where =
    link === null
      ? [plain("read it whole by the command line, below.")]
      : [linked(link, "read it whole"), plain(".")];
  blocks.push(rich({ type: "rich_text_section", elements: [...notice, ...where] }));
  return { blocks, whole: false };
}

function whereToAnswer({ id }: Approval, { link }: Look): Section {
  if (link !== null) return section(plain("Read and answer: "), linked(link, `approval ${id}`));
  return section(plain("Read and answer with: "), code(`sallyport approvals show ${id}`));
}

/** `$1 = 'text'`, one a line. */
function parametersText(parameters: StatementQuestion["parameters"]): string {
  return parameters
    .map((value, index) => `$${index + 1} = ${value === null ? "NULL" : `'${value.replaceAll("'", "''")}'`}`)
    .join("\n");
}

function outcome({ status, decided, votes }: Approval): string {
  const given = status === "approved" || status === "used";
  const by = decided?.by ? `by ${name(decided.by)}` : "";
  const who = given && votes.length > 0 ? votesText(votes) : by;
  const why = decided?.reason ? `: ${shortened(decided.reason, MAX_WORDS)}` : "";
  const run = status === "used" ? ", and run" : "";
  return `${ENDED[status]} ${who}`.trimEnd() + run + why;
}

const ENDED: Readonly<Record<Approval["status"], string>> = {
  pending: "Waiting",
  approved: "Approved",
  used: "Approved",
  lapsed: "Ended",
  denied: "Denied",
  expired: "Expired, which is a refusal",
  withdrawn: "Withdrawn",
};

function votesText(votes: readonly ApprovalVote[]): string {
  const words = votes.slice(0, MAX_VOTES).map(({ by, onBehalfOf, channel, reason }) => {
    const why = reason === null ? "" : `, “${shortened(reason, MAX_WORDS / 3)}”`;
    return `by ${name(by)}${onBehalfOf === undefined ? "" : `, for ${name(onBehalfOf)}`} (${channel}${why})`;
  });
  if (votes.length > words.length) words.push(`${votes.length - words.length} more`);
  return words.join(", ");
}

function subject({ principal, target, question }: Approval): string {
  const what = question.kind === "connect" ? "connections" : shortened(question.actions.join(", "), MAX_NAME);
  return `${what} on ${target} by ${name(principal)}`;
}

function approversText(approvals: StatementQuestion["approvals"]): string {
  return approvals.map(({ approvers, quorum }) => `${quorum} of ${approvers.join(" or ")}`).join("; and ");
}

function estimate({ plan }: StatementQuestion): string {
  return plan === null ? "none" : `${plan.rows} rows, cost ${plan.cost}`;
}

function counted(text: string): string {
  const lines = text.split("\n").length;
  return `${[...text].length} characters, ${lines} ${lines === 1 ? "line" : "lines"}`;
}

function name(text: string): string {
  return shortened(text, MAX_NAME);
}

function message(text: string, blocks: Block[]): SlackMessage {
  // The one text that Slack reads for mentions and links: https://docs.slack.dev/messaging/formatting-message-text
  const escaped = text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  return { text: escaped, mrkdwn: false, blocks };
}

function bytes(blocks: readonly Block[]): number {
  return Buffer.byteLength(JSON.stringify(blocks));
}

function header(text: string): Block {
  return { type: "header", text: { type: "plain_text", text: text.slice(0, 150), emoji: false } };
}

function rich(...elements: (Section | Preformatted)[]): Block {
  return { type: "rich_text", elements };
}

function section(...elements: Section["elements"]): Section {
  return { type: "rich_text_section", elements };
}

function preformatted(text: string): Block {
  return rich({ type: "rich_text_preformatted", elements: [plain(text)] });
}

function plain(text: string): Text {
  return { type: "text", text };
}

function bold(text: string): Text {
  return { type: "text", text, style: { bold: true } };
}

function code(text: string): Text {
  return { type: "text", text, style: { code: true } };
}

function linked(url: string, text: string): Section["elements"][number] {
  return { type: "link", url, text };
}

function button(text: string, style: Button["style"], action: string, value: string): Button {
  return {
    type: "button",
    text: { type: "plain_text", text, emoji: false },
    style,
    action_id: action,
    value,
  };
}

const MAX_BUTTON_BYTES = jsonBytes(
  JSON.stringify([
    button("Approve", "primary", APPROVE_ACTION, "0".repeat(42)),
    button("Deny", "danger", DENY_ACTION, "0".repeat(42)),
  ]),
);
