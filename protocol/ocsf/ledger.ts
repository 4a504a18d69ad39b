import type {
  ApprovalNoted,
  DirectoryChanged,
  EdgeKeyUsed,
  IndexedEntry,
  LedgerEntry,
  PolicyApplied,
  SessionDeleted,
  SessionSealed,
  SessionStarted,
  SessionVoid,
} from "../ledger/entry.ts";
import { type Common, event, type OcsfEvent, type Profile, statusOf } from "./event.ts";
import { bounded } from "./text.ts";
import { actorOf, sourceEndpoint, targetEndpoint, userOf, whoUnmapped } from "./who.ts";

/** The edge itself, where nobody else did it. */
const EDGE = { app_name: "Sallyport", app_uid: "sallyport/edge" } as const;
const EDGE_ENDPOINT = { name: "edge" } as const;

/** The events of an entry of the ledger, one at least. Nothing of its nonce is in them. */
export function ledgerEvents({ index, entry }: IndexedEntry): OcsfEvent[] {
  switch (entry.type) {
    case "session_started":
      return [started(entry, index)];
    case "session_sealed":
      return sealed(entry, index);
    case "session_void":
      return [refused(entry, index)];
    case "session_deleted":
      return [deleted(entry, index)];
    case "approval":
      return [approval(entry, index)];
    case "policy":
      return [policy(entry, index)];
    case "change":
      return [change(entry, index)];
    case "edge_key":
      return [edgeKey(entry, index)];
  }
}

function started(entry: SessionStarted, index: number): OcsfEvent {
  const { session, target, kind, connector, until } = entry;
  const common: Common = {
    ...commonOf(entry, index, session, { ...whoUnmapped(entry), connector, target_kind: kind, until }),
    activity: 1,
    message: `${entry.principal} asks for a session on ${target}`,
  };
  return event("api_activity", common, {
    ...statusOf("success"),
    ...apiOf("session.register", common.uid),
    actor: actorOf(entry),
    src_endpoint: sourceEndpoint(entry.address),
    dst_endpoint: targetEndpoint(target, null),
    resources: [resource(session, "session")],
  });
}

function sealed(entry: SessionSealed, index: number): OcsfEvent[] {
  const { session, target, principal, agreement, endCode, edgeSeal, connectorSeal, edgeHeads } = entry;
  const isWrong = agreement === "differs";
  const common: Common = {
    ...commonOf(entry, index, session, {
      ...whoUnmapped(entry),
      target: bounded(target, 256),
      end_code: endCode,
      agreement,
      edge_seal: edgeSeal,
      connector_seal: connectorSeal,
      edge_heads: edgeHeads,
      parts: entry.parts,
      bytes: entry.bytes,
      archive: entry.archive,
    }),
    activity: 1,
    severity: isWrong ? "critical" : agreement === "absent" ? "low" : "informational",
    message: `The recording of ${principal}'s session on ${target} is sealed; edge and connector: ${agreement}`,
  };
  const told = event("api_activity", common, {
    ...statusOf(isWrong ? "failure" : "success", null, `edge and connector: ${agreement}`),
    ...apiOf("session.seal", common.uid),
    actor: EDGE,
    src_endpoint: EDGE_ENDPOINT,
    dst_endpoint: targetEndpoint(target, null),
    resources: [resource(session, "recording")],
  });
  return isWrong ? [told, differing(entry, common, told)] : [told];
}

/** Edge and connector do not say the same of a recording: one of them lies, or was made to. */
function differing({ target }: SessionSealed, of: Common, told: OcsfEvent): OcsfEvent {
  const uid = `${of.uid}/finding`;
  const profiles: Profile[] = ["host"];
  const common: Common = { ...of, uid, activity: 1, profiles };
  const name = "double entry";
  return event("detection_finding", common, {
    status_id: 1,
    status: "New",
    is_alert: true,
    finding_info: {
      uid,
      title: bounded(`Edge and connector differ over a recording on ${target}`, 512),
      desc: "The frames that the connector signed are not those that the edge recorded.",
      types: ["Recording differs"],
      created_time: of.time,
      analytic: { name, uid: name, type_id: 1, type: "Rule" },
      related_events: [{ uid: of.uid, type_uid: told.type_uid }],
      related_events_count: 1,
    },
    actor: EDGE,
    evidences: [{ data: of.unmapped, dst_endpoint: targetEndpoint(target, null) }],
  });
}

/** Authentication 3002: a session that was refused before it opened. */
function refused(entry: SessionVoid, index: number): OcsfEvent {
  const { session, target, principal, endCode, reason } = entry;
  const common: Common = {
    ...commonOf(entry, index, session, { principal: bounded(principal, 256), end_code: endCode }),
    activity: 1,
    severity: "low",
    message: `${principal} was refused a session on ${target}: ${reason}`,
  };
  return event("authentication", common, {
    ...statusOf("failure", endCode, reason),
    user: userOf(principal),
    session: { uid: session, is_remote: true },
    service: { name: bounded(target, 256) },
    dst_endpoint: targetEndpoint(target, null),
    is_remote: true,
    logon_type_id: 3,
    logon_type: "Network",
  });
}

function deleted(entry: SessionDeleted, index: number): OcsfEvent {
  const { session, target, principal, reason, by, archive, head } = entry;
  const common: Common = {
    ...commonOf(entry, index, session, { principal: bounded(principal, 256), target, archive, head }),
    activity: 4,
    severity: by === null ? "informational" : "medium",
    message: `The recording of ${principal}'s session on ${target} was removed: ${reason}`,
  };
  return event("api_activity", common, {
    ...statusOf("success", null, reason),
    ...apiOf("recording.delete", common.uid),
    actor: by === null ? EDGE : { user: userOf(by) },
    src_endpoint: EDGE_ENDPOINT,
    resources: [resource(session, "recording")],
  });
}

/** Authorize Session 3003: what became of an approval, or of a lease. */
function approval(entry: ApprovalNoted, index: number): OcsfEvent {
  const { approval: id, approvalKind, session, principal, target, status, by, reason, until } = entry;
  const [activity, outcome] = APPROVALS[status];
  const common: Common = {
    ...commonOf(entry, index, session, {
      ...whoUnmapped(entry),
      approval: id,
      approval_kind: approvalKind,
      status,
      ...(by !== null && { by: bounded(by, 256) }),
    }),
    activity,
    ...(activity === 99 && { activityName: `Approval ${status}` }),
    severity: status === "denied" ? "low" : "informational",
    message: `Approval ${id} for ${principal} on ${target}: ${status}${by === null ? "" : ` by ${by}`}`,
    profiles: ["security_control"],
  };
  return event("authorize_session", common, {
    ...statusOf(outcome, status, reason),
    user: userOf(entry.onBehalfOf ?? principal),
    actor: by === null ? EDGE : { user: userOf(by) },
    privileges: [approvalKind === "connect" ? `connect ${target}` : `${approvalKind} on ${target}`].map(
      (one) => bounded(one, 512),
    ),
    session: {
      ...(session !== null && { uid: session }),
      ...(until !== null && { expiration_time: until }),
      is_remote: true,
    },
    dst_endpoint: targetEndpoint(target, null),
    ...(status === "approved" && {
      action_id: 1,
      action: "Allowed",
      disposition_id: 8,
      disposition: "Approved",
    }),
    ...(status === "denied" && {
      action_id: 2,
      action: "Denied",
      disposition_id: 25,
      disposition: "Rejected",
    }),
  });
}

const APPROVALS: Readonly<
  Record<ApprovalNoted["status"], readonly [activity: number, outcome: "success" | "failure" | "unknown"]>
> = {
  pending: [99, "unknown"],
  approved: [1, "success"],
  used: [99, "success"],
  lapsed: [99, "success"],
  denied: [1, "failure"],
  expired: [1, "failure"],
  withdrawn: [99, "success"],
};

function policy(entry: PolicyApplied, index: number): OcsfEvent {
  const { revision, version, principal } = entry;
  const common: Common = {
    ...commonOf(entry, index, null, { revision, version }),
    activity: 3,
    severity: "low",
    message: `${principal} put policies in force: revision ${revision}, ${version.slice(0, 12)}`,
  };
  return administrative(common, "policies.apply", principal, [
    { ...resource(String(revision), "policy set"), version },
  ]);
}

function change(entry: DirectoryChanged, index: number): OcsfEvent {
  const { change: number, principal, action, subject, before, after } = entry;
  const common: Common = {
    ...commonOf(entry, index, null, {
      change: number,
      action,
      subject: bounded(subject, 1_024),
      before,
      after,
    }),
    activity: changeActivity(action),
    severity: "low",
    message: `${principal}: ${action} ${subject}`,
  };
  return administrative(common, action, principal, [resource(subject, "directory")]);
}

/** What a change's action does, by its first word. */
function changeActivity(action: string): number {
  if (/(?:^|[._\s])(?:create|add|enrol|new|made?)/.test(action)) return 1;
  return /(?:^|[._\s])(?:delete|remove|revoke)/.test(action) ? 4 : 3;
}

function edgeKey(entry: EdgeKeyUsed, index: number): OcsfEvent {
  const { thumbprint, x } = entry;
  const common: Common = {
    ...commonOf(entry, index, null, { thumbprint, x }),
    activity: 1,
    severity: "medium",
    message: `The edge signs with the key ${thumbprint} from now on`,
  };
  return event("api_activity", common, {
    ...statusOf("success"),
    ...apiOf("edge_key.use", common.uid),
    actor: EDGE,
    src_endpoint: EDGE_ENDPOINT,
    resources: [resource(thumbprint, "signing key")],
  });
}

function administrative(
  common: Common,
  operation: string,
  principal: string,
  resources: Record<string, unknown>[],
): OcsfEvent {
  return event("api_activity", common, {
    ...statusOf("success"),
    ...apiOf(operation, common.uid),
    actor: { user: userOf(principal) },
    src_endpoint: { name: "unknown" },
    resources,
  });
}

function commonOf(
  { key, time }: LedgerEntry,
  index: number,
  session: string | null,
  unmapped: Record<string, unknown>,
): Omit<Common, "activity" | "message"> {
  return {
    uid: `ledger/${bounded(key, 256)}`,
    session,
    time,
    severity: "informational",
    reporter: "edge",
    log: "ledger",
    profiles: [],
    unmapped: { ...unmapped, ledger_index: index },
  };
}

function apiOf(operation: string, uid: string): Record<string, unknown> {
  return {
    api: { operation: bounded(operation, 256), request: { uid }, service: { name: "sallyport" } },
  };
}

function resource(name: string, type: string): Record<string, unknown> {
  const text = bounded(name, 1_024);
  return { name: text, uid: text, type, role_id: 1, role: "Target" };
}
