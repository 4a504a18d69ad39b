import { isAllowed, matches, type Named } from "../../protocol/principal-pattern.ts";
import type { RetentionRule, RetentionSettings } from "../../protocol/retention.ts";

/** What rules look at of a sealed session, or of what else is kept by them. */
export interface Kept extends Omit<Named, "groups"> {
  /** Null where they are not known. */
  groups: readonly string[] | null;
  target: string;
  /** When it ended, ms since 1970: from then on it is counted. */
  ended: number;
  labels: MaskedLabels;
}

/** Labels of which values were masked; `isWhole`: there are no others. */
export interface MaskedLabels {
  names: readonly string[];
  isWhole: boolean;
}

/** Until when a session is kept, and by what, in words. */
export interface Keeping {
  /** ms since 1970; Infinity for ever. */
  until: number;
  by: string;
}

/**
 * Until when the rules keep a session: the first that matches counts, else the default. Where it is not known whether a rule
 * matches, as labels are not, the session is kept for the longest that it may have to be.
 */
export function keepingOf(session: Kept, { rules, default: rest }: RetentionSettings): Keeping {
  let longest: Keeping | null = null;
  const consider = (keep: number | null, by: string) => {
    const until = keep === null ? Number.POSITIVE_INFINITY : session.ended + keep;
    if (longest === null || until > longest.until) longest = { until, by };
    return longest;
  };
  for (const [index, rule] of rules.entries()) {
    const applies = doesMatch(rule, session);
    if (applies === false) continue;
    const keeping = consider(rule.keep, ruleWords(rule, index));
    if (applies) return keeping;
  }
  return consider(rest, `the default retention of ${keepText(rest)}`);
}

/** Whether any recording is ever deleted by these. */
export function isForever({ rules, default: rest }: RetentionSettings): boolean {
  return rest === null && rules.every(({ keep }) => keep === null);
}

/** Null where it is not known. */
function doesMatch({ target, principal, label }: RetentionRule, session: Kept): boolean | null {
  if (target !== undefined && !matches(target, session.target)) return false;
  const groups = session.groups ?? [];
  const isNamed = principal === undefined || isAllowed([principal], { ...session, groups });
  const mayBeNamed = isNamed || (session.groups === null && principal.startsWith("group:"));
  if (!mayBeNamed) return false;
  const isLabelled = label === undefined || session.labels.names.includes(label);
  if (!isLabelled && session.labels.isWhole) return false;
  return isNamed && isLabelled ? true : null;
}

function ruleWords({ keep, ...rule }: RetentionRule, index: number): string {
  const what = (["target", "principal", "label"] as const)
    .filter((name) => rule[name] !== undefined)
    .map((name) => `${name} ${rule[name]}`);
  return `retention rule ${index + 1} (${what.join(", ")}: ${keepText(keep)})`;
}

function keepText(keep: number | null): string {
  if (keep === null) return "forever";
  const days = Math.round((keep / 86_400_000) * 100) / 100;
  return days === 1 ? "1 day" : `${days} days`;
}
