/** What stands for the rest of a message. */
export const WITHHELD = "(the rest is masked by Sallyport)";

/**
 * A message of a `Status` without the values of objects that validation puts into it, or null where it has none. The
 * API server tells a change that may not be made with the difference of both specifications, each on lines of its own, or
 * with the whole of one (`field.Invalid`, k8s.io/apimachinery/pkg/util/validation/field).
 */
export function maskedMessage(message: string, isSecret: boolean): string | null {
  const line = message.indexOf("\n");
  let text = line === -1 ? message : `${message.slice(0, line).trimEnd()} ${WITHHELD}`;
  const value = /(?:Invalid value|Duplicate value|Unsupported value|Value): /g;
  for (let found = value.exec(text); found !== null; found = value.exec(text)) {
    const rest = text.slice(value.lastIndex);
    const simple = SIMPLE.exec(rest)?.[0];
    if (simple !== undefined && !isSecret && !simple.includes("{")) {
      value.lastIndex += simple.length;
      continue;
    }
    if (simple === undefined) {
      text = `${text.slice(0, value.lastIndex)}${WITHHELD}`;
      break;
    }
    text = `${text.slice(0, value.lastIndex)}***${rest.slice(simple.length)}`;
    value.lastIndex += 3;
  }
  return text === message ? null : text;
}

/** A text in quotes, as Go and JSON write them, a number, a boolean. */
const SIMPLE = /^(?:"(?:[^"\\]|\\.){0,65536}"|-?\d+(?:\.\d+)?|true|false|null)(?=[:,\]; ]|$)/;
