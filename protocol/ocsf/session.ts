import { ActivityReader } from "../activity/activities.ts";
import type { Activity } from "../activity/activity.ts";
import type { EdgeEvent, SessionFacts } from "../control.ts";
import { type Entry, EntryKind } from "../entry.ts";
import { connectorEvent, edgeEvent } from "../recording/events.ts";
import { activityEvents, type SessionContext } from "./activity.ts";
import { type Common, event, type OcsfEvent, type Reporter, statusOf } from "./event.ts";
import { actorOf, sourceEndpoint, targetEndpoint, userOf, whoUnmapped } from "./who.ts";

/**
 * The events of one session, from its recording's entries in order. The same entries always give the same events after
 * the same entry, so that a reader who begins anew knows where it was.
 */
export class SessionEvents {
  readonly #activities = new ActivityReader();
  readonly #reporter: Reporter;
  readonly #hasTexts: boolean;
  #context: SessionContext | undefined;

  /** `hasTexts`: whether events say what was asked, word for word; else only of what kind it was, and what became of it. */
  constructor(reporter: Reporter, hasTexts = true) {
    this.#reporter = reporter;
    this.#hasTexts = hasTexts;
  }

  /** Events that are known with this entry. A recording that does not begin with its facts has none. */
  entry(entry: Entry): OcsfEvent[] {
    if (this.#context === undefined) {
      const opened = entry.kind === EntryKind.edge ? edgeEvent(entry.frame) : null;
      if (opened?.event !== "opened") return [];
      this.#context = contextOf(opened.facts, this.#reporter);
      return [logon(this.#context, opened.facts, entry.time), ...this.#told(this.#activities.entry(entry))];
    }
    this.#note(entry);
    const events = this.#told(this.#activities.entry(entry));
    const ended = entry.kind === EntryKind.edge ? edgeEvent(entry.frame) : null;
    return ended?.event === "ended" ? [...events, logoff(this.#context, ended, entry.time)] : events;
  }

  /** Events that the end of the recording makes known: of what was under way then. */
  end(): OcsfEvent[] {
    return this.#context === undefined ? [] : this.#told(this.#activities.end());
  }

  #told(activities: Activity[]): OcsfEvent[] {
    // The connector counts entries of its own: the same number means something else there.
    const lead = this.#reporter === "connector" ? "c" : "";
    return activities.flatMap((one) => {
      const told = this.#hasTexts ? one : withoutText(one);
      return activityEvents(told, this.#context!, `${lead}${one.seq}/${one.item}`);
    });
  }

  /** Keeps what later events tell: where the target is, and which policies are in force. */
  #note({ kind, frame }: Entry): void {
    if (kind !== EntryKind.connector) return;
    const told = connectorEvent(frame);
    const context = this.#context!;
    if (told?.event === "target_connected" || told?.event === "ssh_connected") {
      const { host, port } = told;
      const database = told.event === "target_connected" ? told.database : null;
      this.#context = { ...context, reached: { host, port }, database };
    } else if (told?.event === "policy") {
      const { version, revision } = told;
      this.#context = { ...context, policy: { version, revision } };
    }
  }
}

/** An activity but for what was asked, word for word. Of a request its method stays: by that its class tells activities apart. */
export function withoutText(activity: Activity): Activity {
  const [method = ""] = activity.kind === "request" ? (/^[A-Z]{1,16}(?= )/.exec(activity.text) ?? []) : [];
  return { ...activity, text: method, isCut: true };
}

function contextOf(facts: SessionFacts, reporter: Reporter): SessionContext {
  const { session, principal, onBehalfOf = null, groups, target, kind, connector, address } = facts;
  const policy = facts.policy.version === "" ? null : facts.policy;
  const from = { principal, onBehalfOf, groups, address };
  return { session, ...from, target, kind, connector, reached: null, database: null, policy, reporter };
}

/** Authentication 3002: the session was opened. */
function logon(context: SessionContext, facts: SessionFacts, time: number): OcsfEvent {
  const { principal, target, session } = context;
  const { mode, listed, policy, lease } = facts;
  const common: Common = {
    ...commonOf(context, time, "opened"),
    activity: 1,
    message: `${principal} opened a session on ${target}`,
    unmapped: {
      ...unmappedOf(context),
      mode,
      listed,
      policy_revision: policy.revision,
      ...(lease && { lease: lease.id }),
    },
  };
  return event("authentication", common, {
    ...statusOf("success"),
    ...partiesOf(context),
    session: { uid: session, created_time: facts.opened, expiration_time: facts.until, is_remote: true },
  });
}

/** Authentication 3002: the session is over. */
function logoff(
  context: SessionContext,
  ended: Extract<EdgeEvent, { event: "ended" }>,
  time: number,
): OcsfEvent {
  const { principal, target, session } = context;
  const { code, reason, by } = ended;
  const common: Common = {
    ...commonOf(context, time, "ended"),
    activity: 2,
    message: `${principal}'s session on ${target} is over: ${reason}`,
    unmapped: { ...unmappedOf(context), end_code: code, ...(by !== undefined && { ended_by: by }) },
  };
  return event("authentication", common, {
    ...statusOf("success", code, reason),
    ...partiesOf(context),
    session: { uid: session, expiration_reason: code, is_remote: true },
  });
}

function commonOf({ session, reporter }: SessionContext, time: number, what: string) {
  return {
    uid: `${session}/${what}`,
    session,
    time,
    severity: "informational",
    reporter,
    log: "recording",
    profiles: [],
  } as const;
}

function unmappedOf(context: SessionContext): Record<string, unknown> {
  return { ...whoUnmapped(context), target_kind: context.kind, connector: context.connector };
}

function partiesOf(context: SessionContext): Record<string, unknown> {
  return {
    user: userOf(context.onBehalfOf ?? context.principal),
    actor: actorOf(context),
    service: { name: context.target },
    src_endpoint: sourceEndpoint(context.address),
    dst_endpoint: targetEndpoint(context.target, context.reached),
    is_remote: true,
    logon_type_id: 3,
    logon_type: "Network",
  };
}
