import { SallyportError } from "../../../protocol/errors.ts";
import type { Detectors } from "../../mask/detectors/modes.ts";
import type { Scanner } from "../../mask/detectors/scanner.ts";
import { type BodyMask, type Findings, LabelCounts } from "./body-mask.ts";
import { JsonMask, type JsonRules, Malformed } from "./json-mask.ts";

/** How deep documents in strings of Kubernetes objects are looked through. */
export const NESTED = 4;

/** A body of JSON, one document or several. */
export class JsonBody implements BodyMask {
  readonly #mask: JsonMask;
  readonly #scanner: Scanner | null;
  readonly #counts = new LabelCounts();
  readonly #asText: (() => BodyMask) | null;
  #text: BodyMask | null = null;
  #isBroken = false;

  /** `asText`: what masks what is no JSON; null where labels are in force, which nothing else can apply. */
  constructor(rules: JsonRules, scanner: Scanner | null, nested: number, asText: (() => BodyMask) | null) {
    this.#scanner = scanner;
    this.#asText = asText;
    this.#mask = new JsonMask({ rules, scanner, count: this.#counts.count, nested });
  }

  write(chunk: Buffer): Buffer[] {
    if (this.#text !== null) return this.#text.write(chunk);
    return this.#try((out) => this.#mask.write(chunk, out));
  }

  end(): Buffer[] {
    if (this.#text !== null) return this.#text.end();
    const out = this.#try((chunks) => this.#mask.end(chunks));
    return this.#text === null ? out : [...out, ...(this.#text as BodyMask).end()];
  }

  stop(): void {
    this.#text?.stop();
  }

  use(detectors: Detectors): void {
    this.#scanner?.use(detectors);
    this.#text?.use(detectors);
  }

  take(): Findings {
    const own = { labels: this.#counts.take(), found: this.#scanner?.take() ?? null };
    return own.found === null && this.#text !== null ? { ...own, found: this.#text.take().found } : own;
  }

  #try(step: (out: Buffer[]) => void): Buffer[] {
    const out: Buffer[] = [];
    if (this.#isBroken) throw broken("it was broken off");
    try {
      step(out);
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
      if (this.#asText === null) {
        this.#isBroken = true;
        throw broken(error.why);
      }
      const rest = Buffer.from(this.#mask.unsent);
      this.#text = this.#asText();
      out.push(...this.#text.write(rest));
    }
    return out;
  }
}

export function broken(why: string): SallyportError {
  return new SallyportError(
    "protocol_violation",
    `the target's JSON can't be looked through: ${why}`,
    "Values with labels may stand in it, so it is broken off here. Have the target answer plain JSON in UTF-8.",
  );
}
