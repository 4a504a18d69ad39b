/** A step from a document towards its values: a key, or into an array's elements. */
export type Step = string | typeof ELEMENT;
export const ELEMENT = Symbol("element");

/** Below are no values that a label could name. */
const MAX_DEPTH = 16;

/**
 * The strings and numbers of a JSON text, which may be cut anywhere, with the steps to each. What stands behind the
 * cut, or behind what is no JSON, is left out. `steps` is the same array each time.
 */
export function jsonLeaves(
  text: string,
  leaf: (steps: readonly Step[], value: string, kind: "text" | "number") => void,
): void {
  const steps: Step[] = [];
  /** Of each object or array that is open: whether a key must come next. */
  const open: boolean[] = [];
  const value =
    /\s*(?:("(?:[^"\\]|\\.)*")|(-?[0-9][0-9.eE+-]*)(?=[\s,\]}])|([{}[\],:])|(true|false|null)\b)/y;
  for (let token = value.exec(text); token !== null; token = value.exec(text)) {
    const [, string, number, mark] = token;
    if (string !== undefined && open.at(-1) === true) {
      steps[open.length - 1] = unquoted(string);
      open[open.length - 1] = false;
    } else if (string !== undefined) {
      leaf(steps, unquoted(string), "text");
    } else if (number !== undefined) {
      leaf(steps, number, "number");
    } else if (mark === "{" || mark === "[") {
      if (open.length === MAX_DEPTH) return;
      open.push(mark === "{");
      steps.push(ELEMENT);
    } else if (mark === "}" || mark === "]") {
      open.pop();
      steps.pop();
    } else if (mark === "," && steps.at(-1) !== ELEMENT && open.length > 0) {
      open[open.length - 1] = true;
    }
  }
}

function unquoted(string: string): string {
  try {
    return JSON.parse(string) as string;
  } catch {
    return "";
  }
}
