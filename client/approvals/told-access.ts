import { constants } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import type { Approval } from "../../protocol/approval/approval.ts";
import { SallyportError } from "../../protocol/errors.ts";
import type { EdgeApi } from "../edge-api.ts";
import { note, printable, timeText } from "../terminal.ts";
import { durationText } from "../units.ts";
import { type Access, AccessRequest, type Wanted } from "./access.ts";
import { missingText, needsText } from "./words.ts";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * The right to open a target, which people may have to approve first: says on standard error whom it waits for, and
 * for how long yet. Null where nobody need be asked. An interrupt withdraws the request and ends the process. Throws as
 * `AccessRequest.granted` does.
 */
export async function obtainAccess(api: EdgeApi, wanted: Wanted): Promise<Access | null> {
  const { target } = wanted;
  const request = new AccessRequest(api, wanted);
  const status = new StatusLine();
  const interrupts = heedInterrupts(request, status);
  try {
    const access = await request.granted({
      standing(approval, leftMs) {
        status.set(missingText(approval), performance.now() + leftMs, standingLines(approval, leftMs));
      },
      away: (why) =>
        status.say(
          why === null ? "The edge is back." : `${printable(why)} The request stands; still waiting.`,
        ),
      now: () => performance.now(),
      wallClock: () => Date.now(),
      pause: (ms) => sleep(ms),
    });
    status.end();
    if (access) tellAccess(access, target);
    return access;
  } catch (error) {
    // The request ended because it was withdrawn here: that is told, and ends the process.
    if (interrupts.heard) await new Promise(() => {});
    throw error;
  } finally {
    status.end();
    interrupts.stop();
  }
}

/** The commands that open targets. */
export type OpeningCommand = "connect" | "run" | "ssh";

/** The error of a target that can't be opened without asking people. `command` is what was typed. */
export function reasonMissing(target: string, command: OpeningCommand, why: string | null): SallyportError {
  const words = why === null ? "" : `: ${why}`;
  return new SallyportError(
    "approval_required",
    `Opening ${target} needs an approval${words}`,
    `Say what it is for, and it is asked: sallyport ${command} ${target} --reason '…'${command === "run" ? " -- COMMAND" : ""}`,
  );
}

/** Says on standard error that a target is open, for how long, and by whose word. */
export function tellAccess({ id, by, until, leftMs }: Access, target: string): void {
  const words = `${target} is open to you for ${durationText(leftMs)}, until ${timeText(until)}`;
  note(printable(`${words}: approved by ${by.join(", ")} (${id}).`));
}

function standingLines({ id, target, votes, question }: Approval, leftMs: number): string[] {
  const left = `within ${durationText(leftMs)}`;
  if (votes.length === 0) {
    return [
      `Access to ${target} needs ${needsText(question.approvals)}: ${question.reason}`,
      `Asked as ${id}, to be answered ${left}; Ctrl-C withdraws it.`,
    ];
  }
  const voters = [...new Set(votes.map(({ by }) => by))].join(", ");
  return [`${voters} agreed; still needed: ${missingText({ question, votes })}, ${left}.`];
}

/** Says what is waited for: on a terminal as a line that counts down, else once for each change. */
class StatusLine {
  #timer: NodeJS.Timeout | undefined;
  #shown = false;

  /** `end`: when it expires, by `performance.now()`. */
  set(waitsFor: string, end: number, lines: string[]): void {
    for (const line of lines) this.say(printable(line));
    if (!process.stderr.isTTY) return;
    clearInterval(this.#timer);
    const show = () => {
      const left = durationText(Math.max(0, end - performance.now()));
      this.#clear();
      const room = (process.stderr.columns ?? 80) - 1;
      process.stderr.write(printable(`waiting for ${waitsFor}, ${left} left …`).slice(0, room));
      this.#shown = true;
    };
    show();
    this.#timer = setInterval(show, 1_000);
  }

  say(words: string): void {
    this.#clear();
    note(words);
  }

  end(): void {
    clearInterval(this.#timer);
    this.#clear();
  }

  #clear(): void {
    if (this.#shown) process.stderr.write("\r\x1b[K");
    this.#shown = false;
  }
}

/** An interrupt withdraws the request and ends the process, a second one at once. */
function heedInterrupts(
  request: AccessRequest,
  status: StatusLine,
): { readonly heard: boolean; stop(): void } {
  let heard = false;
  const handlers = SIGNALS.map((signal) => {
    const handler = async () => {
      if (heard) process.exit(128 + constants.signals[signal]);
      heard = true;
      status.end();
      const withdrawn = await request.withdraw();
      note(
        withdrawn ? "The request is withdrawn." : "The request could not be withdrawn; it expires by itself.",
      );
      process.exit(128 + constants.signals[signal]);
    };
    process.on(signal, handler);
    return () => process.off(signal, handler);
  });
  return {
    get heard() {
      return heard;
    },
    stop() {
      for (const remove of handlers) remove();
    },
  };
}
