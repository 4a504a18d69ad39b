import type { Transferred } from "../../../protocol/ssh/events.ts";
import type { FileRequest, ForwardRequest, SshRequest } from "../../../protocol/ssh/request.ts";
import type { RequestId, SshTranscriptEvent, Stream } from "../../../protocol/ssh/transcript/transcript.ts";
import { refusalText } from "../request-words.ts";
import { CommonSummarizer, type CommonSummary } from "../session-summary.ts";
import { exitText } from "../terminal/words.ts";

/** What an SSH session did, in short. Of each list the latest requests. */
export interface SshSummary extends CommonSummary {
  /** Who was connected to, and as whom; null when the recording does not say. */
  connection: { host: string; port: number; user: string; hostKey: string } | null;
  /** Of all requests, including those not listed. */
  requests: number;
  /** Requests that did not reach the target because policy blocked them. */
  blocked: number;
  /** Requests that needed an approval, whether they had it in the end or not. */
  held: number;
  commands: CommandSummary[];
  shells: ShellSummary[];
  files: FileSummary[];
  forwards: ForwardSummary[];
}

interface RequestSummary {
  number: number;
  channel: number;
  /** When it was asked, ms since 1970. */
  time: number;
  /** Ms by the edge's clock, without those for which it was held; null while it runs, or where it never ran. */
  duration: number | null;
  outcome: string;
  failed: boolean;
}

interface Carried {
  /** Bytes from the agent; what was withheld is not among them. */
  bytesIn: number;
  /** Bytes to the agent, standard error among them. */
  bytesOut: number;
}

export interface CommandSummary extends RequestSummary, Carried {
  command: string;
  terminal: boolean;
  status: number | null;
  signal: string | null;
}

export interface ShellSummary extends RequestSummary, Carried {
  terminal: boolean;
  status: number | null;
  signal: string | null;
  /** Who watched while it was open. */
  watchers: string[];
  /** Ms for which it stood still because nobody watched. */
  frozen: number;
}

export interface FileSummary extends RequestSummary {
  protocol: FileRequest["protocol"];
  operation: FileRequest["operation"];
  path: string;
  other: string | null;
  read: Transferred | null;
  written: Transferred | null;
}

export interface ForwardSummary extends RequestSummary, Carried {
  direction: ForwardRequest["direction"];
  host: string;
  port: number;
}

type Row = { [Type in SshRequest["type"]]: { type: Type } & Rows[Type] }[SshRequest["type"]];

interface Rows {
  exec: CommandSummary;
  shell: ShellSummary;
  file: FileSummary;
  forward: ForwardSummary;
}

/** The beginning of a text is enough to know a request by. */
const TEXT = 2_000;
const OUTCOME = 500;
const MAX_WATCHERS = 100;
const MAX_CHANNELS = 1_000;

type Of<Type extends SshTranscriptEvent["type"]> = Extract<SshTranscriptEvent, { type: Type }>;

/** Gathers a summary; holds `limit` requests. */
export class SshSummarizer {
  readonly #limit: number;
  readonly #common = new CommonSummarizer();
  readonly #rows = new Map<number, Row>();
  readonly #watching = new Set<string>();
  readonly #frozen = new Map<number, number>();
  readonly #shells = new Map<number, number>();
  #connection: SshSummary["connection"] = null;
  #count = 0;
  #blocked = 0;
  #held = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Counts an entry, told or not. */
  entry(): void {
    this.#common.entry();
  }

  take(event: SshTranscriptEvent): void {
    switch (event.type) {
      case "edge":
        this.#edge(event);
        break;
      case "connector":
        this.#connector(event);
        break;
      case "request":
        this.#begin(event);
        break;
      case "approval": {
        const became = this.#common.approval(event.entry);
        if (event.entry.event === "approval_asked") this.#held++;
        if (became) this.#add(event.request, became.outcome, became.failed);
        break;
      }
      case "judged":
        this.#judged(event);
        break;
      case "bytes":
        this.#bytes(event.request, event.stream, event.bytes.length);
        break;
      case "exit": {
        const { request, status, signal, duration } = event;
        this.#change(request, { status, signal, duration });
        this.#add(request, exitText(event), status !== 0);
        break;
      }
      case "closed":
        this.#closed(event);
        break;
      case "file_failed":
        this.#add(event.request, event.reason, true);
        break;
      case "file_closed": {
        const { request, read, written, duration } = event;
        this.#change(request, { read: transfer(read), written: transfer(written), duration });
        break;
      }
      case "frozen":
        this.#frozen.set(event.channel, event.time);
        leaveOut(this.#frozen, MAX_CHANNELS);
        break;
      case "thawed":
        this.#thaw(event);
    }
  }

  get summary(): SshSummary {
    const rows = [...this.#rows.values()];
    const listed = <Type extends Row["type"]>(type: Type) =>
      rows.filter((row) => row.type === type).map(({ type: _, ...row }) => row as unknown as Rows[Type]);
    return {
      ...this.#common.summary,
      connection: this.#connection,
      requests: this.#count,
      blocked: this.#blocked,
      held: this.#held,
      commands: listed("exec"),
      shells: listed("shell"),
      files: listed("file"),
      forwards: listed("forward"),
    };
  }

  #edge({ event, time }: Of<"edge">): void {
    this.#common.edge(event, time);
    if (event.event === "watch_ended") this.#watching.delete(event.by);
    if (event.event !== "watch_begun" || this.#watching.size >= MAX_WATCHERS) return;
    this.#watching.add(event.by);
    for (const shell of this.#shells.values()) this.#watched(shell, [event.by]);
  }

  #connector({ event }: Of<"connector">): void {
    if (event.event === "ssh_client") return;
    if (event.event === "ssh_connected") {
      const { host, port, user, hostKey } = event;
      this.#connection = { host, port, user, hostKey };
    } else this.#common.connector(event);
  }

  #begin({ request: number, channel, asked, time }: Of<"request">): void {
    this.#count = number;
    this.#rows.set(number, rowOf({ number, channel, time }, asked));
    leaveOut(this.#rows, this.#limit);
    if (asked.type !== "shell") return;
    this.#shells.set(channel, number);
    leaveOut(this.#shells, MAX_CHANNELS);
    this.#watched(number, [...this.#watching]);
  }

  #judged({ request, decision, afterApproval }: Of<"judged">): void {
    this.#change(request, { failed: true });
    if (decision.verdict === "approve" && afterApproval) return;
    if (decision.verdict === "approve") this.#held++;
    else this.#blocked++;
    this.#add(request, refusalText(decision), true);
  }

  #bytes(request: RequestId, stream: Stream, bytes: number): void {
    const row = this.#row(request);
    if (!row || !("bytesIn" in row)) return;
    if (stream === "input") row.bytesIn += bytes;
    else row.bytesOut += bytes;
  }

  #closed({ channel, request, duration, time }: Of<"closed">): void {
    this.#thaw({ channel, time });
    this.#shells.delete(channel);
    const row = this.#row(request);
    if (row?.type === "forward" && !row.failed) this.#change(request, { duration });
  }

  #thaw({ channel, time }: { channel: number; time: number }): void {
    const since = this.#frozen.get(channel);
    this.#frozen.delete(channel);
    const row = this.#row(this.#shells.get(channel) ?? null);
    if (since !== undefined && row?.type === "shell") row.frozen += Math.max(0, time - since);
  }

  #watched(shell: number, by: string[]): void {
    const row = this.#row(shell);
    if (row?.type !== "shell") return;
    row.watchers = [...new Set([...row.watchers, ...by])].slice(0, MAX_WATCHERS);
  }

  #add(request: RequestId, outcome: string, failed: boolean): void {
    const row = this.#row(request);
    if (!row) return;
    row.outcome = (row.outcome === "" ? outcome : `${row.outcome}; ${outcome}`).slice(0, OUTCOME);
    if (failed) row.failed = true;
  }

  #change(request: RequestId, part: Partial<CommandSummary> | Partial<FileSummary>): void {
    const row = this.#row(request);
    if (row) Object.assign(row, part);
  }

  #row(request: RequestId): Row | undefined {
    return request === null ? undefined : this.#rows.get(request);
  }
}

function rowOf(common: Pick<RequestSummary, "number" | "channel" | "time">, asked: SshRequest): Row {
  const begun = { ...common, duration: null, outcome: "", failed: false };
  const none = { bytesIn: 0, bytesOut: 0 };
  const running = { status: null, signal: null };
  switch (asked.type) {
    case "exec": {
      const { type, command, terminal } = asked;
      return { type, ...begun, command: command.slice(0, TEXT), terminal, ...running, ...none };
    }
    case "shell":
      return {
        type: "shell",
        ...begun,
        terminal: asked.terminal,
        ...running,
        ...none,
        watchers: [],
        frozen: 0,
      };
    case "file": {
      const { type, protocol, operation, path, other } = asked;
      const paths = { path: path.slice(0, TEXT), other: other?.slice(0, TEXT) ?? null };
      return { type, ...begun, protocol, operation, ...paths, read: null, written: null };
    }
    case "forward": {
      const { type, direction, host, port } = asked;
      return { type, ...begun, direction, host: host.slice(0, TEXT), port, ...none };
    }
  }
}

function transfer(moved: Transferred | null): Transferred | null {
  return moved && { bytes: moved.bytes, sha256: moved.sha256, whole: moved.whole };
}

function leaveOut(map: Map<number, unknown>, most: number): void {
  for (const oldest of map.keys()) {
    if (map.size <= most) return;
    map.delete(oldest);
  }
}
