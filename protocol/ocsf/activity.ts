import type { Activity } from "../activity/activity.ts";
import type { PolicyStamp, TargetKind } from "../control.ts";
import { type Common, event, type OcsfEvent, type Profile, type Reporter, statusOf } from "./event.ts";
import { datastoreActivity, fileOf, httpExchange, kubernetesApi, type Mapped, sshActivity } from "./kinds.ts";
import { bounded, boundedCounts, boundedList } from "./text.ts";
import { actorOf, agentContext, sourceEndpoint, targetEndpoint, type Who, whoUnmapped } from "./who.ts";

/** What is known of a session beside what is asked in it. */
export interface SessionContext extends Who {
  session: string;
  target: string;
  kind: TargetKind;
  connector: string;
  /** The agent's, as the edge saw it. */
  address: string;
  /** Where the connector reached the target; null until it has, and for targets of which that is not recorded. */
  reached: { host: string; port: number } | null;
  database: string | null;
  policy: PolicyStamp | null;
  reporter: Reporter;
}

/**
 * The events of an activity: what was asked, and for one that was blocked also the finding. `id` is unique among the
 * session's activities and always the same for this one; the events' are made of it.
 */
export function activityEvents(activity: Activity, context: SessionContext, id: string): OcsfEvent[] {
  const asked = activityEvent(activity, context, `${context.session}/${id}`);
  return activity.verdict === "block" ? [asked, findingOf(activity, context, asked)] : [asked];
}

function activityEvent(activity: Activity, context: SessionContext, uid: string): OcsfEvent {
  const mapped = mappedOf(activity, context);
  const isApplication = mapped.className === "api_activity" || mapped.className === "datastore_activity";
  const isAgent = isApplication && context.onBehalfOf !== null;
  const profiles: Profile[] = ["security_control"];
  if (!isApplication) profiles.push("host");
  if (isAgent) profiles.push("ai_operation");
  const common: Common = {
    ...commonOf(activity, context),
    uid,
    ...mapped.activity,
    severity: activity.verdict === "block" ? "medium" : "informational",
    message: `${context.principal} ${PAST[activity.verdict]} on ${context.target}: ${activity.text}`,
    profiles,
  };
  return event(mapped.className, common, {
    ...statusOf(OUTCOMES[activity.outcome], activity.status, activity.reason),
    ...(activity.durationMs !== null && { duration: wholeMs(activity.durationMs) }),
    ...partiesOf(context),
    ...(isAgent && agentContext(context, context.session)),
    ...controlOf(activity, context),
    ...mapped.attributes,
  });
}

const PAST = { allow: "asked", approve: "asked, as approved,", block: "was blocked" } as const;
const OUTCOMES = { ok: "success", error: "failure", refused: "failure", unknown: "unknown" } as const;

function mappedOf(activity: Activity, context: SessionContext): Mapped {
  switch (context.kind) {
    case "postgres":
      return datastoreActivity(activity, context);
    case "ssh":
      return sshActivity(activity);
    case "http":
      return httpExchange(activity, context);
    case "kubernetes":
      return kubernetesApi(activity, context);
  }
}

/** Detection Finding: what was blocked, by which policies and why, with the evidence. */
function findingOf(activity: Activity, context: SessionContext, asked: OcsfEvent): OcsfEvent {
  const { target, principal } = context;
  const what = activity.actions[0] ?? activity.kind;
  const title = `Blocked on ${target}: ${what} by ${principal}`;
  const [policy] = activity.policies;
  const analytic = bounded(policy ?? "no policy permits it", 256);
  const common: Common = {
    ...commonOf(activity, context),
    uid: `${asked.metadata.uid}/finding`,
    activity: 1,
    severity: "medium",
    message: `${title}: ${activity.reason ?? "no reason was given"}`,
    profiles: ["security_control", "host"],
  };
  return event("detection_finding", common, {
    status_id: 1,
    status: "New",
    ...(activity.reason !== null && { status_detail: bounded(activity.reason, 1_024) }),
    is_alert: true,
    confidence_id: 3,
    confidence: "High",
    finding_info: {
      uid: common.uid,
      title: bounded(title, 512),
      ...(activity.reason !== null && { desc: bounded(activity.reason, 1_024) }),
      types: ["Blocked by policy"],
      created_time: activity.time,
      data_sources: ["Sallyport recording"],
      analytic: {
        name: analytic,
        uid: analytic,
        type_id: 1,
        type: "Rule",
        ...(context.policy !== null && { version: context.policy.version }),
      },
      related_events: [{ uid: asked.metadata.uid, type_uid: asked.type_uid }],
      related_events_count: 1,
    },
    actor: actorOf(context),
    evidences: [
      {
        name: activity.kind,
        data: { text: bounded(activity.text), actions: boundedList(activity.actions) },
        actor: actorOf(context),
        src_endpoint: sourceEndpoint(context.address),
        dst_endpoint: targetEndpoint(target, context.reached),
        ...(activity.kind === "file" && { file: fileOf(activity.text) }),
      },
    ],
    resources: [
      {
        name: bounded(target, 256),
        uid: bounded(target, 256),
        type: context.kind,
        role_id: 1,
        role: "Target",
      },
    ],
    ...controlOf(activity, context),
  });
}

function commonOf(
  activity: Activity,
  context: SessionContext,
): Omit<Common, "uid" | "activity" | "severity" | "message" | "profiles"> {
  return {
    session: context.session,
    time: activity.time,
    reporter: context.reporter,
    log: "recording",
    isTruncated: activity.isCut,
    unmapped: {
      ...whoUnmapped(context),
      kind: activity.kind,
      text: bounded(activity.text),
      target: bounded(context.target, 256),
      target_kind: context.kind,
      connector: bounded(context.connector, 256),
      seq: activity.seq,
      item: activity.item,
      verdict: activity.verdict,
      outcome: activity.outcome,
      actions: boundedList(activity.actions),
      policies: boundedList(activity.policies),
      ...(context.policy !== null && { policy_revision: context.policy.revision }),
      ...(activity.approval !== null && { approval: `${context.session}-${activity.approval}` }),
      ...(Object.keys(activity.masked).length > 0 && { masked: boundedCounts(activity.masked) }),
    },
  };
}

/** Who, from where, to where. */
function partiesOf(context: SessionContext): Record<string, unknown> {
  return {
    actor: actorOf(context),
    src_endpoint: sourceEndpoint(context.address),
    dst_endpoint: targetEndpoint(context.target, context.reached),
  };
}

/** The profile `security_control`: what was decided, by which policies. */
function controlOf(activity: Activity, { policy }: SessionContext): Record<string, unknown> {
  const { verdict, policies, masked } = activity;
  const isMasked = verdict !== "block" && Object.values(masked).some((count) => count > 0);
  const [actionId, action] =
    verdict === "block" ? [2, "Denied"] : isMasked ? [4, "Modified"] : [1, "Allowed"];
  const [dispositionId, disposition] = DISPOSITIONS[verdict];
  const named = boundedList(policies).map((id) => ({
    name: id,
    uid: id,
    ...(policy !== null && { version: policy.version }),
  }));
  return {
    action_id: actionId,
    action,
    disposition_id: dispositionId,
    disposition,
    is_alert: verdict === "block",
    ...(named[0] && { policy: { ...named[0], is_applied: true } }),
    ...(named.length > 0 && { authorizations: named.map((one) => ({ decision: verdict, policy: one })) }),
  };
}

const DISPOSITIONS = { allow: [1, "Allowed"], approve: [8, "Approved"], block: [2, "Blocked"] } as const;

function wholeMs(ms: number): number {
  return Math.max(0, Math.round(ms));
}
