import type { LineFacts } from "../../../protocol/shell/facts.ts";
import type { Transferred } from "../../../protocol/ssh/events.ts";
import { requestText } from "../../../protocol/ssh/request.ts";
import type { RequestId, SshTranscriptEvent } from "../../../protocol/ssh/transcript/transcript.ts";
import { printable } from "../../terminal.ts";
import { approvalLines } from "../approval-lines.ts";
import { approvalWords } from "../approval-words.ts";
import { INDENT, linesOf, MORE, recorded, type Styler, Timeline } from "../recorded-text.ts";
import { lineFactsText } from "../request-words.ts";
import { connectorWords, edgeWords, policiesWords } from "../session-words.ts";
import { StreamLines } from "../stream-lines.ts";
import { exitText, withheldText } from "../terminal/words.ts";

type Of<Type extends SshTranscriptEvent["type"]> = Extract<SshTranscriptEvent, { type: Type }>;

/** Channels of which is remembered that they have a terminal; a session has a few. */
const MAX_TERMINALS = 1_000;

export interface NarratorOptions {
  /** Tell also environments, channels, what was typed in terminals, and what the parser proved of refused lines. */
  verbose?: boolean;
  /** Of channels, tell of this one alone. */
  channel?: number;
}

/** Tells an SSH session as lines for people. All recorded text is made printable: it may hold anything. */
export class SshNarrator {
  readonly #style: Styler;
  readonly #options: NarratorOptions;
  readonly #timeline: Timeline;
  readonly #streams = new StreamLines();
  readonly #terminals = new Set<number>();
  /** Of which channel the last line tells; another's output says whose it is first. */
  #channel: number | null = null;

  constructor(style: Styler, options: NarratorOptions = {}) {
    this.#style = style;
    this.#options = options;
    this.#timeline = new Timeline(style);
  }

  tell(event: SshTranscriptEvent): string[] {
    const channel = "channel" in event ? event.channel : null;
    const only = this.#options.channel;
    if (only !== undefined && channel !== null && channel !== only) return [];
    if (event.type === "terminal") this.#remember(event.channel);
    if (event.type === "bytes") return this.#bytes(event);
    const said = this.#words(event);
    if (said.length === 0) return [];
    const rest = channel === null ? [] : this.#streams.end(channel);
    if (event.type === "closed") this.#streams.forget(event.channel);
    this.#channel = channel;
    return [...rest, ...this.#timeline.tell(event.time, said)];
  }

  /** What is left when the recording has ended. */
  end(): string[] {
    return this.#streams.endAll();
  }

  #bytes({ channel, request, stream, bytes, time }: Of<"bytes">): string[] {
    const terminal = this.#terminals.has(channel);
    // A terminal shows what is typed in it.
    if (terminal && stream === "input" && !this.#options.verbose) return [];
    const lines = this.#streams.push(channel, stream, bytes, terminal);
    if (lines.length === 0 || this.#channel === channel) return lines;
    this.#channel = channel;
    const whose = request === null ? `channel ${channel}:` : this.#number(request).trimEnd();
    return [...this.#timeline.tell(time, [whose]), ...lines];
  }

  #words(event: Exclude<SshTranscriptEvent, { type: "bytes" }>): string[] {
    const style = this.#style;
    switch (event.type) {
      case "edge":
        return [edgeWords(event.event)];
      case "connector":
        return [introduction(event.event) ?? connectorWords(event.event, "requests")];
      case "channel":
        return this.#verbose(`channel ${event.channel}: ${event.kind}`);
      case "environment": {
        const value = event.value === null ? " was not passed on" : `=${event.value}`;
        return this.#verbose(`channel ${event.channel}: ${event.name}${value}`);
      }
      case "subsystem":
        return this.#verbose(`channel ${event.channel}: subsystem ${event.name}`);
      case "terminal": {
        const { channel, term, columns, rows } = event;
        return [style("dim", printable(`channel ${channel}: terminal ${term}, ${columns}x${rows}`))];
      }
      case "resized":
        return [style("dim", `channel ${event.channel}: the terminal is ${event.columns}x${event.rows} now`)];
      case "request": {
        const [first = "", ...more] = linesOf(requestText(event.asked));
        return [
          `${this.#number(event.request)}${style("bold", first)}`,
          ...more.map((line) => MORE + style("bold", line)),
        ];
      }
      case "judged":
        return this.#judged(event);
      case "approval": {
        const { entry, waited } = event;
        return approvalLines(style, { entry, number: this.#number(event.request), waited });
      }
      case "withheld":
        return [style("dim", withheldText(event.characters))];
      case "signal":
        return [printable(`channel ${event.channel}: the agent sent SIG${event.signal}`)];
      case "exit": {
        const words = printable(exitText(event)) + durationWords(event.duration);
        const failed = event.status !== 0;
        return [`${this.#number(event.request)}${failed ? style("red", words) : words}`];
      }
      case "closed":
        return this.#verbose(`channel ${event.channel} closed${durationWords(event.duration)}`);
      case "file_failed":
        return [
          this.#number(event.request) + style("red", printable(`${event.path} failed: ${event.reason}`)),
        ];
      case "file_closed":
        return this.#fileClosed(event);
      case "frozen":
        return [style("yellow", `channel ${event.channel} stands still: nobody watches`)];
      case "thawed":
        return [style("yellow", `channel ${event.channel} goes on: somebody watches`)];
      case "undecodable": {
        const words = `${event.bytes} bytes can't be read: ${event.reason}`;
        return [style("red", printable(words)), `${MORE}${event.preview}…`];
      }
    }
  }

  #judged({ request, asked, decision, facts, afterApproval }: Of<"judged">): string[] {
    const held = decision.verdict === "approve" && !afterApproval;
    const [first = "", ...more] = linesOf(decision.reason);
    const head = held ? "HELD" : afterApproval ? "NOT RUN" : "BLOCKED";
    const rule = held && decision.verdict === "approve" ? recorded(approvalWords(decision, "requests")) : [];
    return [
      `${this.#number(request)}${this.#style(held ? "yellow" : "red", head)}: ${first}${policiesWords(decision.policies)}`,
      ...more.map((line) => MORE + line),
      ...(request === null ? recorded(requestText(asked)) : []),
      ...rule,
      ...this.#facts(facts),
    ];
  }

  #facts(facts: LineFacts | null): string[] {
    return facts && this.#options.verbose ? recorded(lineFactsText(facts)) : [];
  }

  #fileClosed({ request, path, read, written, duration }: Of<"file_closed">): string[] {
    const moved = [read && transferText("read", read), written && transferText("written", written)];
    const [first = "nothing read or written", ...more] = moved.filter((words) => words !== null);
    const whose = request === null ? `${printable(path)}: ` : this.#number(request);
    return [`${whose}${first}${durationWords(duration)}`, ...more.map((words) => INDENT + words)];
  }

  #verbose(words: string): string[] {
    return this.#options.verbose ? [this.#style("dim", printable(words))] : [];
  }

  #number(request: RequestId): string {
    return request === null ? "" : `${this.#style("dim", `#${request}`)} `;
  }

  #remember(channel: number): void {
    this.#terminals.add(channel);
    for (const oldest of this.#terminals) {
      if (this.#terminals.size <= MAX_TERMINALS) break;
      this.#terminals.delete(oldest);
    }
  }
}

function introduction(event: Of<"connector">["event"]): string | null {
  if (event.event === "ssh_client") return printable(`the agent's client is ${event.software}`);
  if (event.event !== "ssh_connected") return null;
  const { host, port, user, hostKey, software } = event;
  return printable(`connected to ${host}:${port} as ${user} (${hostKey}, ${software})`);
}

function transferText(what: "read" | "written", { bytes, sha256, whole }: Transferred): string {
  const hash = sha256 === null ? "" : `, SHA-256 ${sha256}`;
  return `${bytes} ${bytes === 1 ? "byte" : "bytes"} ${what}${whole ? "" : " in parts"}${hash}`;
}

function durationWords(duration: number | null): string {
  return duration === null ? "" : ` · ${duration} ms`;
}
