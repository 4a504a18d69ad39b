import { fitsParts } from "../../mask/document-labels.ts";

/**
 * Whether a path is as the pattern has it, segment by segment: `*` any run of characters, `**` any number of segments.
 * `isLoose`: no matter which case its letters have, since many servers don't look.
 */
export function fitsPath(pattern: readonly string[], segments: readonly string[], isLoose: boolean): boolean {
  const fold = (text: string) => (isLoose ? text.toLowerCase() : text);
  // By segment of the pattern: how many of the path's may stand before it.
  let before = new Set([0]);
  for (const part of pattern) {
    const after = new Set<number>();
    for (const at of before) {
      if (part === "**") for (let to = at; to <= segments.length; to += 1) after.add(to);
      else if (at < segments.length && fitsParts(fold(part).split("*"), fold(segments[at]!)))
        after.add(at + 1);
    }
    before = after;
  }
  return before.has(segments.length);
}

/** Segments of a decoded path. Empty ones don't count: servers differ on them. */
export function segmentsOf(path: string): string[] {
  return path.split("/").filter((one) => one !== "");
}
