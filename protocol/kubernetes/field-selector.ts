/**
 * The value that a field selector demands of a field, as the API server finds it (`ParseSelector` and
 * `RequiresExactMatch` of k8s.io/apimachinery/pkg/fields); null where it demands none, undefined where it is malformed.
 */
export function demandedValue(selector: string, field: string): string | null | undefined {
  let demanded: string | null = null;
  // The API server sorts the terms, so the smallest counts where there are two.
  for (const term of splitTerms(selector).sort()) {
    if (term === "") continue;
    const match = /^(.*?)(!=|==|=)(.*)$/s.exec(term);
    if (match === null) return undefined;
    const value = unescapeValue(match[3]!);
    if (value === null) return undefined;
    if (demanded === null && match[2] !== "!=" && match[1] === field) demanded = value;
  }
  return demanded;
}

/** Parts at commas, but at those after a backslash. */
function splitTerms(selector: string): string[] {
  const terms = [""];
  for (const [piece] of selector.matchAll(/\\.|\\|[^\\]/gsu)) {
    if (piece === ",") terms.push("");
    else terms[terms.length - 1] += piece;
  }
  return terms;
}

/** Null for a wrong escape and for `,` and `=` without one. */
function unescapeValue(value: string): string | null {
  if (!/^(?:[^\\,=]|\\[\\,=])*$/su.test(value)) return null;
  return value.replace(/\\(.)/gs, "$1");
}
