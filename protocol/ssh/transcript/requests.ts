import { createHash } from "node:crypto";
import type { ApprovalAsk, ApprovalEvent } from "../../approval/approval.ts";
import type { FileRequest, SshRequest } from "../request.ts";

/** Requests, and questions about them, that are remembered; what is older is matched to nothing. */
export const MAX_REMEMBERED = 1_000;

/** One request of the agent, as far as what follows may speak of it. */
export interface Known {
  readonly number: number;
  readonly channel: number;
  readonly digest: string;
  /** When it was asked, or let through after an approval; ms since 1970. */
  since: number;
  /** `asked`: people are asked; `refused`: they did not agree; `over`: it went to the target, or never will. */
  state: "new" | "asked" | "refused" | "over";
}

interface Question {
  known: Known | null;
  asked: number;
}

/**
 * Which request an entry speaks of: a verdict and a question have the request itself and no number. Memory is bounded,
 * whatever the requests hold: of each a hash is kept.
 */
export class Requests {
  readonly #known = new Map<number, Known>();
  readonly #questions = new Map<number, Question>();
  /** Of each path of each channel, the last request, and that by which the file is open. */
  readonly #last = new Map<string, Known>();
  readonly #openers = new Map<string, Known>();
  #count = 0;

  add(channel: number, asked: SshRequest, time: number): Known {
    const known: Known = {
      number: ++this.#count,
      channel,
      digest: digestOf(asked),
      since: time,
      state: "new",
    };
    this.#known.set(known.number, known);
    dropOldest(this.#known);
    if (asked.type === "file") this.#remember(asked, known);
    return known;
  }

  /** The request about a file that failed: the last one, as far as can be told. */
  failed(channel: number, path: string): Known | null {
    return this.#last.get(fileKey(channel, path)) ?? null;
  }

  /** The request by which a file that is closed now was opened, whatever was asked about it since. */
  closed(channel: number, path: string): Known | null {
    const key = fileKey(channel, path);
    const known = this.#openers.get(key) ?? null;
    this.#openers.delete(key);
    return known;
  }

  /** The request that was refused, by policy or after people were asked. */
  judged(channel: number, asked: SshRequest): { known: Known | null; afterApproval: boolean } {
    const digest = digestOf(asked);
    const same = (known: Known) => known.digest === digest && known.channel === channel;
    const refused = this.#latest((known) => same(known) && known.state === "refused");
    const known = refused ?? this.#latest((one) => same(one) && one.state !== "over");
    const afterApproval = known !== null && known.state !== "new";
    if (known) known.state = "over";
    return { known, afterApproval };
  }

  /** The request of which an entry of an approval speaks, and how long ago people were asked, ms. */
  approval(entry: ApprovalAsk | ApprovalEvent, time: number): { known: Known | null; waited: number | null } {
    if (entry.event === "approval_asked") this.#ask(entry, time);
    const question = this.#questions.get(entry.approval);
    if (!question) return { known: null, waited: null };
    const { known, asked } = question;
    if (known?.state === "asked") {
      if (entry.event === "approval_used") {
        known.state = "over";
        known.since = time;
      } else if (isRefusal(entry)) known.state = "refused";
    }
    return { known, waited: Math.max(0, time - asked) };
  }

  #ask({ approval, question }: Extract<ApprovalAsk, { event: "approval_asked" }>, time: number): void {
    const request = question.kind === "request" ? question.request : null;
    const digest = request !== null && request.type !== "http" ? digestOf(request) : null;
    const known = this.#latest((one) => one.digest === digest && one.state === "new");
    if (known) known.state = "asked";
    this.#questions.delete(approval);
    this.#questions.set(approval, { known, asked: time });
    dropOldest(this.#questions);
  }

  #remember({ operation, path }: FileRequest, known: Known): void {
    const key = fileKey(known.channel, path);
    const maps = operation === "read" || operation === "write" ? [this.#last, this.#openers] : [this.#last];
    for (const map of maps) {
      map.delete(key);
      map.set(key, known);
      dropOldest(map);
    }
  }

  /** The same request comes again and again, as `stat` does; what follows speaks of the last of them. */
  #latest(isIt: (known: Known) => boolean): Known | null {
    let latest: Known | null = null;
    for (const known of this.#known.values()) if (isIt(known)) latest = known;
    return latest;
  }
}

/** Whether what is held never goes on. */
function isRefusal(entry: ApprovalAsk | ApprovalEvent): boolean {
  if (entry.event === "approval_decided") return entry.status !== "approved" && entry.status !== "lapsed";
  return entry.event === "approval_withdrawn";
}

function digestOf(request: SshRequest): string {
  return hash(JSON.stringify(request, Object.keys(request).sort()));
}

function fileKey(channel: number, path: string): string {
  return `${channel} ${hash(path)}`;
}

function hash(text: string): string {
  return createHash("sha256").update(text).digest("base64");
}

/** Keeps a map at `MAX_REMEMBERED` by leaving out what was put in first. */
export function dropOldest(map: Map<unknown, unknown>): void {
  for (const oldest of map.keys()) {
    if (map.size <= MAX_REMEMBERED) return;
    map.delete(oldest);
  }
}
