import type { Approval, ApprovalId } from "../../protocol/approval/approval.ts";
import type { SlackUser } from "../../protocol/directory.ts";
import { SallyportError } from "../../protocol/errors.ts";
import type { Subject } from "../identity/identity.ts";
import { logLine } from "../log-line.ts";
import { closedMessage, ephemeral, type Look, type SlackMessage } from "./slack-message.ts";
import { claimedApproval, readClick, type SlackClick } from "./slack-payload.ts";
import { SIGNATURE_WINDOW_S, type SignatureState } from "./slack-signature.ts";

/** What an interaction asks of the edge. */
export interface InteractionHost {
  users(): Promise<SlackUser[]>;
  /**
   * Remembers the signature until this time, ms since 1970; false when it was known already. Atomic, and not forgotten
   * by a restart.
   */
  firstTime(signature: string, until: number): Promise<boolean>;
  /** Throws `SallyportError` where the answer does not count. */
  answer(id: ApprovalId, identity: Subject, answer: SlackClick["answer"]): Promise<Approval>;
  /** Records an answer that was refused before anybody's right was asked for; does nothing for an unknown approval. */
  reject(id: ApprovalId, by: string, reason: string): Promise<void>;
  keepResponseUrl(id: ApprovalId, url: string): Promise<void>;
  find(id: ApprovalId): Promise<Approval | null>;
  /** Posts to where the click came from. */
  respond(url: string, message: SlackMessage): Promise<void>;
  look(id: ApprovalId): Look;
}

/** A call of Slack's, or of who claims to be it. */
export interface InteractionCall {
  body: string;
  signature: string;
  state: SignatureState;
  /** The configured incoming webhook. */
  webhook: string | undefined;
}

/**
 * Checks a call and answers what is left to do, which may take longer than Slack waits; null where nothing is. Throws
 * `unauthenticated` for a call that Slack did not sign just now, `conflict` for one that came before,
 * `invalid_request` for one that can't be read. Each of them is recorded with the approval that it names.
 */
export async function interaction(
  call: InteractionCall,
  host: InteractionHost,
  now: number,
): Promise<(() => Promise<void>) | null> {
  const { body, signature, state, webhook } = call;
  if (state !== "genuine") {
    const reason = state === "stale" ? "a call of Slack's that is too old" : "a call that Slack did not sign";
    await rejected(host, claimedApproval(body), "somebody in Slack's name", reason);
    throw new SallyportError("unauthenticated", `this is ${reason}`);
  }
  // A replay is of the same bytes; after the window its time alone refuses it.
  const first = await host.firstTime(signature, now + 2 * SIGNATURE_WINDOW_S * 1_000);
  const click = readClick(body, webhook);
  if (click === null)
    throw new SallyportError("invalid_request", "this is no click on a button of Sallyport's");
  if (click === "foreign") return null;
  if (!first) {
    const reason = "a call of Slack's that came before";
    await rejected(host, click.id, `Slack's ${click.user}`, reason);
    throw new SallyportError("conflict", `this is ${reason}`);
  }
  return () => answerClick(click, host);
}

async function answerClick(click: SlackClick, host: InteractionHost): Promise<void> {
  const { id, user, responseUrl } = click;
  try {
    const known = (await host.users()).find((one) => one.id === user);
    if (known === undefined) {
      await rejected(host, id, `Slack's ${user}`, "nobody is configured for this user of Slack");
      const words = `You are not known here: an administrator must add your Slack id ${user} to approvals.slack.users. Your answer was not counted.`;
      return await host.respond(responseUrl, ephemeral(words));
    }
    // Only of an approval that is there: an object is made by being asked.
    if ((await host.find(id)) !== null) await host.keepResponseUrl(id, responseUrl);
    await host.answer(id, { principal: known.principal, groups: known.groups }, click.answer);
  } catch (error) {
    await host.respond(responseUrl, await refusal(id, host, error));
  }
}

/** What who clicked is shown: why not, or, where the question is over, how it ended, in its place. */
async function refusal(id: ApprovalId, host: InteractionHost, error: unknown): Promise<SlackMessage> {
  const { code, message, hint } = ours(error);
  const approval = code === "conflict" || code === "not_found" ? await host.find(id).catch(() => null) : null;
  if (approval !== null && approval.status !== "pending") {
    return { ...closedMessage(approval, host.look(id)), replace_original: true };
  }
  return ephemeral(`Your answer was not counted: ${message}${hint === undefined ? "" : `. ${hint}`}`);
}

/** An error of ours, which may have come through a Durable Object as a plain one; of any other not a word is told. */
function ours(error: unknown): Pick<SallyportError, "code" | "message" | "hint"> {
  if (error instanceof Error && error.name === "SallyportError") return error as SallyportError;
  logLine("error", "a click in Slack failed", { error });
  return new SallyportError("internal", "the edge failed on it", "Try again.");
}

/** That it can't be recorded must not make the refusal another. */
async function rejected(
  host: InteractionHost,
  id: ApprovalId | null,
  by: string,
  reason: string,
): Promise<void> {
  if (id === null) return;
  await host.reject(id, by, reason).catch((error: unknown) => {
    const kind = error instanceof Error ? error.name : "unknown";
    logLine("error", "a refused click could not be recorded", { approval: id, error: kind });
  });
}
