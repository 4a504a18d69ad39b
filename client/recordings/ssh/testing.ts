import type { RequestQuestion } from "../../../protocol/approval/approval.ts";
import { Composer, HELD } from "../../../protocol/recording/testing.ts";
import type { RecordedEntry } from "../../../protocol/recording.ts";
import { generateKey } from "../../../protocol/signatures.ts";
import { RecordKind } from "../../../protocol/ssh/record.ts";
import type { SshRequest } from "../../../protocol/ssh/request.ts";
import { SshTranscript, type SshTranscriptEvent } from "../../../protocol/ssh/transcript/transcript.ts";

export const SESSION = "5f0c9d3e8a7b46f1a2d4c6e8f0a1b2c3";
const KEYS = [await generateKey(), await generateKey()] as const;

export function questionOf(request: SshRequest): RequestQuestion {
  const { policies, reason, approvals, expiresMs, lastsMs, scope } = HELD;
  return {
    kind: "request",
    ...{ policies, reason, approvals, expiresMs, lastsMs, scope },
    account: "deploy",
    actions: ["ssh:exec"],
    request,
    sha256: "ab".repeat(32),
    fingerprint: "cd".repeat(32),
  };
}

/** Composes recorded SSH sessions for tests. */
export class SshScene {
  readonly composer = new Composer(SESSION, ...KEYS).kind("ssh");
  #channels = 0;

  constructor() {
    this.composer.facts.target = "web1";
    this.composer.opened().joined();
  }

  wait(ms: number): this {
    this.composer.wait(ms);
    return this;
  }

  /** Opens a session channel; with a terminal of this size, if one is given. */
  opened(terminal?: [columns: number, rows: number]): this {
    const channel = ++this.#channels;
    this.composer.connector({ event: "channel_opened", channel, type: "session" });
    if (terminal) {
      const [columns, rows] = terminal;
      this.composer.connector({ event: "terminal", channel, term: "xterm-256color", columns, rows });
    }
    return this;
  }

  asked(request: SshRequest, channel = this.#channels): this {
    this.composer.connector({ event: "requested", channel, request });
    return this;
  }

  exec(command: string, terminal = false): this {
    return this.asked({ type: "exec", command, terminal });
  }

  shell(): this {
    return this.asked({ type: "shell", terminal: true });
  }

  output(bytes: string | Uint8Array, channel = this.#channels): this {
    this.composer.record(RecordKind.output, channel, bytes);
    return this;
  }

  error(bytes: string | Uint8Array, channel = this.#channels): this {
    this.composer.record(RecordKind.error, channel, bytes);
    return this;
  }

  input(bytes: string | Uint8Array, channel = this.#channels): this {
    this.composer.record(RecordKind.input, channel, bytes);
    return this;
  }

  withheld(characters: number, channel = this.#channels): this {
    this.composer.record(RecordKind.withheld, channel, characters);
    return this;
  }

  /** The status of a command, or the name of the signal that killed it; the channel closes, too. */
  exited(how: number | string, channel = this.#channels): this {
    const [status, signal] = typeof how === "number" ? [how, null] : [null, how];
    this.composer.connector({ event: "exited", channel, status, signal });
    this.composer.connector({ event: "channel_closed", channel });
    return this;
  }

  get entries(): RecordedEntry[] {
    return this.composer.entries;
  }

  get events(): SshTranscriptEvent[] {
    const transcript = new SshTranscript();
    return this.entries.flatMap((entry) => transcript.push(entry));
  }
}
