import type { CollectedSpan } from "./collector.ts";

/** `edge session`: which part of Sallyport made the span, and its name. */
export function nameOf({ scope, name }: CollectedSpan): string {
  return `${scope.slice("sallyport/".length)} ${name}`;
}

/** The path of each span from the parent of all, sorted. */
export function paths(spans: readonly CollectedSpan[], root: string): string[] {
  const pathOf = (span: CollectedSpan): string => {
    if (span.parentSpanId === root) return nameOf(span);
    const parent = spans.find(({ spanId }) => spanId === span.parentSpanId);
    return `${parent ? pathOf(parent) : "?"} > ${nameOf(span)}`;
  };
  return spans.map(pathOf).sort();
}
