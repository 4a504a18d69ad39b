import { MAX_APPROVALS, type RequestQuestion } from "../../protocol/approval/approval.ts";
import { requestDigest } from "../../protocol/approval/digest.ts";
import type { SessionFacts } from "../../protocol/control.ts";
import type { Entry } from "../../protocol/entry.ts";
import type { HttpRequest } from "../../protocol/http/request.ts";
import { exchangeText } from "../../protocol/http/request-text.ts";
import { HttpTranscript, type HttpTranscriptEvent } from "../../protocol/http/transcript/transcript.ts";
import type { Approve } from "../../protocol/policy/decision.ts";
import type { Delivered, ExchangeRun, PolicyTaken, SessionOf } from "./steps.ts";

/** Characters of a request's words. */
const MAX_TEXT = 8 * 1024;

/** A question about a request that has not gone to the target. */
interface Question {
  digest: string;
  decision: Approve;
  seq: number;
  time: number;
  request: HttpRequest;
  isReleased: boolean;
  /** An exchange that asked it was told no. The same request may come again, and pass. */
  isTold: boolean;
}

type ExchangeStep = ExchangeRun | Delivered | PolicyTaken;

/**
 * Takes the entries of the recording of an HTTP or Kubernetes session in order and answers its steps, each as soon as the
 * connector has told what became of it. Memory is bounded; it never throws for what the entries hold.
 */
export class ExchangeExtractor {
  readonly #transcript = new HttpTranscript();
  readonly #questions = new Map<number, Question>();
  /** Exchanges whose responses are the target's; of others they are the connector's own words. */
  readonly #answered = new Set<number>();
  #session: SessionFacts | null = null;
  #steps: ExchangeStep[] = [];

  /** Who had the session; null until the first entry has told. */
  get session(): SessionOf | null {
    return this.#session && { facts: this.#session, database: "" };
  }

  push(entry: Entry): ExchangeStep[] {
    for (const event of this.#transcript.push(entry)) this.#take(event);
    return this.#steps.splice(0);
  }

  /** What is left when the recording has ended: people were asked, and nothing came of it. */
  end(): ExchangeStep[] {
    for (const { request, decision, seq, time, isTold } of this.#questions.values()) {
      if (isTold) continue;
      const judged = { decision };
      this.#run({
        seq,
        time,
        request,
        facts: null,
        unreadable: null,
        outcome: "refused",
        judged,
        asked: null,
      });
    }
    this.#questions.clear();
    return this.#steps.splice(0);
  }

  #take(event: HttpTranscriptEvent): void {
    const { seq, time } = event;
    switch (event.type) {
      case "edge":
        if (event.event.event === "opened") this.#session = event.event.facts;
        break;
      case "connector":
        if (event.event.event === "policy")
          this.#steps.push({ step: "policy", time, version: event.event.version });
        break;
      case "approval":
        if (event.entry.event === "approval_asked") {
          const { approval, question } = event.entry;
          if (question.kind === "request") this.#ask(approval, question, { seq, time });
        }
        if (event.entry.event === "approval_used") {
          const question = this.#questions.get(event.entry.approval);
          if (question) question.isReleased = true;
        }
        break;
      case "sent": {
        const { exchange, request, facts } = event;
        this.#answered.add(exchange);
        const decision = this.#released(request);
        const asked = decision && { decision };
        this.#run({ seq, time, request, facts, unreadable: null, outcome: "done", judged: null, asked });
        break;
      }
      case "judged": {
        const { exchange, request, facts, unreadable, decision } = event;
        this.#answered.delete(exchange);
        if (unreadable === null) this.#refused(request);
        const judged = { decision };
        this.#run({ seq, time, request, facts, unreadable, outcome: "refused", judged, asked: null });
        break;
      }
      case "failed":
      case "over":
        this.#answered.delete(event.exchange);
        break;
      case "bytes":
      case "message":
        if (event.from === "target" && this.#answered.has(event.exchange)) this.#delivered(event);
    }
  }

  #ask(
    approval: number,
    { request, actions, policies, reason, approvals, expiresMs, lastsMs, scope }: RequestQuestion,
    { seq, time }: { seq: number; time: number },
  ): void {
    // Of a response the question doesn't say its type: nothing could be judged anew.
    if (request.type !== "http" || actions.includes("http:unreadable")) return;
    const rule = { policies, reason, approvals, expiresMs, lastsMs, scope };
    const decision: Approve = { verdict: "approve", ...rule, rows: null, bytes: null };
    const digest = requestDigest("", request);
    this.#questions.set(approval, { digest, decision, seq, time, request, isReleased: false, isTold: false });
    if (this.#questions.size > MAX_APPROVALS) this.#questions.delete(this.#questions.keys().next().value!);
  }

  /** What people were asked about this request, which goes on now. */
  #released(request: HttpRequest): Approve | null {
    const digest = requestDigest("", request);
    for (const [approval, question] of this.#questions) {
      if (question.digest !== digest || !question.isReleased) continue;
      this.#questions.delete(approval);
      return question.decision;
    }
    return null;
  }

  #refused(request: HttpRequest): void {
    const digest = requestDigest("", request);
    for (const question of this.#questions.values()) if (question.digest === digest) question.isTold = true;
  }

  #run(run: Omit<ExchangeRun, "step" | "text">): void {
    this.#steps.push({ step: "exchange", ...run, text: exchangeText(run.request).slice(0, MAX_TEXT) });
  }

  #delivered({ time, bytes }: { time: number; bytes: Uint8Array }): void {
    const last = this.#steps.at(-1);
    if (last?.step === "delivered") last.bytes += bytes.length;
    else this.#steps.push({ step: "delivered", time, rows: 0, bytes: bytes.length });
  }
}
