import { apiText } from "../../../protocol/http/request-text.ts";
import { ExecStreams } from "../../../protocol/http/transcript/exec-streams.ts";
import type { HttpTranscriptEvent } from "../../../protocol/http/transcript/transcript.ts";
import type { TerminalEvent } from "../../../protocol/terminal-events.ts";
import { printable } from "../../terminal.ts";
import { approvalLines } from "../approval-lines.ts";
import { approvalWords } from "../approval-words.ts";
import { maskedWords } from "../masking-words.ts";
import { linesOf, MORE, recorded, type Styler, Timeline } from "../recorded-text.ts";
import { connectorWords, edgeWords, policiesWords } from "../session-words.ts";
import { StreamLines } from "../stream-lines.ts";
import { exitText } from "../terminal/words.ts";
import { Passed } from "./passed.ts";
import { closeText, exchangeFactsText, fieldLines, passedText } from "./words.ts";

type Of<Type extends HttpTranscriptEvent["type"]> = Extract<HttpTranscriptEvent, { type: Type }>;

export interface HttpNarratorOptions {
  /** Tell also fields, facts, what was typed in terminals, and bodies whole. */
  verbose?: boolean;
  /** Of exchanges, tell of this one alone. */
  exchange?: number;
}

/** Tells an HTTP or Kubernetes session as lines for people. All recorded text is made printable: it may hold anything. */
export class HttpNarrator {
  readonly #style: Styler;
  readonly #options: HttpNarratorOptions;
  readonly #timeline: Timeline;
  readonly #lines = new StreamLines();
  readonly #streams = new ExecStreams();
  /** Of exchanges that are not over; a transcript bounds how many these are. */
  readonly #passed = new Map<number, Passed>();
  readonly #terminals = new Set<number>();
  /** Of which exchange the last line tells; another's bytes say whose they are first. */
  #exchange: number | null = null;

  constructor(style: Styler, options: HttpNarratorOptions = {}) {
    this.#style = style;
    this.#options = options;
    this.#timeline = new Timeline(style);
  }

  tell(event: HttpTranscriptEvent): string[] {
    const exchange = "exchange" in event ? event.exchange : null;
    const only = this.#options.exchange;
    if (only !== undefined && exchange !== null && exchange !== only) return [];
    const own = this.#streams.take(event);
    if (own?.type === "terminal") this.#terminals.add(own.channel);
    if (event.type === "request") {
      this.#passed.set(event.exchange, new Passed(this.#options.verbose === true));
    }
    const passed = exchange === null ? undefined : this.#passed.get(exchange);
    const shown = passed ? this.#shown(event, own, passed) : [];
    const said = this.#words(event, own, passed);
    const over = event.type === "over";
    if (over) this.#forget(event.exchange);
    if (said.length === 0) return shown;
    const rest = exchange === null ? [] : this.#lines.end(exchange);
    this.#exchange = exchange;
    return [...shown, ...rest, ...this.#timeline.tell(event.time, said)];
  }

  /** What is left when the recording has ended. */
  end(): string[] {
    return this.#lines.endAll();
  }

  /** The lines of bytes that passed. */
  #shown(event: HttpTranscriptEvent, own: TerminalEvent | null, passed: Passed): string[] {
    passed.take(event);
    if (event.type === "bytes") {
      const text = passed.text(event.from, event.bytes);
      return text === null ? [] : this.#push(event, event.from === "agent" ? "input" : "output", text);
    }
    if (event.type !== "message") return [];
    if (this.#streams.has(event.exchange)) {
      if (own?.type !== "bytes") return [];
      const terminal = this.#terminals.has(event.exchange);
      // A terminal shows what is typed in it.
      if (terminal && own.stream === "input" && !this.#options.verbose) return [];
      return this.#push(event, own.stream, own.bytes, terminal);
    }
    const text = event.isText ? passed.text(event.from, event.bytes) : null;
    const told = text === null ? [] : this.#push(event, event.from === "agent" ? "input" : "output", text);
    return event.isText && !event.goesOn ? [...told, ...this.#lines.end(event.exchange)] : told;
  }

  #push(
    { exchange, time }: { exchange: number; time: number },
    stream: "input" | "output" | "error",
    bytes: Uint8Array,
    terminal = false,
  ): string[] {
    const lines = this.#lines.push(exchange, stream, bytes, terminal);
    if (lines.length === 0 || this.#exchange === exchange) return lines;
    this.#exchange = exchange;
    return [...this.#timeline.tell(time, [this.#number(exchange).trimEnd()]), ...lines];
  }

  #words(event: HttpTranscriptEvent, own: TerminalEvent | null, passed: Passed | undefined): string[] {
    const style = this.#style;
    switch (event.type) {
      case "edge":
        return [edgeWords(event.event)];
      case "connector":
        if (event.event.event === "cut") {
          return [printable(`a response was cut at ${event.event.value} ${event.event.limit}`)];
        }
        return [connectorWords(event.event, "requests")];
      case "request": {
        const { method, target, websocket, fields } = event.head;
        const what = `${method} ${target}${websocket ? " as a WebSocket" : ""}`;
        return [
          this.#number(event.exchange) + style("bold", printable(what)),
          ...this.#verbose(fieldLines(fields)),
        ];
      }
      case "sent":
        return this.#sent(event);
      case "response": {
        const { status, fields, subprotocol } = event.head;
        const protocol = typeof subprotocol === "string" ? ` ${subprotocol}` : "";
        const words = printable(`${status}${protocol}`);
        const told = status >= 400 ? style("red", words) : words;
        return [
          `${this.#number(event.exchange)}${told} · ${event.duration} ms`,
          ...this.#verbose(fieldLines(fields)),
        ];
      }
      case "message":
        return this.#message(event, own);
      case "end":
        return this.#end(event, passed);
      case "reset": {
        const whose = event.by === "agent" ? "the agent gave up" : "it was broken off";
        const words = `${whose} (${event.code}): ${event.reason} · ${event.duration} ms`;
        return [this.#number(event.exchange) + style("red", printable(words)), ...this.#passedLines(passed)];
      }
      case "over":
        return event.outcome === "unfinished"
          ? [
              this.#number(event.exchange) + style("red", "has no end in this recording"),
              ...this.#passedLines(passed),
            ]
          : [];
      case "late": {
        const words = `${event.length} bytes of the ${event.from} came after it was over, and went nowhere`;
        return this.#verbose([this.#number(event.exchange) + style("dim", words)]);
      }
      case "judged":
        return this.#judged(event);
      case "masked": {
        const words = maskedWords(Object.entries(event.fields));
        return words === null ? [] : [this.#number(event.exchange) + printable(`masked: ${words}`)];
      }
      case "failed":
        return [
          this.#number(event.exchange) +
            style("red", printable(`the target failed (${event.code}): ${event.message}`)),
        ];
      case "approval": {
        const { entry, waited, exchange } = event;
        return approvalLines(style, { entry, number: this.#number(exchange), waited });
      }
      case "undecodable": {
        const words = `${event.bytes} bytes can't be read: ${event.reason}`;
        return [this.#number(event.exchange) + style("red", printable(words)), `${MORE}${event.preview}…`];
      }
      default:
        return [];
    }
  }

  #sent({ exchange, request, facts, impersonated }: Of<"sent">): string[] {
    const as = impersonated === null ? "" : `, as ${impersonated}`;
    const what = request.kubernetes === null ? null : printable(`${apiText(request.kubernetes)}${as}`);
    const proved = this.#verbose(exchangeFactsText(facts));
    if (what === null && proved.length === 0) return [];
    return [this.#number(exchange) + this.#style("dim", what ?? "goes to the target"), ...proved];
  }

  #judged({ exchange, decision, facts, unreadable, afterApproval }: Of<"judged">): string[] {
    const held = decision.verdict === "approve" && !afterApproval;
    const [first = "", ...more] = linesOf(decision.reason);
    const head = held ? "HELD" : afterApproval ? "NOT SENT" : "BLOCKED";
    const what = unreadable === null ? "" : printable(` the response of type ${unreadable || "unknown"}`);
    const rule = held && decision.verdict === "approve" ? recorded(approvalWords(decision, "requests")) : [];
    return [
      `${this.#number(exchange)}${this.#style(held ? "yellow" : "red", head)}${what}: ${first}${policiesWords(decision.policies)}`,
      ...more.map((line) => MORE + line),
      ...rule,
      ...this.#verbose(exchangeFactsText(facts)),
    ];
  }

  #message({ exchange }: Of<"message">, own: TerminalEvent | null): string[] {
    if (own?.type === "exit") {
      const words = own.words === undefined ? exitText(own) : `${exitText(own)}: ${own.words}`;
      return [this.#number(exchange) + this.#style(own.status === 0 ? "dim" : "red", printable(words))];
    }
    if (own?.type !== "resized") return [];
    const words = `the terminal is ${own.columns}x${own.rows} now`;
    return [this.#number(exchange) + this.#style("dim", words)];
  }

  #end({ exchange, from, trailers, close, duration }: Of<"end">, passed: Passed | undefined): string[] {
    const told = [
      ...(trailers === null ? [] : fieldLines(trailers)),
      ...(close === null ? [] : [MORE + printable(closeText(from, close))]),
    ];
    const bytes = passedText(from, passed);
    if (from === "agent") {
      if (told.length === 0 && bytes === null) return [];
      return [this.#number(exchange) + this.#style("dim", printable(bytes ?? "the request ends")), ...told];
    }
    const words = `ended · ${bytes ?? "no body"} · ${duration} ms`;
    return [this.#number(exchange) + this.#style("dim", printable(words)), ...told];
  }

  /** What passed of an exchange that has no proper end. */
  #passedLines(passed: Passed | undefined): string[] {
    const words = passedText("target", passed);
    return words === null ? [] : [MORE + printable(words)];
  }

  #forget(exchange: number): void {
    this.#passed.delete(exchange);
    this.#terminals.delete(exchange);
    this.#lines.forget(exchange);
  }

  #verbose(lines: string[]): string[] {
    return this.#options.verbose ? lines : [];
  }

  #number(exchange: number | null): string {
    return exchange === null ? "" : `${this.#style("dim", `#${exchange}`)} `;
  }
}
