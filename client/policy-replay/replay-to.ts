import { nodeCedar } from "../../protocol/policy/node-cedar.ts";
import { PolicySet } from "../../protocol/policy/policy-set.ts";
import { loadParser } from "../../protocol/sql/parser.ts";
import { readPolicyFile } from "../policy/policy-file.ts";
import { note, printLines, progress, reportError } from "../terminal.ts";
import { replayPolicy } from "./replay-policy.ts";
import {
  count,
  differencesOf,
  differs,
  judgementJson,
  judgementLines,
  noTotals,
  totalLines,
} from "./report.ts";
import type { Source } from "./sources.ts";
import { ReplayStatus } from "./verdict-status.ts";

/**
 * Judges recordings by the policies of a file and prints what would be different, then a summary; answers the exit
 * status. Throws `invalid_config` for policies that are none, before anything is fetched.
 */
export async function replayTo(
  policies: string,
  choose: () => Promise<Source[]>,
  options: { since: number; until: number; all?: boolean; json?: boolean },
): Promise<number> {
  const set = PolicySet.load(nodeCedar(), readPolicyFile(policies));
  await loadParser();
  const sources = await choose();
  const totals = noTotals();
  totals.sessions = sources.length;
  let clear = () => {};
  await replayPolicy(set, sources, {
    since: options.since,
    until: options.until,
    reading(number, name) {
      clear();
      clear = progress(`reading recording ${number} of ${sources.length}: ${name}`);
    },
    // Of many sessions one that can't be read is told, and counts in the exit status.
    ...(sources.length > 1 && {
      unreadable(name: string, error: unknown) {
        clear();
        clear = () => {};
        totals.sessions--;
        totals.unread++;
        note(`recording ${name}:`);
        reportError(error);
      },
    }),
    async tell(judgement, session) {
      clear();
      clear = () => {};
      count(totals, judgement);
      if (!options.all && !differs(judgement)) return;
      await printLines(
        options.json
          ? [JSON.stringify(judgementJson(judgement, session))]
          : judgementLines(judgement, session),
      );
    },
  });
  clear();
  const summary = { type: "summary", policy: set.version, ...totals };
  await printLines(options.json ? [JSON.stringify(summary)] : totalLines(totals));
  if (differencesOf(totals) > 0) return ReplayStatus.differences;
  return totals.unknown > 0 || totals.unread > 0 ? ReplayStatus.incomplete : ReplayStatus.same;
}
