import type { SettingChange } from "../../../protocol/sql/settings.ts";
import type { RefusedConstruct } from "./constructs.ts";
import { STATEMENTS } from "./system-labels.ts";

/**
 * Settings by which the server would send a client the text or the tree of what it runs, or would run other code.
 * `client_min_messages` may only be what keeps LOG and DEBUG messages on the server: they quote statements.
 */
const QUIET = /^(?:info|notice|warning|error|fatal|panic)$/i;
const REFUSED: readonly { names: RegExp; construct: string; labels: readonly string[]; hint: string }[] = [
  {
    names:
      /^(?:debug_print_(?:parse|rewritten|plan|raw_parse)|auto_explain\.|pgaudit\.|pg_hint_plan\.(?:debug_print|message_level|parse_messages)$|pg_show_plans\.)/,
    construct: "which shows the text or the plan of statements",
    labels: [STATEMENTS],
    hint: "EXPLAIN shows the plan of one's own statement.",
  },
  {
    names:
      /^(?:local_preload_libraries|session_preload_libraries|dynamic_library_path|allow_system_table_mods)$/,
    construct: "which loads code or opens the catalog to writes",
    labels: [],
    hint: "Ask somebody who may see all labels.",
  },
];

/** What speaks against changing settings so, also as a session starts; null when nothing does. */
export function refusedSetting(changes: readonly SettingChange[]): RefusedConstruct | null {
  for (const { name, kind, value } of changes) {
    if (kind !== "value") continue;
    if (name === "client_min_messages" && (value === null || !QUIET.test(value))) {
      return {
        construct: "client_min_messages below NOTICE, with which the server shows the texts of statements",
        labels: [STATEMENTS],
        hint: "Set it to notice, warning or error.",
      };
    }
    const found = REFUSED.find(({ names }) => names.test(name));
    if (found === undefined || isOff(value)) continue;
    const { construct, labels, hint } = found;
    return { construct: `the setting ${name}, ${construct}`, labels, hint };
  }
  return null;
}

function isOff(value: string | null): boolean {
  return value !== null && /^(?:off|false|no|0|)$/i.test(value);
}
