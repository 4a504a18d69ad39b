const NAME = "[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?";
const PREFIX = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?){0,8}";
const KEY = `(?:${PREFIX}/)?${NAME}`;
const TERM = new RegExp(
  `^(?:!?${KEY}|${KEY}(?:=|==|!=)(?:${NAME})?|${KEY} (?:in|notin) \\(${NAME}(?:, ?${NAME}){0,50}\\))$`,
);

/**
 * Whether the API server surely understands a label selector (`Parse` of k8s.io/apimachinery/pkg/labels): one written
 * as kubectl and client libraries write them.
 */
export function isPlainLabelSelector(selector: string): boolean {
  if (selector === "") return true;
  return selector.length <= 4096 && splitTerms(selector).every((term) => TERM.test(term));
}

/** Parts at commas, but at those within parentheses. */
function splitTerms(selector: string): string[] {
  return selector.split(/,(?![^(]*\))/);
}
