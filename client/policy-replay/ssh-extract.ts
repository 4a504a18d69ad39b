import { type ApprovalAsk, MAX_APPROVALS } from "../../protocol/approval/approval.ts";
import { requestDigest } from "../../protocol/approval/digest.ts";
import type { ConnectorEvent, SessionFacts } from "../../protocol/control.ts";
import { type Entry, EntryKind } from "../../protocol/entry.ts";
import { channelRecord, connectorEvent, edgeEvent } from "../../protocol/recording/events.ts";
import { RecordKind } from "../../protocol/ssh/record.ts";
import { requestText, type SshRequest } from "../../protocol/ssh/request.ts";
import type { Delivered, PolicyTaken, SessionOf, SshRun } from "./steps.ts";

/** Requests that may wait for what becomes of them. */
const MAX_WAITING = 10_000;
/** Requests that are the same, of which it is kept that they are open. */
const MAX_SAME = 100;
/** Characters of their texts. */
const MAX_WAITING_TEXT = 32 * 1024 * 1024;

type SshStep = SshRun | Delivered | PolicyTaken;

/**
 * Takes the entries of an SSH session's recording in order and answers its steps, each when nothing that follows can
 * change it, or when too many wait for that. It never throws for what the entries hold.
 */
export class SshExtractor {
  #session: SessionFacts | null = null;
  #account = "";
  #waiting: SshStep[] = [];
  #text = 0;
  /** Requests of which it isn't told that they were refused, the latest last; by what they ask for. */
  readonly #open = new Map<string, SshRun[]>();
  /** Requests about which people are asked, by the number of their question. */
  readonly #held = new Map<number, SshRun>();

  /** Who had the session; null until the first entry has told. */
  get session(): SessionOf | null {
    return this.#session && { facts: this.#session, database: "" };
  }

  push(entry: Entry): SshStep[] {
    if (entry.kind === EntryKind.edge) {
      const event = edgeEvent(entry.frame);
      if (event?.event === "opened") this.#session = event.facts;
    }
    if (entry.kind === EntryKind.connector) {
      const record = channelRecord(entry.frame);
      if (record !== null) this.#delivered(record.kind, record.bytes.length, entry.time);
      const event = connectorEvent(entry.frame);
      if (event !== null) this.#event(event, entry);
    }
    return this.#excess();
  }

  /** What is left when the recording has ended. */
  end(): SshStep[] {
    this.#open.clear();
    this.#held.clear();
    return this.#waiting.splice(0);
  }

  #event(event: ConnectorEvent | ApprovalAsk, entry: Entry): void {
    switch (event.event) {
      case "policy":
        this.#waiting.push({ step: "policy", time: entry.time, version: event.version });
        break;
      case "ssh_connected":
        this.#account = event.user;
        break;
      case "requested":
        this.#requested(event.channel, event.request, entry);
        break;
      case "request_judged": {
        const { channel, request, decision } = event;
        const run = this.#take(channel, request) ?? this.#requested(channel, request, entry);
        Object.assign(run, { outcome: "refused", judged: { decision } } satisfies Partial<SshRun>);
        break;
      }
      case "approval_asked": {
        const { question } = event;
        if (question.kind !== "request" || question.request.type === "http") break;
        const run = this.#latest(question.request);
        if (run === undefined) break;
        const { policies, reason, approvals, expiresMs, lastsMs, scope } = question;
        const rule = { policies, reason, approvals, expiresMs, lastsMs, scope };
        run.asked = { decision: { verdict: "approve", ...rule, rows: null, bytes: null } };
        run.outcome = "refused";
        this.#held.set(event.approval, run);
        if (this.#held.size > MAX_APPROVALS) this.#held.delete(this.#held.keys().next().value!);
        break;
      }
      case "approval_used": {
        const run = this.#held.get(event.approval);
        if (run) run.outcome = "done";
        break;
      }
      case "file_closed":
        this.#delivered(RecordKind.output, event.read?.bytes ?? 0, entry.time);
    }
  }

  #requested(channel: number, request: SshRequest, { seq, time }: Entry): SshRun {
    const run: SshRun = {
      step: "request",
      seq,
      time,
      channel,
      account: this.#account,
      request,
      text: requestText(request),
      outcome: "done",
      judged: null,
      asked: null,
    };
    this.#waiting.push(run);
    this.#text += run.text.length;
    const key = requestDigest("", request);
    this.#open.set(key, [...(this.#open.get(key) ?? []).slice(-MAX_SAME), run]);
    return run;
  }

  /** The latest request like this one of the channel, which is decided now. */
  #take(channel: number, request: SshRequest): SshRun | undefined {
    const open = this.#open.get(requestDigest("", request)) ?? [];
    const index = open.findLastIndex((one) => one.channel === channel);
    return index < 0 ? undefined : open.splice(index, 1)[0];
  }

  /** The latest request like this one, of any channel: a question names none. */
  #latest(request: SshRequest): SshRun | undefined {
    return this.#open.get(requestDigest("", request))?.at(-1);
  }

  #delivered(kind: RecordKind, bytes: number, time: number): void {
    if (bytes === 0 || (kind !== RecordKind.output && kind !== RecordKind.error)) return;
    const last = this.#waiting.at(-1);
    if (last?.step === "delivered") last.bytes += bytes;
    else this.#waiting.push({ step: "delivered", time, rows: 0, bytes });
  }

  /** Of too many steps that wait the older half. */
  #excess(): SshStep[] {
    if (this.#waiting.length <= MAX_WAITING && this.#text <= MAX_WAITING_TEXT) return [];
    const steps = this.#waiting.splice(0, Math.ceil(this.#waiting.length / 2));
    const gone = new Set<SshStep>(steps);
    for (const one of steps) if (one.step === "request") this.#text -= one.text.length;
    for (const [key, runs] of this.#open) {
      const left = runs.filter((run) => !gone.has(run));
      if (left.length === 0) this.#open.delete(key);
      else this.#open.set(key, left);
    }
    for (const [approval, run] of this.#held) if (gone.has(run)) this.#held.delete(approval);
    return steps;
  }
}
