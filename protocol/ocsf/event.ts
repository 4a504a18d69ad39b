import { bounded, boundedValue } from "./text.ts";

/** The version of the schema to which events are written: the first one with the profile `ai_operation`. */
export const OCSF_VERSION = "1.8.0";

/** Which part of Sallyport tells of an event. */
export type Reporter = "edge" | "connector";

/** An event: JSON of one class of OCSF 1.8.0. Every number is a safe integer, times are ms since 1970. */
export interface OcsfEvent {
  readonly class_uid: number;
  readonly activity_id: number;
  readonly type_uid: number;
  readonly time: number;
  readonly metadata: { readonly uid: string } & Readonly<Record<string, unknown>>;
  readonly [attribute: string]: unknown;
}

/** The classes that are written, with their activities by id. */
export const CLASSES = {
  detection_finding: {
    uid: 2004,
    name: "Detection Finding",
    category: "Findings",
    activities: { 1: "Create" },
  },
  authentication: {
    uid: 3002,
    name: "Authentication",
    category: "Identity & Access Management",
    activities: { 1: "Logon", 2: "Logoff" },
  },
  authorize_session: {
    uid: 3003,
    name: "Authorize Session",
    category: "Identity & Access Management",
    activities: { 1: "Assign Privileges", 99: "Other" },
  },
  http_activity: {
    uid: 4002,
    name: "HTTP Activity",
    category: "Network Activity",
    activities: {
      2: "Delete",
      3: "Get",
      4: "Head",
      5: "Options",
      6: "Post",
      7: "Put",
      9: "Patch",
      99: "Other",
    },
  },
  ssh_activity: {
    uid: 4007,
    name: "SSH Activity",
    category: "Network Activity",
    activities: { 5: "Refuse", 99: "Other" },
  },
  api_activity: {
    uid: 6003,
    name: "API Activity",
    category: "Application Activity",
    activities: { 0: "Unknown", 1: "Create", 2: "Read", 3: "Update", 4: "Delete", 99: "Other" },
  },
  datastore_activity: {
    uid: 6005,
    name: "Datastore Activity",
    category: "Application Activity",
    activities: {
      0: "Unknown",
      2: "Update",
      4: "Query",
      5: "Write",
      6: "Create",
      7: "Delete",
      99: "Other",
    },
  },
} as const;

export type ClassName = keyof typeof CLASSES;

export const SEVERITIES = { informational: 1, low: 2, medium: 3, high: 4, critical: 5 } as const;
const SEVERITY_NAMES = ["Unknown", "Informational", "Low", "Medium", "High", "Critical"] as const;

export type Severity = keyof typeof SEVERITIES;

export type Profile = "security_control" | "host" | "ai_operation";

/** What every event has. */
export interface Common {
  /** Unique and always the same for the same fact, whoever sends it how often: what is told twice is known by it. */
  uid: string;
  /** The session; null for what belongs to none. */
  session: string | null;
  /** When it happened, ms since 1970. */
  time: number;
  activity: number;
  /** Of activity 99: what it was. */
  activityName?: string;
  severity: Severity;
  message: string;
  reporter: Reporter;
  /** Where it was read from: a session's recording, the ledger, or what the edge counts of refused sign-ins. */
  log: "recording" | "ledger" | "sign-ins";
  profiles: readonly Profile[];
  isTruncated?: boolean;
  /** What OCSF has no attribute for. */
  unmapped: Readonly<Record<string, unknown>>;
}

/** Composes an event of a class: `attributes` are those that the class has of its own. */
export function event(className: ClassName, common: Common, attributes: Record<string, unknown>): OcsfEvent {
  const { uid: classUid, name, category, activities } = CLASSES[className];
  const known = (activities as Record<number, string>)[common.activity] ?? "Other";
  const severity = SEVERITIES[common.severity];
  return boundedValue({
    activity_id: common.activity,
    activity_name: common.activityName === undefined ? known : bounded(common.activityName, 64),
    category_name: category,
    category_uid: Math.floor(classUid / 1_000),
    class_name: name,
    class_uid: classUid,
    type_name: `${name}: ${known}`,
    type_uid: classUid * 100 + common.activity,
    time: common.time,
    severity: SEVERITY_NAMES[severity]!,
    severity_id: severity,
    message: bounded(common.message),
    metadata: {
      uid: common.uid,
      version: OCSF_VERSION,
      product: { name: "Sallyport", vendor_name: "Sallyport", feature: { name: common.reporter } },
      profiles: [...common.profiles].sort(),
      log_name: common.log,
      ...(common.session !== null && { correlation_uid: common.session }),
      ...(common.isTruncated && { is_truncated: true }),
    },
    ...attributes,
    unmapped: common.unmapped,
  }) as OcsfEvent;
}

/** `status` and its siblings. Detail is the reason in words, code what the target said. */
export function statusOf(
  outcome: "success" | "failure" | "unknown",
  code: string | null = null,
  detail: string | null = null,
): Record<string, unknown> {
  const [id, name] = STATUS[outcome];
  return {
    status_id: id,
    status: name,
    ...(code !== null && { status_code: bounded(code, 256) }),
    ...(detail !== null && { status_detail: bounded(detail, 1_024) }),
  };
}

const STATUS = {
  success: [1, "Success"],
  failure: [2, "Failure"],
  unknown: [0, "Unknown"],
} as const;
