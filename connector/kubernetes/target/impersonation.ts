import type { SessionFacts } from "../../../protocol/control.ts";
import { SallyportError } from "../../../protocol/errors.ts";
import type { Fields } from "../../../protocol/http/head.ts";
import { matches } from "../../../protocol/principal-pattern.ts";
import type { ImpersonationConfig } from "./impersonation-config.ts";

type Who = Pick<SessionFacts, "session" | "principal" | "groups" | "onBehalfOf">;

/** As whom a session acts in the cluster. */
export interface Impersonation {
  /** The user's name there. */
  user: string;
  groups: readonly string[];
  /** The fields that say so, for `UpstreamRequest.identity`. */
  fields: Fields;
}

/** Begins the names that Kubernetes keeps for itself: `system:masters` may do everything, whatever RBAC says. */
const RESERVED = "system:";
const EXTRA = "sallyport.dev/";
/** Bytes of a name, and of all that is told. */
const MAX_NAME = 512;
const MAX_ALL = 16 * 1024;

/**
 * As whom the API server is to see a session (Kubernetes, "User impersonation"). The user is the principal, and the
 * groups are its own, each behind the prefix, but where a line of the configuration gives other names; only such a line
 * gives names of `system:`. Groups that can't be told are left out, which takes rights and gives none. Beside them, in
 * `Impersonate-Extra-`, for the API server's own audit log: `sallyport.dev/session`, `sallyport.dev/principal`, and
 * `sallyport.dev/on-behalf-of` where there is one.
 * Throws `forbidden` for a principal that can't be told.
 */
export function impersonation(config: ImpersonationConfig, who: Who): Impersonation {
  const user = userOf(config, who.principal);
  const groups = [...new Set(who.groups.flatMap((group) => groupsOf(config, group)))];
  const fields: Fields = [
    ["impersonate-user", asField(user)],
    ...groups.map((group) => ["impersonate-group", asField(group)] as const),
    ...extra("session", who.session),
    ...extra("principal", who.principal),
    ...extra("on-behalf-of", who.onBehalfOf),
  ];
  const size = fields.reduce((sum, [name, value]) => sum + name.length + value.length, 0);
  if (size > MAX_ALL) {
    throw refusal(
      "you are in more groups than the target can be told of",
      "Its configuration can name the groups that matter.",
    );
  }
  return { user, groups, fields };
}

function userOf({ users, userPrefix }: ImpersonationConfig, principal: string): string {
  const line = users.find((one) => matches(one.principal, principal));
  if (line !== undefined) return line.as;
  const user = `${userPrefix}${principal}`;
  if (isTellable(user) && !isReserved(user)) return user;
  throw refusal(
    "your name can't be told to the target",
    "Whoever runs the connector can say in its configuration (impersonate, users) as whom you are known there.",
  );
}

function groupsOf({ groups, groupPrefix }: ImpersonationConfig, group: string): string[] {
  const lines = groups.filter((one) => matches(one.group, group));
  if (lines.length > 0) return lines.flatMap(({ as }) => as);
  const name = `${groupPrefix}${group}`;
  return isTellable(name) && !isReserved(name) ? [name] : [];
}

/** Without regard for case, and for what some would take for a colon: nothing that even looks like it is told. */
function isReserved(name: string): boolean {
  return name.normalize("NFKC").trim().toLowerCase().startsWith(RESERVED);
}

/**
 * A server cuts blanks off the ends of a field's value, so a name with such would be somebody else's. An empty one would
 * be nobody, which to the API server is the connector's own account.
 */
function isTellable(name: string): boolean {
  return (
    name !== "" &&
    name === name.trim() &&
    name.isWellFormed() &&
    !/\p{C}/u.test(name) &&
    Buffer.byteLength(name) <= MAX_NAME
  );
}

/** The key is lower case, and what can't stand in a field's name is percent-encoded, as client-go does it. */
function extra(key: string, value: string | undefined): Fields {
  if (value === undefined || !isTellable(value)) return [];
  return [[`impersonate-extra-${encodeURIComponent(`${EXTRA}${key}`).toLowerCase()}`, asField(value)]];
}

/** UTF-8, byte for byte: that is how the API server reads it. */
function asField(name: string): string {
  return Buffer.from(name, "utf8").toString("latin1");
}

function refusal(message: string, hint: string): SallyportError {
  return new SallyportError("forbidden", message, hint);
}
