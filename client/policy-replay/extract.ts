import { type ApprovalAsk, MAX_APPROVALS, type StatementQuestion } from "../../protocol/approval/approval.ts";
import type { ConnectorEvent, SessionFacts } from "../../protocol/control.ts";
import { type Entry, EntryKind } from "../../protocol/entry.ts";
import { SallyportError } from "../../protocol/errors.ts";
import { FRAME_HEADER } from "../../protocol/frame.ts";
import { bindBody, parseBody } from "../../protocol/postgres/transcript/bodies.ts";
import { type Gathered, Gatherer } from "../../protocol/postgres/transcript/gather.ts";
import { Unanswered } from "../../protocol/postgres/transcript/unanswered.ts";
import { Transcript, type TranscriptEvent } from "../../protocol/postgres/transcript.ts";
import { RecordedFacts } from "./recorded-facts.ts";
import type { Delivered, NamedPortal, NamedText, PolicyTaken, Run, Step } from "./steps.ts";

/** Runs that may wait for their answer; a session pipelines a few. */
const MAX_WAITING = 10_000;
/** Characters of their texts. */
const MAX_WAITING_TEXT = 32 * 1024 * 1024;
/** Questions of which each may have 192 KiB of text. */
const MAX_ASKED = 20;
/** Of a string with more statements, the first tags are kept. */
const MAX_TAGS = 1_000;

/** Characters of a judged statement's text that its event has at most. */
const JUDGED_TEXT = 8 * 1024;

type Named = NamedText | NamedPortal;
type Waiting = { step: Run; statement: number | null; answered: boolean };

/**
 * Takes the entries of a recording of a session with a database in order and answers the steps of its session, each when nothing that follows can
 * change it. Memory is bounded whatever the entries hold; it never throws for what they hold.
 */
export class Extractor {
  readonly facts = new RecordedFacts();
  readonly #transcript = new Transcript(0);
  readonly #unanswered = new Unanswered();
  readonly #names = new NameReader();
  #session: SessionFacts | null = null;
  #database: string | null = null;
  /** Statements that are held, by the number of their question. */
  readonly #held = new Map<number, number>();
  /** What was asked about texts that are yet to be sent to be run, or to be run on: a portal with more rows. */
  readonly #asked: { text: string; asked: Run["asked"] }[] = [];
  #waiting: (Waiting | Delivered | Named | PolicyTaken)[] = [];
  #runs = new Map<number, Waiting>();
  #text = 0;
  #inTransaction = false;
  #rows = 0;
  #bytes = 0;

  /** Who had the session; null until the first entry has told. */
  get session(): { facts: SessionFacts; database: string } | null {
    return this.#session && { facts: this.#session, database: this.#database ?? "" };
  }

  push(entry: Entry): Step[] {
    if (entry.kind === EntryKind.agent) {
      for (const one of this.#names.read(entry.frame)) this.#wait({ ...one, time: entry.time });
    }
    for (const event of this.#transcript.push(entry)) this.#take(event);
    return this.#settled();
  }

  /** What is left when the recording has ended. */
  end(): Step[] {
    for (const one of this.#runs.values()) one.answered = true;
    return this.#settled();
  }

  #take(event: TranscriptEvent): void {
    this.#unanswered.take(event);
    switch (event.type) {
      case "edge":
        if (event.event.event === "opened") this.#session = event.event.facts;
        break;
      case "startup": {
        const named = new Map(event.parameters);
        this.#database ??= named.get("database") ?? named.get("user") ?? null;
        break;
      }
      case "connector":
        this.#connector(event.event, event.seq, event.time);
        break;
      case "statement":
        this.#statement(event);
        break;
      case "resolved":
        this.#resolved(event);
        break;
      case "row":
        // A DataRow's body: the count of values, each with its length before it.
        this.#rows++;
        this.#bytes += 2;
        for (const value of event.values) this.#bytes += 4 + (value?.bytes ?? 0);
        break;
      case "copied":
        if (event.direction === "in") break;
        this.#rows += event.messages;
        this.#bytes += event.bytes;
        break;
      case "result":
        if (event.outcome === "suspended") this.#suspended(event.statement);
        this.#answer(event.statement, event.tag);
        this.#delivered(event.time);
        break;
      case "error":
      case "skipped":
        this.#answer(event.statement, null);
        this.#delivered(event.time);
        break;
      case "ready":
        this.#inTransaction = event.status !== "I";
        for (const one of this.#runs.values()) {
          if (one.step.tags.length > 0) one.answered = true;
        }
    }
  }

  #statement(event: Extract<TranscriptEvent, { type: "statement" }>): void {
    const { seq, time, statement, protocol, text, cut, name, doubtful } = event;
    const step: Run = {
      step: "run",
      seq,
      time,
      protocol,
      text,
      cut,
      ...(name !== undefined && { name }),
      doubtful: doubtful ?? false,
      inTransaction: this.#inTransaction,
      outcome: "refused",
      tags: [],
      judged: null,
      asked: this.#askedAbout(text),
    };
    const waiting: Waiting = { step, statement, answered: false };
    this.#runs.set(statement, waiting);
    this.#wait(waiting);
  }

  /** What ran was not what the client's last words said. */
  #resolved(event: Extract<TranscriptEvent, { type: "resolved" }>): void {
    const run = this.#runs.get(event.statement)?.step;
    if (!run) return;
    const { text, cut, name, doubtful } = event;
    this.#text += (text?.length ?? 0) - (run.text?.length ?? 0);
    Object.assign(run, { text, cut, doubtful: doubtful ?? false });
    if (name !== undefined) run.name = name;
  }

  #connector(event: ConnectorEvent | ApprovalAsk, seq: number, time: number): void {
    switch (event.event) {
      case "approval_asked":
        if (event.question.kind === "statement") this.#ask(event.approval, event.question);
        break;
      case "approval_used": {
        const held = this.#held.get(event.approval);
        if (held !== undefined) this.#unanswered.released(held);
        break;
      }
      case "policy":
        this.#waiting.push({ step: "policy", time, version: event.version });
        break;
      case "target_connected":
        this.#database = event.database;
        break;
      case "facts":
        for (const { facts, plan } of event.statements) this.facts.add(facts, plan);
        break;
      case "judged": {
        const { decision, facts, plan = null, text } = event;
        const number = this.#unanswered.judged(text);
        const run = number === null ? undefined : this.#runs.get(number);
        if (run) {
          run.step.judged ??= { decision, facts, plan };
          break;
        }
        // A Parse or Describe that never came to an Execute.
        const step: Run = {
          step: "run",
          seq,
          time,
          protocol: "extended",
          text,
          cut: text.length >= JUDGED_TEXT,
          doubtful: false,
          inTransaction: this.#inTransaction,
          outcome: "refused",
          tags: [],
          judged: { decision, facts, plan },
          asked: null,
        };
        this.#wait({ step, statement: null, answered: true });
      }
    }
  }

  #ask(approval: number, question: StatementQuestion): void {
    const { policies, reason, approvals, expiresMs, lastsMs, scope, plan } = question;
    const rule = { policies, reason, approvals, expiresMs, lastsMs, scope };
    const asked: Run["asked"] = { decision: { verdict: "approve", ...rule, rows: null, bytes: null }, plan };
    const number = this.#unanswered.held(question.statement);
    const run = number === null ? undefined : this.#runs.get(number);
    if (number === null || !run) {
      // A Bind is held: its Execute may come later.
      this.#asked.push({ text: question.statement, asked });
      if (this.#asked.length > MAX_ASKED) this.#asked.shift();
      return;
    }
    // Asked again because the policies changed meanwhile: what it ran by is the last.
    run.step.asked = asked;
    this.#held.set(approval, number);
    for (const oldest of this.#held.keys()) {
      if (this.#held.size <= MAX_APPROVALS) break;
      this.#held.delete(oldest);
    }
  }

  /** What was asked about a text before it was sent to be run, once. */
  #askedAbout(text: string | null): Run["asked"] {
    const index = this.#asked.findIndex((one) => one.text === text);
    return index < 0 ? null : this.#asked.splice(index, 1)[0]!.asked;
  }

  /** The next Execute of a portal runs on by the same approval. */
  #suspended(statement: number | null): void {
    const step = statement === null ? undefined : this.#runs.get(statement)?.step;
    if (step?.asked && step.text !== null) this.#asked.push({ text: step.text, asked: step.asked });
    if (this.#asked.length > MAX_ASKED) this.#asked.shift();
  }

  #answer(statement: number | null, tag: string | null): void {
    const run = statement === null ? undefined : this.#runs.get(statement);
    if (!run) return;
    if (tag !== null) {
      run.step.outcome = "done";
      if (run.step.tags.length < MAX_TAGS) run.step.tags.push(tag);
    }
    // A query of several statements has several results; its end is the next ReadyForQuery.
    if (run.step.protocol !== "simple" || tag === null) run.answered = true;
  }

  #delivered(time: number): void {
    if (this.#rows === 0 && this.#bytes === 0) return;
    this.#waiting.push({ step: "delivered", time, rows: this.#rows, bytes: this.#bytes });
    this.#rows = 0;
    this.#bytes = 0;
  }

  #wait(one: Waiting | Named): void {
    this.#waiting.push(one);
    this.#text += textOf(one);
  }

  /** Takes off the steps that are final; the oldest half of too many are. */
  #settled(): Step[] {
    const waiting = this.#waiting;
    const full = waiting.length > MAX_WAITING || this.#text > MAX_WAITING_TEXT;
    const excess = () => full && (waiting.length - end > MAX_WAITING / 2 || text > MAX_WAITING_TEXT / 2);
    let end = 0;
    let text = this.#text;
    for (const one of waiting) {
      if ("answered" in one && !one.answered && !excess()) break;
      text -= textOf(one);
      end++;
    }
    if (end === 0) return [];
    this.#text = text;
    this.#waiting = waiting.slice(end);
    return waiting.slice(0, end).map((one) => {
      if (!("answered" in one)) return one;
      if (one.statement !== null) this.#runs.delete(one.statement);
      return one.step;
    });
  }
}

function textOf(one: Waiting | Delivered | Named | PolicyTaken): number {
  if ("answered" in one) return one.step.text?.length ?? 0;
  return "text" in one ? (one.text?.length ?? 0) : 0;
}

type Untimed<T> = T extends Named ? Omit<T, "time"> : never;

/** Reads the agent's messages that name something; the transcript tells of them only when they are executed. */
class NameReader {
  readonly #messages = new Gatherer("frontend");
  /** Text of the unnamed statement; null where it is not known. */
  #unnamed: string | null = null;
  #lost = false;

  read(frame: Uint8Array): Untimed<Named>[] {
    if (this.#lost) return [];
    const read: Untimed<Named>[] = [];
    try {
      for (const message of this.#messages.push(frame.subarray(FRAME_HEADER))) {
        const one = this.#message(message);
        if (one) read.push(one);
      }
    } catch (error) {
      if (!(error instanceof SallyportError)) throw error;
      // Where the next message begins is not known.
      this.#lost = true;
    }
    return read;
  }

  #message(message: Gathered): Untimed<Named> | null {
    try {
      if (message.letter === "P") return this.#parse(message);
      return message.letter === "B" ? this.#bind(message) : null;
    } catch (error) {
      if (error instanceof SallyportError) return null;
      throw error;
    }
  }

  #parse(message: Gathered): Untimed<NamedText> | null {
    const { name, text, cut } = parseBody(message);
    if (name === "") this.#unnamed = cut ? null : text;
    return name === "" || cut ? null : { step: "named", name, text };
  }

  /** SQL can't name the unnamed portal. */
  #bind(message: Gathered): Untimed<NamedPortal> | null {
    const { portal, statement } = bindBody(message);
    const text = statement === "" ? this.#unnamed : null;
    return portal === "" ? null : { step: "portal", name: portal, statement, text };
  }
}
