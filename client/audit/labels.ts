import { readFileSync } from "node:fs";
import { type ColumnPattern, parseColumnPattern } from "../../protocol/column-pattern.ts";
import { readDocument } from "../../protocol/document.ts";
import { SallyportError } from "../../protocol/errors.ts";

/** The lines of `labels` of a target with a database, in order: the first that fits a column counts. `label` null: `none`. */
export type TargetLabels = (ColumnPattern & { label: string | null })[];

/** Reads the labels of all targets with databases from a connector's settings file. Throws `invalid_config`. */
export function readLabels(file: string): Map<string, TargetLabels> {
  const labels = new Map<string, TargetLabels>();
  for (const target of readDocument(textOf(file), file).get("targets").list()) {
    const kind = target.get("kind").optional((field) => field.string()) ?? "postgres";
    if (kind !== "postgres") continue;
    const lines = target.get("labels");
    const read = (lines.optional((field) => field.keys()) ?? []).map((key) => {
      const pattern = parseColumnPattern(key);
      if ("fault" in pattern) return lines.get(key).fail(pattern.fault, pattern.hint);
      const label = lines.get(key).string();
      return { ...pattern, label: label === "none" ? null : label };
    });
    labels.set(target.get("name").string(), read);
  }
  return labels;
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new SallyportError(
      "invalid_config",
      `${file} can't be read (${code}).`,
      "Name a connector's settings.",
    );
  }
}
