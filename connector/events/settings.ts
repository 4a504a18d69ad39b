import { resolve } from "node:path";
import type { Field } from "../../protocol/document.ts";

/** Where the connector writes events of what it serves. */
export interface EventSettings {
  /** A file, absolute; null for standard output. */
  file: string | null;
}

/** Reads `connector.events`: `{file: PATH}`, or `{file: stdout}`. A path is relative to `folder`. */
export function eventSettings(field: Field, folder: string): EventSettings {
  const file = field.mapping(["file"]).get("file").string();
  return { file: file === "stdout" ? null : resolve(folder, file) };
}
