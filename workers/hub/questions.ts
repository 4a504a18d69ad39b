import { SallyportError } from "../../protocol/errors.ts";
import { ANSWER_OF, type Answer, type NoAnswer, type Question } from "../../protocol/hub-messages.ts";

/** Questions that stand at once; each holds a request of the API. */
const MAX_QUESTIONS = 64;

/**
 * What replicas were asked, until they answer or the time is over. `Replica` stands for who was asked: an answer of
 * anybody else, one of another kind, and one to a question that there is not or no longer, is passed over.
 */
export class Questions<Replica> {
  readonly #open = new Map<
    string,
    { asked: Replica; expected: Answer["type"]; settle(answer: Answer["answer"]): void }
  >();

  /** Waits for the answer to a question that `send` puts, `timeoutMs` at most. Never rejects. */
  ask(
    { id, type }: Pick<Question, "id" | "type">,
    asked: Replica,
    timeoutMs: number,
    send: () => void,
  ): Promise<Answer["answer"]> {
    if (this.#open.size >= MAX_QUESTIONS) {
      const full = new SallyportError("too_many", "the connector is asked too much at once", "Try again.");
      return Promise.resolve({ error: told(full) });
    }
    return new Promise((resolve) => {
      // It lives no longer than the request that waits here, which keeps the object awake anyway.
      const timer = setTimeout(() => settle(LATE), timeoutMs);
      const settle = (answer: Answer["answer"]) => {
        clearTimeout(timer);
        this.#open.delete(id);
        resolve(answer);
      };
      this.#open.set(id, { asked, expected: ANSWER_OF[type], settle });
      try {
        send();
      } catch {
        settle(GONE);
      }
    });
  }

  answered(by: Replica, { id, type, answer }: Answer): void {
    const question = this.#open.get(id);
    if (question?.asked === by && question.expected === type) question.settle(answer);
  }

  /** A replica is gone: what it was asked has no answer. */
  gone(replica: Replica): void {
    for (const { asked, settle } of [...this.#open.values()]) if (asked === replica) settle(GONE);
  }
}

const LATE: NoAnswer = {
  error: {
    code: "connector_lost",
    message: "the connector did not answer in time",
    hint: "Try again; its target may be slow, or away.",
  },
};
const GONE: NoAnswer = {
  error: {
    code: "connector_lost",
    message: "the connector went away before it answered",
    hint: "Try again.",
  },
};

function told({ code, message, hint }: SallyportError): {
  code: SallyportError["code"];
  message: string;
  hint?: string;
} {
  return { code, message, ...(hint !== undefined && { hint }) };
}
