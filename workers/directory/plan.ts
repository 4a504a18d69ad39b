import type { Change, Issuer, PoliciesChange, Settings, Target } from "../../protocol/directory.ts";
import { NOT_ENCRYPTED } from "../../protocol/recording/encryption/settings.ts";
import { KEEP_FOREVER } from "../../protocol/retention.ts";
import { mayOpen } from "../identity/access.ts";
import { lineDifference } from "./line-difference.ts";
import type { OpenSession } from "./open-sessions.ts";
import { policyVersion } from "./policies.ts";

/** The differences that make the current settings the wanted ones: targets and issuers by name, then the rest. */
export function planChanges(current: Settings, wanted: Settings): Change[] {
  return [
    ...differences("target", current.targets, wanted.targets),
    ...differences("issuer", current.issuers, wanted.issuers),
    ...replaced("administrators", current.administrators, wanted.administrators),
    ...replaced("limits", current.limits, wanted.limits),
    ...replaced("retention", current.retention ?? KEEP_FOREVER, wanted.retention ?? KEEP_FOREVER),
    ...replaced("recordings", current.recordings ?? NOT_ENCRYPTED, wanted.recordings ?? NOT_ENCRYPTED),
    ...differences("slack-user", slackUsers(current), slackUsers(wanted)),
    ...policies(current.policies, wanted.policies),
  ];
}

/** One change for each person, so that the record says who could approve, and as whom. */
function slackUsers({ approvals }: Settings): { name: string; principal: string; groups: string[] }[] {
  return (approvals?.slack.users ?? []).map(({ id, ...user }) => ({ name: id, ...user }));
}

/** The whole texts stand in the directory under their versions. */
function policies(current: string, wanted: string): Change[] {
  if (current === wanted) return [];
  const change: PoliciesChange = {
    before: { version: policyVersion(current) },
    after: { version: policyVersion(wanted), lines: lineDifference(current, wanted) },
  };
  return [{ action: "update", subject: "policies", ...change }];
}

function differences<T extends { name: string }>(kind: string, current: T[], wanted: T[]): Change[] {
  const before = new Map(current.map((item) => [item.name, item]));
  const after = new Map(wanted.map((item) => [item.name, item]));
  return [...new Set([...before.keys(), ...after.keys()])].sort().flatMap((name): Change[] => {
    const [old, now] = [before.get(name), after.get(name)];
    if (old && now) return replaced(`${kind}/${name}`, old, now);
    return [
      {
        action: old ? "delete" : "create",
        subject: `${kind}/${name}`,
        before: old ?? null,
        after: now ?? null,
      },
    ];
  });
}

function replaced(subject: string, before: unknown, after: unknown): Change[] {
  return canonical(before) === canonical(after) ? [] : [{ action: "update", subject, before, after }];
}

/** JSON with members in the order of their names. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    typeof part === "object" && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}

/**
 * Which open sessions may not stay after changed settings, with the reason: their target is gone, is served
 * elsewhere, or lists them no longer, or newly, as policies decided by that; or their issuer is gone or accepts tokens by other rules, as the claims that
 * opened them can't be judged again.
 */
export function sessionsToEnd(
  changes: readonly Change[],
  open: readonly OpenSession[],
): { session: OpenSession; reason: string }[] {
  const targets = new Map<string, { old: Target; now: Target | null }>();
  const issuers = new Set<string>();
  for (const { subject, before, after } of changes) {
    if (before === null) continue;
    if (subject.startsWith("target/")) {
      const old = before as Target;
      targets.set(old.name, { old, now: after as Target | null });
    }
    if (subject.startsWith("issuer/") && !sameTrust(before as Issuer, after as Issuer | null)) {
      issuers.add((before as Issuer).issuer);
    }
  }
  return open.flatMap((session) => {
    const target = targets.get(session.target);
    const reason =
      target?.now === null
        ? `the target ${session.target} was removed`
        : target &&
            (target.now.connector !== session.connector || listedOtherwise(target.old, target.now, session))
          ? `the target ${session.target} no longer allows it as it did`
          : session.issuer !== undefined && issuers.has(session.issuer)
            ? "the rules for its issuer have changed"
            : null;
    return reason === null ? [] : [{ session, reason }];
  });
}

function listedOtherwise(old: Target, now: Target, session: OpenSession): boolean {
  return mayOpen(old, session) !== mayOpen(now, session);
}

/** Whether a token that opened a session under the old rules would open the same one under the new rules. */
function sameTrust(before: Issuer, after: Issuer | null): boolean {
  if (after === null) return false;
  const { clientId: _before, skewSeconds: _skewBefore, ...old } = before;
  const { clientId: _after, skewSeconds: _skewAfter, ...now } = after;
  return canonical(old) === canonical(now);
}
