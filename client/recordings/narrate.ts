import type { ApprovalAsk } from "../../protocol/approval/approval.ts";
import type { ConnectorEvent } from "../../protocol/control.ts";
import { counted } from "../../protocol/evidence/words.ts";
import { HeldStatements, type Told } from "../../protocol/postgres/transcript/held.ts";
import type { ServerWords, Statement, TranscriptEvent } from "../../protocol/postgres/transcript.ts";
import type { Masked } from "../../protocol/recording/masking-events.ts";
import type { StatementFacts } from "../../protocol/sql/facts.ts";
import { printable } from "../terminal.ts";
import { approvalLines } from "./approval-lines.ts";
import { approvalWords } from "./approval-words.ts";
import { maskedValues, maskedWords } from "./masking-words.ts";
import { INDENT, linesOf, MORE, recorded, type Styler, Timeline } from "./recorded-text.ts";
import { RowTable, valueText } from "./rows.ts";
import { connectorWords, edgeWords, policiesWords } from "./session-words.ts";

const PARAMETER = 200;
const STATUS = { I: "no transaction", T: "in a transaction", E: "in a failed transaction" };
const TRANSACTION_OF = { I: "", T: " (in a transaction)", E: " (in a failed transaction)" };

/** Ends of an approval after which the connector answers the statement with an error of its own. */
const REFUSALS: readonly string[] = ["denied", "expired"];

export type Judged = Extract<ConnectorEvent, { event: "judged" }>;

/** Tells a session as lines for people. All recorded text is made printable: it may hold anything. */
export class Narrator {
  readonly #style: Styler;
  readonly #rows: RowTable;
  readonly #verbose: boolean;
  readonly #held = new HeldStatements();
  readonly #timeline: Timeline;
  /** Statements that did not reach the target, whose error is Sallyport's. */
  readonly #refused = new Set<number>();
  #status: keyof typeof STATUS = "I";
  #ready = false;

  /** `rowLimit`: rows of each result that are shown. `verbose`: what the parser proved of statements is told, too, and how they were masked. */
  constructor(style: Styler, rowLimit: number, verbose = false) {
    this.#style = style;
    this.#timeline = new Timeline(style);
    this.#rows = new RowTable(rowLimit);
    this.#verbose = verbose;
  }

  tell(event: TranscriptEvent): string[] {
    const approval = this.#held.take(event);
    if (event.type === "row") return indented(this.#rows.add(event.values));
    if (event.type === "columns") {
      return indented(this.#rows.begin(event.columns.map(({ name }) => name)));
    }
    const said = approval ? this.#approvalWords(approval, event.time) : this.#words(event);
    const rows = standsBetweenRows(event) ? [] : indented(this.#rows.end());
    if (said.length === 0) return rows;
    return [...rows, ...this.#timeline.tell(event.time, said)];
  }

  /** What is left when the recording has ended. */
  end(): string[] {
    return indented(this.#rows.end());
  }

  #words(event: Exclude<TranscriptEvent, { type: "row" | "columns" }>): string[] {
    const style = this.#style;
    switch (event.type) {
      case "edge":
        return [edgeWords(event.event)];
      case "connector":
        return this.#connectorWords(event.event);
      case "encryption":
        return [`the client asked for ${event.request === "ssl" ? "TLS" : "GSSAPI encryption"}`];
      case "startup": {
        const parameters = event.parameters.map(([name, value]) => `${name}=${value}`).join(" ");
        return [printable(`the client began protocol ${event.version}: ${parameters}`)];
      }
      case "cancel":
        return [`the client asked to cancel what backend ${event.processId} runs`];
      case "statement":
        return this.#statement(event, "");
      case "resolved":
        return this.#statement(event, style("yellow", "in truth ran: "));
      case "result":
        return [
          this.#number(event.statement) +
            resultWords(event, this.#held.served(event.statement, event.duration)),
        ];
      case "skipped":
        return [`${this.#number(event.statement)}skipped because of the error before it`];
      case "error":
        return this.#errorWords(event);
      case "notice":
        return this.#serverWords(event, "yellow", "");
      case "notification":
        return [printable(`NOTIFY ${event.channel}: ${event.payload}`)];
      case "copy":
        return [`${this.#number(event.statement)}COPY ${event.direction}, ${event.format}`];
      case "copied": {
        const { direction, outcome, bytes, messages, preview, reason } = event;
        const end =
          outcome === "done" ? "" : `, given up${reason === undefined ? "" : `: ${printable(reason)}`}`;
        const first = `${this.#number(event.statement)}${bytes} bytes ${direction} in ${messages} messages${end}`;
        return [first, ...(preview === "" ? [] : recorded(`${preview}${bytes > preview.length ? "…" : ""}`))];
      }
      case "parameter":
        // Before the server is first ready it tells a dozen of no interest.
        return this.#ready ? [printable(`the server set ${event.name} to ${event.value}`)] : [];
      case "ready":
        return this.#readyWords(event.status);
      case "terminate":
        return ["the client said goodbye"];
      case "undecodable": {
        const bytes = `${event.bytes} bytes of the ${event.from} can't be read`;
        return [style("red", printable(`${bytes}: ${event.reason}`)), `${MORE}${event.preview}…`];
      }
    }
  }

  #statement(statement: Statement, before: string): string[] {
    const { text, parameters = [], name, doubtful, cut, bytes, maxRows } = statement;
    const lines = text === null ? ["(its text is not in this recording)"] : linesOf(text);
    const notes = [
      ...(name === undefined ? [] : [`prepared as ${printable(name)}`]),
      ...(doubtful ? ["this name may stand for another text by now"] : []),
      ...(cut ? [`the text has ${bytes} bytes, shown is its beginning`] : []),
      ...(maxRows === undefined ? [] : [`at most ${counted(maxRows, "row")}`]),
    ];
    return [
      `${this.#number(statement.statement)}${before}${this.#style("bold", lines[0]!)}`,
      ...lines.slice(1).map((line) => MORE + this.#style("bold", line)),
      ...parameters.map(
        ({ type, value }, index) =>
          `${INDENT}$${index + 1} = ${valueText(value, PARAMETER)}${type === null ? "" : ` (${type})`}`,
      ),
      ...notes.map((note) => `${INDENT}${this.#style("dim", `-- ${note}`)}`),
    ];
  }

  #errorWords(event: Extract<TranscriptEvent, { type: "error" }>): string[] {
    const duration = this.#held.served(event.statement, event.duration);
    return this.#serverWords(event, "red", ` · ${duration} ms`, event.text);
  }

  #serverWords(
    event: ServerWords & { statement: number | null },
    colour: "red" | "yellow",
    after: string,
    text?: string,
  ): string[] {
    const { severity, sqlstate, message, detail, hint, position, from } = event;
    const [first = "", ...more] = linesOf(message);
    const head = printable(`${severity} ${sqlstate}`);
    const refused = colour === "red" && event.statement !== null && this.#refused.delete(event.statement);
    const by = from === "edge" || refused ? " (by Sallyport)" : "";
    return [
      `${this.#number(event.statement)}${this.#style(colour, `${head}: ${first}`)}${by}${after}`,
      ...more.map((line) => MORE + line),
      ...(text === undefined ? [] : recorded(text)),
      ...(position === undefined ? [] : [`${INDENT}at character ${position}`]),
      ...(detail === undefined ? [] : recorded(`Detail: ${detail}`)),
      ...(hint === undefined ? [] : recorded(`Hint: ${hint}`)),
    ];
  }

  #connectorWords(event: ConnectorEvent | ApprovalAsk): string[] {
    switch (event.event) {
      case "judged":
        return this.#judgedWords(event);
      case "facts":
        if (!this.#verbose) return [];
        return [
          "the parser proved of statements before:",
          ...event.statements.flatMap(({ facts }) => recorded(factsWords(facts))),
        ];
      case "masked":
        return this.#maskedWords(event);
      default:
        return [sqlConnectorWords(event)];
    }
  }

  #maskedWords({ statements }: Masked): string[] {
    const values = maskedWords(maskedValues(statements)) ?? "no value";
    const first = `${this.#style("yellow", "MASKED")} in statements before: ${printable(values)}`;
    if (!this.#verbose) return [first];
    return [
      `${first}; the target saw`,
      ...statements.flatMap(({ fingerprint, text, fields }) =>
        recorded(
          `${text ?? "(the text as before)"}\n(${fingerprint}): ${maskedWords(Object.entries(fields)) ?? "no value"}`,
        ),
      ),
    ];
  }

  #judgedWords({ decision, text, facts }: Judged): string[] {
    const { statement: number, asked } = this.#held.judged(text);
    if (number !== null) this.#refused.add(number);
    const held = decision.verdict === "approve" && !asked;
    const [first = "", ...more] = linesOf(decision.reason);
    const head = this.#style(held ? "yellow" : "red", held ? "HELD" : asked ? "NOT RUN" : "BLOCKED");
    return [
      `${this.#number(number)}${head}: ${first}${policiesWords(decision.policies)}`,
      ...more.map((line) => MORE + line),
      ...(number === null ? recorded(text) : []),
      ...(held && decision.verdict === "approve" ? recorded(approvalWords(decision)) : []),
      ...(this.#verbose && facts ? recorded(factsWords(facts)) : []),
    ];
  }

  #approvalWords({ entry, question }: Told, time: number): string[] {
    const statement = question?.statement ?? null;
    const refused = entry.event === "approval_decided" && REFUSALS.includes(entry.status);
    if (refused && statement !== null) this.#refused.add(statement);
    const waited = question && time - question.asked;
    return approvalLines(this.#style, { entry, number: this.#number(statement), waited });
  }

  /** Only changes are told: most answers leave a session as it was. */
  #readyWords(status: keyof typeof STATUS): string[] {
    const changed = status !== this.#status || !this.#ready;
    const first = !this.#ready;
    this.#status = status;
    this.#ready = true;
    if (first) return [`the server is ready${TRANSACTION_OF[status]}`];
    return changed ? [this.#style(status === "E" ? "yellow" : "dim", STATUS[status])] : [];
  }

  #number(statement: number | null): string {
    return statement === null ? "" : `${this.#style("dim", `#${statement}`)} `;
  }
}

/** A statement sent ahead may stand between the rows of another, and so may what is counted once a second. */
function standsBetweenRows(event: TranscriptEvent): boolean {
  if (event.type === "connector") return COUNTS.has(event.event.event);
  return event.type === "statement";
}

const COUNTS: ReadonlySet<string> = new Set<ConnectorEvent["event"]>(["facts", "masked", "detected"]);

function resultWords(
  { outcome, tag, rows }: Extract<TranscriptEvent, { type: "result" }>,
  duration: number,
): string {
  const seen = rows === 0 ? `${duration} ms` : `${rows} ${rows === 1 ? "row" : "rows"} · ${duration} ms`;
  switch (outcome) {
    case "complete":
      return `${tag === "" ? "done" : printable(tag)} · ${seen}`;
    case "suspended":
      return `more rows to come · ${seen}`;
    case "empty":
      return `nothing to run · ${duration} ms`;
  }
}

function sqlConnectorWords(event: ConnectorEvent | ApprovalAsk): string {
  switch (event.event) {
    case "target_connected": {
      const { host, port, database, user, tls, processId } = event;
      const how = `${tls ? "TLS" : "no TLS"}, backend ${processId}`;
      return printable(`connected to ${host}:${port}, database ${database}, as ${user} (${how})`);
    }
    case "cancel_requested":
      return printable(`session ${event.session} asked to cancel what runs`);
    case "cut":
      return `the result was cut at its bound of ${event.value} ${event.limit}`;
    default:
      return connectorWords(event, "statements");
  }
}

/** On one line, what is there only. */
function factsWords(facts: StatementFacts): string {
  const { tag, actions, where, limit, fingerprint } = facts;
  const parts = [
    `${tag} (${fingerprint}): ${actions.join(", ")}`,
    ...(["reads", "writes", "functions", "effects", "settings", "opaque"] as const).flatMap((name) =>
      facts[name].length === 0 ? [] : [`${name} ${facts[name].join(", ")}`],
    ),
    ...(where === "none" ? [] : [`WHERE ${where}`]),
    ...(limit === null ? [] : [`LIMIT ${limit}`]),
  ];
  return parts.join(" · ");
}

function indented(lines: string[]): string[] {
  return lines.map((line) => `${INDENT}  ${line}`);
}
