import type { PathStep } from "./document-labels.ts";

const MAX_STEPS = 32;
const MAX_NAME = 255;
const MAX_WHERE = 1_000;
const MAX_SEGMENTS = 32;

/** Why a text is no pattern, and what to do; for the error about its line. */
export interface PatternFault {
  fault: string;
  hint: string;
}

export const HTTP_FORM =
  "Write a JSON path such as $..email, or a path and a JSON path: /users/* $.items[*].email";
export const KUBERNETES_FORM =
  "Write RESOURCE JSONPATH, such as configmaps $.data['db.password'] or deployments.apps $.spec.template.metadata.annotations.*; the resource may be *.";

const SHORT = /[\p{L}\p{M}\p{N}_*-]+/uy;
const QUOTED = /'((?:[^'\\]|\\['\\])*)'|"((?:[^"\\]|\\["\\])*)"/y;
const INDEX = /0|[1-9][0-9]{0,5}/y;

/**
 * Reads a path into JSON documents: `$`, then `.name`, `['name']`, `[0]`, `[*]` or `.*`, each also behind `..` for any
 * depth (RFC 9535; no slices, no filters, nothing negative). Outside of quotes `*` in a name is any run of characters:
 * `.*_token`, `['internal/'*]`.
 */
export function parseJsonPath(text: string): PathStep[] | PatternFault {
  if (text[0] !== "$") return { fault: "has no JSON path", hint: "A JSON path begins with $." };
  const steps: PathStep[] = [];
  const wrong = (): PatternFault => ({
    fault: "has a JSON path that can't be read",
    hint: "Its steps are .name, ['name'], [0], [*] and ..name; a name with other characters than letters, digits, _, - and * stands in brackets and quotes.",
  });
  let at = 1;
  while (at < text.length) {
    let deep = false;
    if (text.startsWith("..", at)) {
      deep = true;
      at += 2;
    } else if (text[at] === ".") at += 1;
    else if (text[at] !== "[") return wrong();
    const bracketed = text[at] === "[";
    if (bracketed && text[at - 1] === "." && !deep) return wrong();
    const step = bracketed ? bracket(text, at + 1) : short(text, at);
    if (step === null) return wrong();
    steps.push({ selects: step.selects, deep });
    at = step.end;
  }
  const tooLong = steps.some(({ selects }) =>
    selects.kind === "name"
      ? selects.name.length > MAX_NAME
      : selects.kind === "pattern" && selects.parts.join("*").length > MAX_NAME,
  );
  if (steps.length > MAX_STEPS || tooLong) {
    return {
      fault: "has a path that is too long",
      hint: `At most ${MAX_STEPS} steps, each of ${MAX_NAME} characters.`,
    };
  }
  return steps;
}

type Selected = { selects: PathStep["selects"]; end: number } | null;

function short(text: string, at: number): Selected {
  SHORT.lastIndex = at;
  const name = SHORT.exec(text)?.[0];
  return name === undefined ? null : { selects: selector(name), end: at + name.length };
}

function selector(name: string): PathStep["selects"] {
  if (name === "*") return { kind: "any" };
  return name.includes("*") ? { kind: "pattern", parts: name.split("*") } : { kind: "name", name };
}

/** `*`, `0`, `'name'`, and names with stars outside of their quotes: `'internal/'*`. */
function bracket(text: string, begin: number): Selected {
  INDEX.lastIndex = begin;
  const index = INDEX.exec(text)?.[0];
  if (index !== undefined) {
    const end = begin + index.length;
    return text[end] === "]" ? { selects: { kind: "index", index: Number(index) }, end: end + 1 } : null;
  }
  const parts = [""];
  let at = begin;
  for (; text[at] !== "]"; ) {
    QUOTED.lastIndex = at;
    const quoted = QUOTED.exec(text);
    if (quoted !== null) parts.push(parts.pop() + (quoted[1] ?? quoted[2] ?? "").replace(/\\(.)/g, "$1"));
    else if (text[at] === "*") parts.push("");
    else return null;
    at += quoted?.[0].length ?? 1;
  }
  if (at === begin) return null;
  const end = at + 1;
  if (parts.length === 1) return { selects: { kind: "name", name: parts[0]! }, end };
  return { selects: parts.every((part) => part === "") ? { kind: "any" } : { kind: "pattern", parts }, end };
}

export interface DocumentPattern {
  where: string[] | null;
  path: PathStep[];
}

/** Reads `$..email` or `/users/* $.items[*].email`. A path's segments are decoded ones, without a query. */
export function parseHttpPattern(text: string): DocumentPattern | PatternFault {
  const { where, rest } = split(text);
  const path = parseJsonPath(rest);
  if ("fault" in path) return path;
  if (where === null) return { where, path };
  const segments = where.split("/").slice(1);
  const isPath = /^\/[^\s?#]*$/.test(where) && where.length <= MAX_WHERE && segments.length <= MAX_SEGMENTS;
  if (!isPath || segments.slice(0, -1).includes("") || segments.some((one) => one === "." || one === "..")) {
    return { fault: "has a path that can't be one", hint: HTTP_FORM };
  }
  if (segments.some((one) => one.includes("**") && one !== "**")) {
    return { fault: "has ** within a segment", hint: "** stands for whole segments: /users/**." };
  }
  return { where: segments.filter((one) => one !== ""), path };
}

/** Reads `configmaps $.data.password`, `deployments.apps $..annotations.*`, `* $.metadata.annotations['a/b']`. */
export function parseKubernetesPattern(text: string): DocumentPattern | PatternFault {
  const { where, rest } = split(text);
  if (where === null) return { fault: "names no resource", hint: KUBERNETES_FORM };
  const path = parseJsonPath(rest);
  if ("fault" in path) return path;
  if (where === "*") return { where: null, path };
  if (!/^[a-z0-9-]{1,63}(?:\.[a-z0-9.-]{1,253})?$/.test(where)) {
    return { fault: "is not a resource", hint: KUBERNETES_FORM };
  }
  const dot = where.indexOf(".");
  return { where: dot === -1 ? [where] : [where.slice(0, dot), where.slice(dot + 1)], path };
}

function split(text: string): { where: string | null; rest: string } {
  const space = text.startsWith("$") ? -1 : text.indexOf(" ");
  return space === -1
    ? { where: null, rest: text }
    : { where: text.slice(0, space), rest: text.slice(space + 1).trimStart() };
}
