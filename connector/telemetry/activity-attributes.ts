import type { Attributes } from "@opentelemetry/api";
import {
  ATTR_DB_NAMESPACE,
  ATTR_DB_OPERATION_NAME,
  ATTR_DB_RESPONSE_STATUS_CODE,
  ATTR_DB_SYSTEM_NAME,
  ATTR_HTTP_RESPONSE_STATUS_CODE,
  DB_SYSTEM_NAME_VALUE_POSTGRESQL,
} from "@opentelemetry/semantic-conventions";
import type { Activity } from "../../protocol/activity/activity.ts";
import type { SessionFacts, TargetKind } from "../../protocol/control.ts";
import { ACTIONS } from "../../protocol/policy/actions.ts";
import { ATTRIBUTE, methodAttribute, UNSTABLE } from "../../protocol/telemetry/attributes.ts";

/** Names of policies that are told. */
const MAX_POLICIES = 8;

/**
 * What a span tells of something that an agent asked. An activity holds its text: of that nothing is taken but an HTTP
 * method that everybody knows. What the target said is taken only where it has the form of a status.
 */
export function activityAttributes(
  activity: Activity,
  { session, target, kind }: Pick<SessionFacts, "session" | "target" | "kind">,
  database: string | null,
): Attributes {
  const { verdict, outcome, policies, approval } = activity;
  const masked = Object.values(activity.masked).reduce((sum, count) => sum + count, 0);
  const actions = knownActions(activity);
  return {
    [ATTRIBUTE.session]: session,
    [ATTRIBUTE.target]: target,
    [ATTRIBUTE.verdict]: verdict,
    [ATTRIBUTE.outcome]: outcome,
    ...(actions.length > 0 && { [ATTRIBUTE.actions]: actions }),
    ...(policies.length > 0 && { [ATTRIBUTE.policies]: policies.slice(0, MAX_POLICIES) }),
    ...(approval !== null && { [ATTRIBUTE.approval]: `${session}-${approval}` }),
    ...(masked > 0 && { [ATTRIBUTE.masked]: masked }),
    ...OF_KIND[kind](activity, actions, database),
  };
}

/** `postgres:select`; where it is several or none, of what kind it is. Few enough to group by. */
export function activityName(activity: Activity): string {
  const actions = knownActions(activity);
  return actions.length === 1 ? actions[0]! : activity.kind;
}

/** `error.type`, where it did not come out well. */
export function activityError({ verdict, outcome, status }: Activity, kind: TargetKind): string | undefined {
  if (verdict === "block" || outcome === "refused") return "refused";
  if (outcome !== "error") return undefined;
  if (status === null || kind === "ssh") return "error";
  return (kind === "postgres" ? sqlstate(status) : httpStatus(status)?.toString()) ?? "error";
}

const OF_KIND: Record<
  TargetKind,
  (activity: Activity, actions: readonly string[], database: string | null) => Attributes
> = {
  postgres: ({ status }, actions, database) => {
    const state = sqlstate(status);
    const [action] = actions;
    return {
      [ATTR_DB_SYSTEM_NAME]: DB_SYSTEM_NAME_VALUE_POSTGRESQL,
      ...(database !== null && { [ATTR_DB_NAMESPACE]: database }),
      ...(actions.length === 1 && {
        [ATTR_DB_OPERATION_NAME]: action!.slice(action!.indexOf(":") + 1).toUpperCase(),
      }),
      ...(state !== undefined && { [ATTR_DB_RESPONSE_STATUS_CODE]: state }),
    };
  },
  ssh: ({ status }) => (/^\d{1,10}$/.test(status ?? "") ? { [UNSTABLE.exitCode]: Number(status) } : {}),
  http: exchangeAttributes,
  kubernetes: exchangeAttributes,
};

/** Of a request to an API server the first line is what it is taken for, and the request itself the last. */
function exchangeAttributes({ text, status }: Activity): Attributes {
  const method = text.slice(text.lastIndexOf("\n") + 1).split(" ", 1)[0]!;
  const code = httpStatus(status);
  return {
    ...methodAttribute(method),
    ...(code !== undefined && { [ATTR_HTTP_RESPONSE_STATUS_CODE]: code }),
  };
}

function knownActions({ actions }: Activity): string[] {
  return actions.filter((action) => ACTIONS.has(action));
}

function sqlstate(status: string | null): string | undefined {
  return status !== null && /^[0-9A-Z]{5}$/.test(status) ? status : undefined;
}

function httpStatus(status: string | null): number | undefined {
  return status !== null && /^[1-5]\d\d$/.test(status) ? Number(status) : undefined;
}
