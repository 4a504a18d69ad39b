import type { Field } from "../../protocol/document.ts";
import {
  KEEP_FORM,
  MAX_KEEP_MS,
  MIN_KEEP_MS,
  type RetentionRule,
  type RetentionSettings,
} from "../../protocol/retention.ts";
import { parseDuration } from "../units.ts";

const NAMES = ["target", "principal", "label"] as const;

/** Reads `retention`. The edge judges names and patterns. Throws `invalid_config`. */
export function retentionSettings(field: Field): RetentionSettings {
  field.mapping(["default", "rules"]);
  const rules = field.get("rules").optional((one) => one.list()) ?? [];
  const rest = field.get("default");
  return { default: rest.optional(() => keep(rest)), rules: rules.map(rule) };
}

function rule(field: Field): RetentionRule {
  field.mapping([...NAMES, "keep"]);
  const result: RetentionRule = { keep: keep(field.get("keep")) };
  for (const name of NAMES) {
    field.get(name).optional((one) => {
      result[name] = one.string();
    });
  }
  if (Object.keys(result).length === 1)
    field.fail("names no target, principal or label", "For all other sessions there is `default`.");
  return result;
}

/** ms; null for ever. */
function keep(field: Field): number | null {
  const text = field.string();
  if (text === "forever") return null;
  const ms = parseDuration(text);
  if (ms === undefined || ms < MIN_KEEP_MS || ms > MAX_KEEP_MS)
    return field.fail(`is not ${KEEP_FORM}`, `Write ${KEEP_FORM}.`);
  return ms;
}
