import type { Readable } from "node:stream";
import type { ConnectorEvent, SessionFacts } from "../../protocol/control.ts";
import { SallyportError } from "../../protocol/errors.ts";
import type { Fields } from "../../protocol/http/head.ts";
import type { HttpRequest } from "../../protocol/http/request.ts";
import { isSchemaDocument } from "../../protocol/kubernetes/schema-document.ts";
import type { PolicySet } from "../../protocol/policy/policy-set.ts";
import { detectorsFor } from "../guard/detectors.ts";
import type { Findings } from "../guard/findings.ts";
import { policyTarget, subjectOf } from "../guard/subject.ts";
import type { Timers } from "../guard/timers.ts";
import { writeRefusal } from "../kubernetes/mask/write-back.ts";
import type { KubernetesTargetConfig } from "../kubernetes/target/config.ts";
import { DETECTOR_NAMES } from "../mask/detectors/modes.ts";
import { Scanner } from "../mask/detectors/scanner.ts";
import { maskedLabels } from "../mask/masked-labels.ts";
import type { BodyMask } from "./mask/body-mask.ts";
import { codingsOf, decoded } from "./mask/coding.ts";
import { maskedFields, wholeFields } from "./mask/masked-fields.ts";
import { carriesPlaceholder } from "./mask/placeholders.ts";
import { type Asked, type DocumentSight, ResponseMasks, sessionKeys } from "./mask/response-mask.ts";
import { MaskedTally } from "./masked-tally.ts";
import { messageMask } from "./message-masks.ts";
import { type Passage, UNCHANGED } from "./response-relay.ts";
import type { HttpTargetConfig } from "./target/config.ts";
import type { MessageMask } from "./websocket-relay.ts";

export interface SessionMasksOptions {
  facts: SessionFacts;
  config: HttpTargetConfig | KubernetesTargetConfig;
  set: PolicySet;
  /** Of the target's `maskKey`. */
  key: string | null;
  findings: Findings;
  timers: Timers;
  record(event: ConnectorEvent): void;
}

/** How one response goes to the agent. */
export interface ResponsePassage {
  fields: Fields;
  /** As `through` takes it. */
  body: Readable;
  /** `late` gets what goes on after the call that brought it. */
  through(late: (chunks: Buffer[]) => void): Passage;
  /** The trailers of it, as the agent gets them. */
  trailers(fields: Fields): Fields;
  /** The content type of what can't be looked into, and why; null where it can, or nothing is looked for. */
  unreadable: { type: string; why: string } | null;
}

/** A message is masked whole: nothing of it comes later. */
const NO_LATE = () => {};

/** What one session may see of its target, and how the rest is masked. */
export class SessionMasks {
  readonly #options: SessionMasksOptions;
  #sight!: DocumentSight;
  #masks!: ResponseMasks;
  /** Of responses that are under way. */
  readonly #open = new Set<BodyMask>();
  /** Of the fields of responses; null where no detector is on. */
  #scanner: Scanner | null = null;

  constructor(options: SessionMasksOptions) {
    this.#options = options;
    this.use(options.set);
  }

  /** What begins from now on is masked as these policies have it; of what is under way, what detectors find. */
  use(set: PolicySet): void {
    const { facts, config, timers, key } = this.#options;
    const detectors = detectorsFor(set, facts, config.detectors, "");
    const { labels } = config;
    const masked = maskedLabels(set, subjectOf(facts), policyTarget(facts), labels, "");
    this.#sight = { labels, masked, keys: this.#sight?.keys ?? sessionKeys(key), detectors };
    this.#masks = new ResponseMasks(config.kind, this.#sight, timers);
    const isOff = DETECTOR_NAMES.every((name) => detectors[name] === "off");
    this.#scanner = isOff ? null : new Scanner(detectors);
    for (const mask of this.#open) mask.use(detectors);
  }

  /** Whether the session sees placeholders of labels that it could send back. */
  get hasPlaceholders(): boolean {
    return this.#sight.masked.length > 0;
  }

  /** The fields of a request, so that what comes back can be looked into. */
  requestFields(fields: Fields): Fields {
    return this.hasPlaceholders ? wholeFields(fields) : fields;
  }

  /**
   * Throws `forbidden` for a request that would store what stands in the place of masked values, or by whose effect they
   * could be told.
   */
  checkRequest({ kubernetes, target, contentType }: HttpRequest, body: Uint8Array | null): void {
    if (kubernetes !== null) {
      const refusal = writeRefusal(this.#sight, { info: kubernetes, target, contentType, body });
      if (refusal !== null) throw new SallyportError("forbidden", refusal.message, refusal.hint);
      return;
    }
    const { masked, detectors } = this.#sight;
    const found = body === null ? null : carriesPlaceholder(body, contentType, masked, detectors);
    if (found === null) return;
    throw new SallyportError(
      "forbidden",
      `the request would store what stands in the place of a masked value (${found})`,
      "Leave the masked value out of what you send, or have a right to see it.",
    );
  }

  /** How a final response goes on. `path`: decoded, without the query. */
  response(
    exchange: number,
    request: HttpRequest,
    path: string,
    { status, fields, body }: { status: number; fields: Fields; body: Readable },
  ): ResponsePassage {
    const asked = { method: request.method, path, kubernetes: request.kubernetes };
    const masking = this.#masks.of(asked, status, fields);
    const through = () => UNCHANGED;
    const as = (isChanged: boolean) => ({
      fields: this.#told(fields, isChanged),
      trailers: (trailers: Fields) => this.#told(trailers, isChanged),
    });
    const isSchema = status === 200 && request.kubernetes !== null && isSchemaDocument(request.kubernetes);
    if (masking.how === "untouched" || isSchema)
      return { ...as(this.#isMaskedElse(asked, status, fields)), body, through, unreadable: null };
    const codings = codingsOf(
      fields.flatMap(([name, value]) => (name === "content-encoding" ? [value] : [])),
    );
    if (masking.how === "unreadable" || codings === null) {
      const unreadable =
        masking.how === "unreadable"
          ? { type: masking.contentType, why: masking.why }
          : { type: "", why: "its content coding is not known" };
      return { ...as(false), body, through, unreadable };
    }
    return {
      ...as(true),
      body: decoded(body, codings),
      through: (late) => this.#passage(exchange, masking.open(late)),
      unreadable: null,
    };
  }

  /** The fields of a response without a body: an interim one, or that which opens a WebSocket. */
  responseFields(fields: Fields): Fields {
    return this.#told(fields, !this.#masks.isOff);
  }

  /** Whether a response has no body where GET's would be masked: of its bytes nothing is told either. */
  #isMaskedElse(asked: Asked, status: number, fields: Fields): boolean {
    if (asked.method !== "HEAD" && status !== 304) return false;
    const others = fields.filter(([name]) => name !== "content-length");
    return this.#masks.of({ ...asked, method: "GET" }, 200, others).how === "masked";
  }

  /** How the messages of a WebSocket go to the agent. `mayPass`: whether such as can't be looked into may. */
  messages(
    exchange: number,
    request: HttpRequest,
    path: string,
    subprotocol: string | null,
    mayPass: () => boolean,
  ): MessageMask {
    const asked = { method: request.method, path, kubernetes: request.kubernetes };
    return messageMask({
      request,
      subprotocol,
      detectors: this.#sight.detectors,
      timers: this.#options.timers,
      found: (counts) => this.#options.findings.add(counts),
      open: (type) => {
        const masking = this.#masks.of(asked, 200, [["content-type", type]]);
        return masking.how === "masked" ? this.#passage(exchange, masking.open(NO_LATE)) : masking.how;
      },
      isOff: this.#masks.isOff,
      mayPass,
    });
  }

  #told(fields: Fields, isChanged: boolean): Fields {
    const told = maskedFields(fields, isChanged, this.#scanner);
    this.#options.findings.add(this.#scanner?.take() ?? null);
    return told;
  }

  #passage(exchange: number, mask: BodyMask): Passage {
    const { record, timers, findings } = this.#options;
    const tally = new MaskedTally(exchange, record, timers);
    this.#open.add(mask);
    const tell = () => {
      const { labels, found } = mask.take();
      tally.add(labels);
      findings.add(found);
    };
    const after = (chunks: Buffer[]) => {
      tell();
      return chunks;
    };
    return {
      write: (chunk) => after(mask.write(chunk)),
      end: () => after(mask.end()),
      stop: () => {
        this.#open.delete(mask);
        mask.stop();
        tell();
        tally.stop();
      },
    };
  }
}
