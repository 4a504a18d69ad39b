import { SallyportError } from "../../../protocol/errors.ts";
import { FRONTEND } from "../../../protocol/postgres/message-types.ts";
import type { MessageReader } from "../../../protocol/postgres/reader.ts";
import { POLICY_MS } from "../../guard/admission.ts";
import type { Request } from "../conversation.ts";
import type { SessionMasks } from "../mask/masking.ts";
import { AgentMessages } from "./agent-messages.ts";
import { type Findings, Holding, type HoldingOptions, settled } from "./holding.ts";
import { Judging } from "./judging.ts";
import { type OwnQueries, OwnQueryFailed, Skipping } from "./own-queries.ts";
import type { ParsedTexts } from "./parsed-texts.ts";
import type { Refusal } from "./refusal.ts";
import { SessionMasking } from "./session-masking.ts";
import { SessionNames } from "./session-names.ts";
import { functionCallText, planOf } from "./target-questions.ts";
import { type Missing, refusalOf, refuse, requestOf, type Verdict } from "./verdict.ts";

export interface GuardOptions extends HoldingOptions {
  texts: ParsedTexts;
  own: OwnQueries;
  /** What the session may not see; null where it may see all. */
  masks: SessionMasks | null;
}

/** How often one message may ask for more before it is given up: names, catalog, views in views, plan, people. */
const MAX_NEEDS = 64;

/**
 * Judges every message of one session's agent before the target sees it. Each attempt is synchronous and pure but
 * for caches; what it lacks it names, and it is tried again when that is there.
 */
export class SessionGuard {
  readonly #options: GuardOptions;
  readonly #names: SessionNames;
  readonly #holding: Holding;
  readonly #masking: SessionMasking | null;
  readonly #messages: AgentMessages;

  constructor(options: GuardOptions) {
    this.#options = options;
    const { texts, talk, catalog, masks } = options;
    const judging = new Judging(options);
    this.#masking = masks === null ? null : new SessionMasking(masks, judging, options);
    this.#names = new SessionNames(texts, catalog, talk, this.#masking);
    this.#holding = new Holding(options, judging, this.#names);
    this.#messages = new AgentMessages({
      texts,
      talk,
      catalog,
      judging,
      names: this.#names,
      holding: this.#holding,
      masking: this.#masking,
    });
  }

  /** The agent cancels the message that is being judged: what is held is withdrawn. */
  cancel(): void {
    this.#holding.cancel();
  }

  /** The agent has closed its end: what it left behind runs only where nobody need be asked. */
  leave(): void {
    this.#holding.leave();
  }

  /** Judges a message that asks the target for something. The message must stay as it is until the promise is kept. */
  judge(message: MessageReader): Verdict | Promise<Verdict> {
    const verdict = this.#judged(message);
    if (message.type !== FRONTEND.Query.type) return verdict;
    return verdict instanceof Promise ? verdict.then((one) => this.#queried(one)) : this.#queried(verdict);
  }

  /** A simple query destroys the unnamed statement, whatever becomes of it (documentation, "Extended Query"). */
  #queried(verdict: Verdict): Verdict {
    if (verdict.act === "pass" || verdict.act === "refuse") this.#names.prepared.forgetting("")();
    return verdict;
  }

  #judged(message: MessageReader): Verdict | Promise<Verdict> {
    const findings: Findings = { asked: 0 };
    this.#holding.begin();
    const request = requestOf(message.type);
    try {
      const verdict = this.#messages.attempt(message, findings);
      return "act" in verdict ? verdict : this.#later(message, findings, verdict, request);
    } catch (error) {
      return refuse(request, refusalOf(error));
    }
  }

  async #later(
    message: MessageReader,
    findings: Findings,
    first: Missing,
    request: Request,
  ): Promise<Verdict> {
    let missing = first;
    try {
      for (let count = 0; count < MAX_NEEDS; count += 1) {
        const refusal = await this.#find(missing, findings);
        if (refusal !== undefined && missing.need === "approval") return missing.refused(refusal);
        const verdict = this.#messages.attempt(message, findings);
        if ("act" in verdict) return settled(verdict, findings);
        missing = verdict;
      }
      throw new SallyportError("limit_exceeded", "the statement's names lead on to more than is looked up");
    } catch (error) {
      findings.hold?.withdraw("it can't run any more");
      if (error instanceof Skipping) return { act: "drop" };
      const refusal = refusalOf(error);
      if (!(error instanceof OwnQueryFailed && this.#options.talk.skipping)) return refuse(request, refusal);
      if (request !== "query" && request !== "call") return { act: "answer", refusal };
      await this.#endBatch();
      return refuse(request, refusal);
    }
  }

  /**
   * The target skips to a Sync as our question failed, which the message itself would not have had it do: one that is no
   * message of the extended protocol has a ReadyForQuery of its own, and what follows it runs.
   */
  async #endBatch(): Promise<void> {
    const ended = this.#names.endsBatch();
    await this.#options.own.endBatch();
    ended();
  }

  /** Answers the refusal of a message that people did not approve. */
  async #find(missing: Missing, findings: Findings): Promise<Refusal | undefined> {
    switch (missing.need) {
      case "policy":
        await this.#options.policies.atLeast(this.#options.facts.policy.revision, POLICY_MS);
        break;
      case "answers":
        await this.#options.own.quiet();
        if (this.#options.talk.skipping) throw new Skipping();
        break;
      case "approval":
        return await this.#holding.ask(missing.asked, findings);
      case "plan":
        findings.plan = await planOf(this.#options.own, missing.text);
        break;
      case "proof":
        await this.#prove(missing.sql);
        break;
      case "function":
        findings.call = await functionCallText(this.#options.own, missing.oid);
        break;
      default:
        await this.#options.catalog.find(missing);
    }
    return undefined;
  }

  /** The target takes the rewritten text, or what it says of it is told as it is: nothing has run yet. */
  async #prove(sql: string): Promise<void> {
    await this.#options.own.prepare(sql);
    this.#masking?.proven(sql);
  }
}
