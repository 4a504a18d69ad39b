import type { ApprovalNews } from "../../protocol/approval/approval.ts";
import type { ConnectorEvent, ExchangeKind, SessionFacts } from "../../protocol/control.ts";
import { ERRORS, type SallyportError } from "../../protocol/errors.ts";
import { fittedEvent } from "../../protocol/http/fitted-event.ts";
import type { Fields } from "../../protocol/http/head.ts";
import { SessionUsage } from "../../protocol/policy/usage.ts";
import type { ConnectorStream, ExchangeStream, StreamHandlers } from "../../protocol/stream.ts";
import { admitted, revoked } from "../guard/admission.ts";
import { Approvals } from "../guard/approvals.ts";
import { Findings } from "../guard/findings.ts";
import type { Timers } from "../guard/timers.ts";
import { toldError } from "../guard/told-error.ts";
import { maskKey } from "../mask/mask-key.ts";
import { Exchange } from "./exchange.ts";
import type { ExchangeDeps, ExchangeTarget } from "./gate.ts";
import { ExchangeGuard } from "./guard.ts";
import { HeldExchanges } from "./held-exchanges.ts";
import { BodyBudget } from "./incoming-body.ts";
import { refusalOf } from "./refusal.ts";
import type { ExchangeRules } from "./rules.ts";
import { SessionMasks } from "./session-masks.ts";
import type { Upstream } from "./target/upstream.ts";

/** Bytes of bodies that are read before they are judged, for all exchanges of a session. */
const MOST_BODIES = 32 * 1024 * 1024;

/** By what the exchanges of a session that was let in are served. */
export interface Serving {
  rules: ExchangeRules;
  /** As whom the target is told that the agent acts. */
  identity: Fields | null;
  guard: ExchangeGuard;
  masks: SessionMasks;
  /** Whether the target takes bodies as they come. */
  streamsBodies: boolean;
}

/** One session of an HTTP or Kubernetes target: what its exchanges share. */
export class ExchangeSession implements StreamHandlers {
  readonly kind: ExchangeKind;
  readonly upstream: Upstream;
  readonly bodies = new BodyBudget(MOST_BODIES);
  readonly usage: SessionUsage;
  /** Resolves once the policies of the session's opening are here, and let it open. */
  readonly ready: Promise<Serving>;
  readonly #facts: SessionFacts;
  readonly #stream: ConnectorStream;
  readonly #deps: ExchangeDeps;
  readonly #target: ExchangeTarget;
  readonly #approvals: Approvals;
  readonly #held: HeldExchanges;
  readonly #findings: Findings;
  readonly #exchanges = new Set<Exchange>();
  readonly #stopListening: () => void;
  #masks: SessionMasks | null = null;
  #watchers = 0;
  #isOver = false;

  constructor(stream: ConnectorStream, target: ExchangeTarget, deps: ExchangeDeps) {
    this.#stream = stream;
    this.#deps = deps;
    this.#target = target;
    this.#facts = stream.facts;
    this.kind = target.config.kind;
    this.upstream = target.upstream;
    this.usage = new SessionUsage(deps.principals.of(this.#facts.principal));
    this.#approvals = new Approvals({
      ask: (ask) => stream.askEdge(ask),
      timers: deps.timers,
      now: deps.now,
    });
    this.#held = new HeldExchanges(this.#approvals, deps.timers);
    this.#findings = new Findings((event) => this.record(event), deps.timers);
    this.#stopListening = deps.policies.onChange(() => this.#policiesChanged());
    this.ready = this.#admit();
    this.ready.catch((error) => this.#close(error));
  }

  /** The agent has opened an exchange. */
  onExchange(stream: ExchangeStream): void {
    this.#exchanges.add(new Exchange(stream, this));
  }

  onApproval(news: ApprovalNews): void {
    this.#approvals.news(news);
  }

  onWatched(watchers: number): void {
    this.#watchers = watchers;
    if (watchers === 0) for (const exchange of [...this.#exchanges]) exchange.unwatched();
  }

  /** Stream 0 carries no bytes. */
  onData(): void {
    this.#stream.close("protocol_violation", "bytes that belong to no exchange");
  }

  onDrain(): void {}

  onEnd(): void {}

  onClose(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#stopListening();
    this.#held.end();
    this.#approvals.end();
    this.#findings.stop();
    for (const exchange of [...this.#exchanges]) exchange.onReset();
  }

  record(event: ConnectorEvent): void {
    if (!this.#isOver) this.#stream.event(fittedEvent(event));
  }

  get timers(): Timers {
    return this.#deps.timers;
  }

  /** How the agent's side speaks. */
  get mode(): SessionFacts["mode"] {
    return this.#facts.mode;
  }

  /** The target's name. */
  get name(): string {
    return this.#target.config.name;
  }

  /** Whether the connector has a credential for the target: one that is refused is no fault of the agent's. */
  get provesItself(): boolean {
    const { config } = this.#target;
    return config.kind === "kubernetes" || config.credential.type !== "none";
  }

  /** What the agent is told of a failure; the operator hears of those that are not the agent's. */
  told(error: unknown): SallyportError {
    const told = toldError(error, this.name, "the connector could not serve this exchange");
    if (ERRORS[told.code].status >= 500 || told !== error) {
      const words = error instanceof Error ? error.message : "unknown failure";
      this.#deps.log(words, { session: this.#facts.session, target: this.name });
    }
    return told;
  }

  closed(exchange: Exchange): void {
    this.#exchanges.delete(exchange);
  }

  async #admit(): Promise<Serving> {
    const { policies, now, timers } = this.#deps;
    const set = await admitted(policies, this.#facts, now());
    const { version, revision } = policies.current?.stamp ?? this.#facts.policy;
    this.record({ event: "policy", version, revision });
    const { rules, identity } = this.#target.as(this.#facts);
    const record = (event: ConnectorEvent) => this.record(event);
    const guard = new ExchangeGuard({
      facts: this.#facts,
      account: rules.account,
      policies,
      usage: this.usage,
      held: this.#held,
      record,
      isWatched: () => this.#watchers > 0,
      now,
    });
    const masks = new SessionMasks({
      facts: this.#facts,
      config: this.#target.config,
      set,
      key: await maskKey(this.#target.config),
      findings: this.#findings,
      timers,
      record,
    });
    this.#masks = masks;
    return { rules, identity, guard, masks, streamsBodies: this.upstream.streamsBodies };
  }

  #policiesChanged(): void {
    const { policies, now } = this.#deps;
    const error = revoked(policies, this.#facts, now());
    if (error !== null) {
      this.#close(error);
      return;
    }
    const { current } = policies;
    if (current !== null) {
      this.record({ event: "policy", ...current.stamp });
      this.#masks?.use(current.set);
    }
    for (const exchange of [...this.#exchanges]) exchange.policiesChanged();
  }

  #close(error: unknown): void {
    if (this.#isOver) return;
    const known = this.told(error);
    const { code, message } = known;
    this.record({ event: "refused", code, message });
    for (const exchange of [...this.#exchanges]) exchange.end(refusalOf(known));
    this.#stream.close(code, message);
  }
}
