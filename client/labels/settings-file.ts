import { readFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import { isMap, isNode, isScalar, isSeq, type Pair, parseDocument, type YAMLMap } from "yaml";
import { type ColumnPattern, fitsColumn, parseColumnPattern } from "../../protocol/column-pattern.ts";
import { readDocument } from "../../protocol/document.ts";
import { SallyportError } from "../../protocol/errors.ts";
import type { ColumnPlace } from "../../protocol/label-scan.ts";
import type { ProposedLines, SettingsLine } from "./lines.ts";

/** Unchanged lines around each change. */
const CONTEXT = 3;
/** Indentation of what is new in a block. */
const STEP = 2;

/** A settings file as it is, and what it says of one target's labels. */
export interface SettingsFile {
  file: string;
  text: string;
  target: string;
  patterns: ColumnPattern[];
  /** Labels that it has a line for. */
  labels: ReadonlySet<string>;
}

/** Reads what a file has of a target's labels. Throws `invalid_config`. */
export function readSettings(file: string, target: string): SettingsFile {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    throw new SallyportError(
      "invalid_config",
      `${file} can't be read (${code}).`,
      "Name the file with --config.",
    );
  }
  const targets = readDocument(text, file).get("targets");
  const found = (targets.optional((field) => field.list()) ?? []).find(
    (one) => one.get("name").optional((field) => field.string()) === target,
  );
  if (found === undefined) {
    return targets.fail(`has no target ${target}`, "Name the file that has it.");
  }
  const lines = found.get("labels");
  const patterns = (lines.optional((field) => field.keys()) ?? []).map((key) => {
    const pattern = parseColumnPattern(key);
    return "fault" in pattern ? lines.get(key).fail(pattern.fault, pattern.hint) : pattern;
  });
  const labels = new Set(
    (lines.optional((field) => field.keys()) ?? []).map((key) => lines.get(key).string()),
  );
  return { file, text, target, patterns, labels };
}

/** Whether the file says already what this place is, or is in, or has in it. */
export function isSaid({ patterns }: SettingsFile, { schema, relation, column, path }: ColumnPlace): boolean {
  return patterns.some((pattern) => {
    const shorter = Math.min(path.length, pattern.path?.length ?? 0);
    return (
      fitsColumn(pattern, schema, relation, column) &&
      (pattern.path === null || path.slice(0, shorter).every((key, at) => key === pattern.path![at]))
    );
  });
}

/** The lines without comments that the file has already. */
export function withoutRepeated({ text }: SettingsFile, lines: ProposedLines): ProposedLines {
  return { ...lines, unsure: lines.unsure.filter(({ key }) => !text.includes(key)) };
}

/**
 * The change of the file that puts the lines into it, as `patch` takes it. Null where the file is written so that
 * lines can't be put in, such as in braces: what would come of it is read again and compared.
 */
export function settingsDiff(
  settings: SettingsFile,
  { labels, masks, unsure }: ProposedLines,
): string[] | null {
  const { file, text, target } = settings;
  const end = text.includes("\r\n") ? "\r\n" : "\n";
  if (!text.endsWith(end)) return null;
  const map = targetMap(text, target);
  if (map === null) return null;
  const wanted = [
    insertion(
      text,
      map,
      "labels",
      [...labels, ...unsure].map((line) => line.text),
    ),
    insertion(
      text,
      map,
      "masks",
      masks.map((line) => line.text),
    ),
  ];
  if (wanted.includes(null)) return null;
  const insertions = wanted.flatMap((one) => (one === null || one.lines.length === 0 ? [] : [one]));
  const old = text.split(end).slice(0, -1);
  const changed = old.flatMap((line, at) => [
    line,
    ...insertions.filter(({ after }) => after === at).flatMap(({ lines }) => lines),
  ]);
  if (!saysTheSame(text, changed.join("\n"), target, labels, masks)) return null;
  return unified(file, old, insertions);
}

interface Insertion {
  /** The line, from 0, behind which it stands. */
  after: number;
  lines: string[];
}

function targetMap(text: string, target: string): YAMLMap | null {
  const targets = parseDocument(text).get("targets");
  if (!isSeq(targets)) return null;
  const map = targets.items.find((one) => isMap(one) && one.get("name") === target);
  return isMap(map) && map.flow !== true ? map : null;
}

/** Where lines of a target's `labels` or `masks` go, and with what indentation. */
function insertion(text: string, target: YAMLMap, key: string, lines: string[]): Insertion | null {
  const value = target.get(key, true);
  const block: unknown = isScalar(value) && value.value === null ? undefined : value;
  if (block === undefined) {
    if (lines.length === 0) return { after: 0, lines };
    if (target.has(key)) return null;
    const indent = columnOf(text, target);
    const inner = lines.map((line) => " ".repeat(indent + STEP) + line);
    return { after: lineOf(text, lastOf(target)), lines: [`${" ".repeat(indent)}${key}:`, ...inner] };
  }
  if (!isMap(block) || block.flow === true || block.items.length === 0) return null;
  const indent = " ".repeat(columnOf(text, block));
  return { after: lineOf(text, lastOf(block)), lines: lines.map((line) => indent + line) };
}

/** The offset of the last character of a block. */
function lastOf(map: YAMLMap): number {
  const { key, value } = map.items.at(-1) as Pair;
  if (isMap(value) && value.flow !== true && value.items.length > 0) return lastOf(value);
  const node = isNode(value) ? value : key;
  return (isNode(node) ? (node.range?.[1] ?? 1) : 1) - 1;
}

function columnOf(text: string, map: YAMLMap): number {
  const [first] = map.items as Pair[];
  const at = isNode(first?.key) ? (first.key.range?.[0] ?? 0) : 0;
  return at - (text.lastIndexOf("\n", at - 1) + 1);
}

function lineOf(text: string, offset: number): number {
  return text.slice(0, offset).split("\n").length - 1;
}

/** The changed text has the new lines at their place, and nothing else is another. */
function saysTheSame(
  before: string,
  after: string,
  target: string,
  labels: readonly SettingsLine[],
  masks: readonly SettingsLine[],
): boolean {
  const document = parseDocument(after);
  if (document.errors.length > 0) return false;
  // What an alias repeats is one object, which must not change in both places.
  const copy = (value: unknown) => JSON.parse(JSON.stringify(value)) as Root;
  const [old, changed] = [copy(parseDocument(before).toJS()), copy(document.toJS())];
  for (const [part, lines] of [
    ["labels", labels],
    ["masks", masks],
  ] as const) {
    const [was, is] = [old, changed].map((root) => root.targets.find(({ name }) => name === target)!) as [
      One,
      One,
    ];
    const keys = [...Object.keys(was[part] ?? {}), ...lines.map(({ key }) => key)];
    if (!isDeepStrictEqual(Object.keys(is[part] ?? {}), keys)) return false;
    for (const { key } of lines) delete is[part]![key];
    if (was[part] === undefined || was[part] === null) {
      delete is[part];
      delete was[part];
    }
  }
  return isDeepStrictEqual(old, changed);
}

interface One {
  name?: string;
  labels?: Record<string, unknown> | null;
  masks?: Record<string, unknown> | null;
}
interface Root {
  targets: One[];
}

function unified(file: string, old: readonly string[], insertions: readonly Insertion[]): string[] {
  const all = insertions.toSorted((a, b) => a.after - b.after);
  const lines = [`--- ${file}`, `+++ ${file}`];
  let added = 0;
  for (let at = 0; at < all.length; ) {
    const first = Math.max(0, all[at]!.after + 1 - CONTEXT);
    let last = all[at]!.after;
    let end = at + 1;
    // Changes whose surroundings meet are one hunk.
    while (end < all.length && all[end]!.after + 1 - CONTEXT <= last + CONTEXT + 1) last = all[end++]!.after;
    last = Math.min(old.length - 1, last + CONTEXT);
    const hunk: string[] = [];
    let more = 0;
    for (let line = first; line <= last; line++) {
      hunk.push(` ${old[line]}`);
      for (const one of all.slice(at, end)) {
        if (one.after !== line) continue;
        hunk.push(...one.lines.map((text) => `+${text}`));
        more += one.lines.length;
      }
    }
    const count = last - first + 1;
    lines.push(`@@ -${first + 1},${count} +${first + 1 + added},${count + more} @@`, ...hunk);
    added += more;
    at = end;
  }
  return lines;
}
