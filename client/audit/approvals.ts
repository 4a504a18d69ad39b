import type {
  ApprovalAsk,
  ApprovalEvent,
  ApprovalVote,
  HeldQuestion,
} from "../../protocol/approval/approval.ts";
import { requestDigest } from "../../protocol/approval/digest.ts";
import { counted, isAsker } from "../../protocol/approval/votes.ts";
import type { SessionFacts } from "../../protocol/control.ts";
import type { Audited } from "./controls.ts";

/** Questions of a session; its edge takes no more. */
const MAX_QUESTIONS = 1_000;
/** Votes for one question that are looked at. */
const MAX_VOTES = 1_000;

/** One question, as far as the recording has told. */
interface Question {
  asked: HeldQuestion;
  expires: number | null;
  votes: ApprovalVote[];
  approved: { until: number | null; under: number | null; time: number } | null;
  /** Its end, once that is told: when, and how. */
  ended: { status: string; time: number } | null;
  uses: number;
}

/** Tests the approvals of one session: each that was used must have been given, by people who may, in time, for this. */
export class ApprovalAudit {
  readonly #facts: SessionFacts;
  readonly #audited: Audited;
  readonly #questions = new Map<number, Question>();

  constructor(facts: SessionFacts, audited: Audited) {
    this.#facts = facts;
    this.#audited = audited;
  }

  /** Takes an entry about an approval, in order; `time` is the entry's, ms since 1970. */
  take(event: ApprovalAsk | ApprovalEvent, seq: number, time: number): void {
    if (event.event === "approval_asked") {
      this.#ask(event.approval, event.question, seq);
      return;
    }
    const question = this.#questions.get(event.approval);
    switch (event.event) {
      case "approval_opened":
        if (question) question.expires = event.expires;
        break;
      case "approval_answered":
        if (!question || question.votes.length >= MAX_VOTES) break;
        if (event.answer === "approve") question.votes.push(event.vote);
        break;
      case "approval_decided":
        if (!question) break;
        if (event.status === "approved") question.approved = { until: event.until, under: event.under, time };
        else question.ended = { status: event.status, time };
        break;
      case "approval_used":
        this.#audited.tested("approvals", this.#facts.session);
        if (question) this.#used(question, event.approval, seq, time);
        else this.#deviates(seq, `approval ${event.approval} was used, and had never been asked for`);
    }
  }

  #ask(number: number, asked: HeldQuestion, seq: number): void {
    if (this.#questions.size >= MAX_QUESTIONS) {
      this.#audited.found({
        control: "approvals",
        kind: "untested",
        session: this.#facts.session,
        entry: seq,
        sentence: `the recording has more than the ${MAX_QUESTIONS} questions that a session may have`,
      });
      return;
    }
    if (this.#questions.has(number)) this.#deviates(seq, `approval ${number} was asked for twice`);
    this.#questions.set(number, {
      asked,
      expires: null,
      votes: [],
      approved: null,
      ended: null,
      uses: 0,
    });
    if (asked.kind === "request" && requestDigest(asked.account, asked.request) !== asked.sha256) {
      this.#deviates(seq, `what people were asked as approval ${number} is not what its digest is of`);
    }
  }

  #used(question: Question, number: number, seq: number, time: number): void {
    const fault = this.#fault(question, time);
    question.uses++;
    if (fault !== null) this.#deviates(seq, `approval ${number} was used, but ${fault}`);
  }

  #fault(question: Question, time: number): string | null {
    const { approved, ended } = question;
    if (approved === null) return "was never given";
    // One entry may cross with a revocation: the connector had not heard of it yet.
    if (ended !== null && ended.status !== "lapsed") return `it was ${ended.status} before`;
    if (question.uses > 0) return "had been used already";
    if (approved.under !== null) return this.#coverFault(question, approved.under, time);
    return this.#votesFault(question) ?? timeFault(question, time);
  }

  /** Of what nobody was asked, as an earlier approval covers it. */
  #coverFault(question: Question, under: number, time: number): string | null {
    const cover = this.#questions.get(under);
    if (!cover?.approved || cover.approved.under !== null)
      return `approval ${under}, which should cover it, was never given`;
    const { scope, fingerprint } = cover.asked;
    if (scope === "once") return `approval ${under}, which should cover it, was for once`;
    if (scope === "fingerprint" && (fingerprint === "" || fingerprint !== question.asked.fingerprint))
      return `approval ${under}, which should cover it, was for something of another shape`;
    if (cover.ended !== null && question.approved!.time > cover.ended.time)
      return `approval ${under}, which should cover it, was ${cover.ended.status} before`;
    return this.#votesFault(cover) ?? timeFault(cover, time);
  }

  #votesFault({ asked: { approvals }, votes, expires }: Question): string | null {
    const { principal, onBehalfOf, target } = this.#facts;
    const asker = { principal, target, ...(onBehalfOf !== undefined && { onBehalfOf }) };
    const own = votes.find((vote) => isAsker(asker, vote));
    if (own !== undefined) return `${own.by} approved what it had asked for itself`;
    if (expires === null) return "the question never stood";
    if (votes.some(({ at }) => at > expires)) return "it was given after the question had expired";
    const people = counted(approvals, votes);
    const lacking = approvals.findIndex(({ quorum }, rule) => people[rule]!.length < Math.max(1, quorum));
    if (approvals.length === 0) return "no rule says who may give it";
    if (lacking < 0) return null;
    const { quorum, approvers } = approvals[lacking]!;
    return `${people[lacking]!.length} of ${quorum} people of ${approvers.join(" or ")} had agreed`;
  }

  #deviates(entry: number, sentence: string): void {
    const { session } = this.#facts;
    this.#audited.found({ control: "approvals", kind: "deviation", session, entry, sentence });
  }
}

/** What lasts must not have run out. */
function timeFault({ approved, asked, ended }: Question, time: number): string | null {
  const { until } = approved!;
  if (asked.scope === "once" && until !== null) return "it is for once, and yet lasts";
  if (until !== null && time > until && ended === null) return "its time had run out";
  return null;
}
