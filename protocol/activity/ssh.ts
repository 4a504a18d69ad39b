import { type ApprovalAsk, type ApprovalEvent, MAX_APPROVALS } from "../approval/approval.ts";
import type { Entry } from "../entry.ts";
import { actionsOf } from "../policy/ssh.ts";
import { requestText, type SshRequest } from "../ssh/request.ts";
import { MAX_REMEMBERED } from "../ssh/transcript/requests.ts";
import { SshTranscript, type SshTranscriptEvent } from "../ssh/transcript/transcript.ts";
import type { Activity } from "./activity.ts";
import { type Asked, addMasked, Draft, maskedBy } from "./draft.ts";
import type { KindReader } from "./kind-reader.ts";

/**
 * What operates on files, and most of what forwards, is told of where it fails or is refused, and not where it succeeds:
 * after so many ms without such a word it did.
 */
const SETTLED_MS = 10_000;
/** How often it is looked for such, ms. */
const LOOKED_MS = 1_000;

const KINDS = { exec: "command", shell: "shell", file: "file", forward: "forward" } as const satisfies Record<
  SshRequest["type"],
  Activity["kind"]
>;

interface Request {
  draft: Draft;
  type: SshRequest["type"];
  channel: number;
}

type Of<Type extends SshTranscriptEvent["type"]> = Extract<SshTranscriptEvent, { type: Type }>;

/**
 * Activities of an SSH session: its command lines, shells, operations on files and forwards. What is typed in a shell is
 * none. A command is given out when its channel is closed, a file when it is closed or nothing is told of it for
 * `SETTLED_MS`. Memory is bounded: of more than `MAX_REMEMBERED` that are open the oldest are given out as they are.
 */
export class SshActivities implements KindReader {
  readonly #transcript = new SshTranscript();
  readonly #open = new Map<number, Request>();
  readonly #asked = new Map<number, Asked>();
  readonly #unassigned = new Map<string, number>();
  /** The request that last had output. */
  #heard: number | null = null;
  #looked = 0;
  #out: Activity[] = [];

  entry(entry: Entry): Activity[] {
    for (const event of this.#transcript.push(entry)) this.#take(event);
    this.#settle(entry.time);
    return this.#out.splice(0);
  }

  get open(): Activity[] {
    return Array.from(this.#open.values(), ({ draft }) => draft.activity);
  }

  end(): Activity[] {
    for (const [number, { draft, type }] of [...this.#open]) {
      if (type === "file") draft.succeed();
      this.#give(number);
    }
    return this.#out.splice(0);
  }

  get unassigned(): ReadonlyMap<string, number> {
    return this.#unassigned;
  }

  #take(event: SshTranscriptEvent): void {
    switch (event.type) {
      case "connector":
        if (event.event.event === "detected") this.#mask(maskedBy(event.event.found));
        break;
      case "request": {
        const { request, channel, asked } = event;
        this.#open.set(request, { draft: draftOf(event, asked), type: asked.type, channel });
        break;
      }
      case "approval":
        this.#approval(event.request, event.entry);
        break;
      case "judged":
        this.#judged(event);
        break;
      case "bytes":
        if (event.stream !== "input") this.#heard = event.request;
        break;
      case "exit": {
        const { request, status, signal, duration } = event;
        const draft = this.#draft(request);
        if (!draft) break;
        if (status !== null || signal !== null) draft.outcome = status === 0 ? "ok" : "error";
        draft.status = status === null ? (signal?.slice(0, 100) ?? null) : String(status);
        draft.durationMs = duration;
        break;
      }
      case "closed":
        this.#closed(event);
        break;
      case "file_failed": {
        const draft = this.#draft(event.request);
        if (draft) draft.outcome = "error";
        if (draft) this.#give(event.request!);
        break;
      }
      case "file_closed": {
        const draft = this.#draft(event.request);
        if (!draft) break;
        draft.outcome = "ok";
        draft.durationMs = event.duration;
        this.#give(event.request!);
      }
    }
  }

  #approval(request: number | null, entry: ApprovalAsk | ApprovalEvent): void {
    const draft = this.#draft(request);
    if (entry.event === "approval_asked") {
      const { policies, reason, actions } = entry.question;
      const asked = { approval: entry.approval, policies, reason, actions };
      this.#asked.set(entry.approval, asked);
      if (this.#asked.size > MAX_APPROVALS) this.#asked.delete(this.#asked.keys().next().value!);
      draft?.ask(asked);
    }
    if (!draft || draft.approval !== entry.approval) return;
    if (entry.event === "approval_used") draft.state = "released";
    else if (entry.event === "approval_withdrawn") draft.state = "withdrawn";
    else if (entry.event === "approval_decided" && !PASSES.has(entry.status)) draft.state = "refused";
  }

  #judged(event: Of<"judged">): void {
    const { request, asked, decision } = event;
    const draft = this.#draft(request) ?? draftOf(event, asked);
    draft.refuse(decision);
    if (request !== null && this.#open.has(request)) this.#give(request);
    else this.#out.push(draft.activity);
  }

  #closed({ channel, request, duration }: Of<"closed">): void {
    for (const [number, { draft, type, channel: own }] of this.#open) {
      if (own !== channel || own === 0) continue;
      if (type === "file" || type === "forward") draft.succeed();
      if (type === "forward") draft.durationMs = duration;
      if (type === "file" || number === request) this.#give(number);
    }
  }

  /** Gives out what nothing more is told of, and the oldest of too many. */
  #settle(now: number): void {
    for (const number of this.#open.keys()) {
      if (this.#open.size <= MAX_REMEMBERED) break;
      this.#give(number);
    }
    if (Math.abs(now - this.#looked) < LOOKED_MS) return;
    this.#looked = now;
    for (const [number, { draft, type, channel }] of this.#open) {
      const isSilent = type === "file" || (type === "forward" && channel === 0);
      if (!isSilent || now - draft.time <= SETTLED_MS || draft.state === "asked") continue;
      draft.succeed();
      this.#give(number);
    }
  }

  /** Detectors count for the session: what they found is taken to stand in what was shown last. */
  #mask(values: [string, number][]): void {
    const draft = this.#draft(this.#heard);
    if (draft) draft.mask(values);
    else addMasked(this.#unassigned, values);
  }

  #draft(request: number | null): Draft | undefined {
    return request === null ? undefined : this.#open.get(request)?.draft;
  }

  #give(number: number): void {
    const { draft } = this.#open.get(number)!;
    this.#open.delete(number);
    this.#out.push(draft.activity);
  }
}

/** After these a question's request may pass. */
const PASSES: ReadonlySet<string> = new Set(["approved", "lapsed"]);

function draftOf(at: Pick<Entry, "seq" | "time">, asked: SshRequest): Draft {
  const draft = new Draft(at, 0, KINDS[asked.type], requestText(asked));
  draft.acts(actionsOf(asked));
  return draft;
}
