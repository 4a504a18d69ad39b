import { MAX_APPROVALS } from "../approval/approval.ts";
import type { ConnectorEvent } from "../control.ts";
import type { Entry } from "../entry.ts";
import { HeldStatements, type Told } from "../postgres/transcript/held.ts";
import { Transcript, type TranscriptEvent } from "../postgres/transcript.ts";
import { type Activity, MAX_TEXT } from "./activity.ts";
import { type Asked, addMasked, Draft, maskedBy } from "./draft.ts";
import type { KindReader } from "./kind-reader.ts";
import { StatementActions } from "./statement-actions.ts";

/** Statements that may be open, and characters of their texts; beyond, the oldest are given out as they are. */
const MAX_OPEN = 5_000;
const MAX_OPEN_TEXT = 4 * 1024 * 1024;
/** Questions about texts that are yet to be sent to be run, as of a Bind that is held. */
const MAX_AHEAD = 20;
/** Tags that are kept of the results of one string. */
const MAX_TAGS = 100;

interface Statement {
  draft: Draft;
  protocol: "simple" | "extended" | "function";
  /** Of its results, each once. */
  tags: Set<string>;
  results: number;
  isAnswered: boolean;
}

/** A question that speaks of no statement yet. */
interface Ahead {
  asked: Asked;
  /** The beginning of the text that it is about. */
  text: string;
  state: Draft["state"];
}

type Of<Type extends TranscriptEvent["type"]> = Extract<TranscriptEvent, { type: Type }>;

/**
 * Activities of a session with a database: one for each Query, Execute and function call, and for each text that was
 * refused before it came to that. A string of several statements is one, as it was sent and judged as one. Each is given
 * out when the server is ready again, since what was masked of it is told before. Memory is bounded.
 */
export class PostgresActivities implements KindReader {
  readonly #transcript = new Transcript(null);
  readonly #held = new HeldStatements();
  readonly #actions = new StatementActions();
  readonly #open = new Map<number, Statement>();
  readonly #questions = new Map<number, Asked>();
  #ahead: Ahead[] = [];
  readonly #unassigned = new Map<string, number>();
  #text = 0;
  #place = { seq: 0, items: 0 };
  #out: Activity[] = [];

  entry(entry: Entry): Activity[] {
    for (const event of this.#transcript.push(entry)) this.#take(event);
    this.#limit();
    return this.#out.splice(0);
  }

  get open(): Activity[] {
    return Array.from(this.#open.values(), ({ draft }) => draft.activity);
  }

  end(): Activity[] {
    for (const number of [...this.#open.keys()]) this.#give(number);
    return this.#out.splice(0);
  }

  get unassigned(): ReadonlyMap<string, number> {
    return this.#unassigned;
  }

  #take(event: TranscriptEvent): void {
    const told = this.#held.take(event);
    if (told) {
      this.#approval(told);
      return;
    }
    switch (event.type) {
      case "connector":
        this.#connector(event.event as ConnectorEvent, event);
        break;
      case "statement":
        this.#statement(event);
        break;
      case "resolved":
        this.#change(event.statement, ({ draft }) => {
          this.#text -= draft.length;
          draft.say(event.text ?? "", event.cut);
          this.#text += draft.length;
        });
        break;
      case "result":
        this.#result(event);
        break;
      case "error":
        this.#error(event);
        break;
      case "skipped":
        this.#change(event.statement, (statement) => {
          statement.draft.outcome = statement.draft.state === "refused" ? "refused" : "error";
          statement.isAnswered = true;
        });
        break;
      case "ready":
        for (const [number, { isAnswered, results }] of this.#open) {
          if (isAnswered || results > 0) this.#give(number);
        }
    }
  }

  #statement(event: Of<"statement">): void {
    const { statement, protocol, text, cut } = event;
    const draft = new Draft(event, this.#item(event.seq), "statement", text ?? "", cut);
    const ahead = text === null ? undefined : this.#takeAhead(beginning(text));
    if (ahead) {
      draft.ask(ahead.asked);
      draft.state = ahead.state;
    }
    this.#open.set(statement, { draft, protocol, tags: new Set(), results: 0, isAnswered: false });
    this.#text += draft.length;
  }

  #result(event: Of<"result">): void {
    const { statement: number, outcome, tag, duration } = event;
    const served = this.#held.served(number, duration);
    this.#change(number, (statement) => {
      const { draft, protocol, tags } = statement;
      // It was asked about no more, and then needed nobody.
      if (draft.state === "withdrawn") draft.state = "allowed";
      draft.outcome = "ok";
      draft.durationMs = (draft.durationMs ?? 0) + served;
      statement.results++;
      if (tags.size < MAX_TAGS) tags.add(tag);
      statement.isAnswered = protocol !== "simple";
      if (outcome === "suspended") this.#goesOn(draft);
    });
  }

  /** The next Execute of the portal runs on by the same approval. */
  #goesOn({ approval, state, text }: Draft): void {
    const asked = approval === null ? undefined : this.#questions.get(approval);
    if (asked) this.#wait({ asked, text, state });
  }

  #error(event: Of<"error">): void {
    const { statement: number, from, sqlstate, duration } = event;
    const served = this.#held.served(number, duration);
    this.#change(number, (statement) => {
      const { draft } = statement;
      statement.isAnswered = true;
      if (draft.state === "refused" || draft.state === "withdrawn") return;
      // The edge's last word is not about the statement.
      draft.outcome = from === "edge" ? "unknown" : "error";
      if (from === "edge") return;
      draft.status = sqlstate.slice(0, 5);
      draft.durationMs = (draft.durationMs ?? 0) + served;
    });
  }

  #connector(event: ConnectorEvent, at: TranscriptEvent): void {
    switch (event.event) {
      case "facts":
        this.#actions.told(this.#running(), event.statements);
        break;
      case "masked":
        for (const { fingerprint, fields } of event.statements) {
          this.#mask(this.#actions.find(this.#running(), fingerprint), Object.entries(fields));
        }
        break;
      case "detected":
        this.#mask(this.#running()[0], maskedBy(event.found));
        break;
      case "judged": {
        const { decision, text, facts } = event;
        const { statement: number } = this.#held.judged(text);
        const statement = number === null ? undefined : this.#open.get(number);
        const draft = statement?.draft ?? new Draft(at, this.#item(at.seq), "statement", text);
        // People may have been asked about a text that never came to be run.
        const ahead = statement ? undefined : this.#takeAhead(beginning(text));
        if (ahead) draft.ask(ahead.asked);
        draft.refuse(decision);
        if (facts) draft.acts(facts.actions);
        if (!statement) this.#out.push(draft.activity);
      }
    }
  }

  #approval({ entry, question: about }: Told): void {
    const number = about?.statement ?? null;
    const draft = number === null ? undefined : this.#open.get(number)?.draft;
    if (entry.event === "approval_asked") {
      if (entry.question.kind !== "statement") return;
      const { policies, reason, actions, statement } = entry.question;
      const asked = { approval: entry.approval, policies, reason, actions };
      remember(this.#questions, entry.approval, asked);
      if (draft) draft.ask(asked);
      else this.#wait({ asked, text: beginning(statement), state: "asked" });
      return;
    }
    const state = stateAfter(entry);
    const ahead = this.#ahead.find(({ asked }) => asked.approval === entry.approval);
    // A statement may be asked about again: an earlier question says nothing of it then.
    for (const one of draft?.approval === entry.approval ? [draft, ahead] : [ahead]) {
      if (one && state !== null) one.state = state;
    }
  }

  #wait(ahead: Ahead): void {
    this.#ahead = [...this.#ahead, ahead].slice(-MAX_AHEAD);
  }

  #takeAhead(text: string): Ahead | undefined {
    const index = this.#ahead.findIndex((one) => one.text === text);
    return index < 0 ? undefined : this.#ahead.splice(index, 1)[0];
  }

  /** The statements that went to the target, oldest first. */
  #running(): Draft[] {
    return Array.from(this.#open.values(), ({ draft }) => draft).filter(({ state }) => state !== "refused");
  }

  #mask(draft: Draft | undefined, values: [string, number][]): void {
    if (draft) draft.mask(values);
    else addMasked(this.#unassigned, values);
  }

  #change(number: number | null, change: (statement: Statement) => void): void {
    const statement = number === null ? undefined : this.#open.get(number);
    if (statement) change(statement);
  }

  #item(seq: number): number {
    if (this.#place.seq !== seq) this.#place = { seq, items: 0 };
    return this.#place.items++;
  }

  #limit(): void {
    for (const number of this.#open.keys()) {
      if (this.#open.size <= MAX_OPEN && this.#text <= MAX_OPEN_TEXT) return;
      this.#give(number);
    }
  }

  #give(number: number): void {
    const { draft, tags } = this.#open.get(number)!;
    this.#open.delete(number);
    this.#text -= draft.length;
    if (draft.actions.length === 0) draft.acts(this.#actions.known(draft, tags));
    this.#out.push(draft.activity);
  }
}

/** Where what was asked about stands after this entry; null where it stands as before. */
function stateAfter(entry: Told["entry"]): Draft["state"] | null {
  switch (entry.event) {
    case "approval_used":
      return "released";
    case "approval_withdrawn":
      return "withdrawn";
    case "approval_decided":
      if (entry.status === "withdrawn") return "withdrawn";
      return entry.status === "approved" || entry.status === "lapsed" ? null : "refused";
    default:
      return null;
  }
}

function beginning(text: string): string {
  return text.slice(0, MAX_TEXT);
}

function remember(questions: Map<number, Asked>, approval: number, asked: Asked): void {
  questions.delete(approval);
  questions.set(approval, asked);
  if (questions.size > MAX_APPROVALS) questions.delete(questions.keys().next().value!);
}
