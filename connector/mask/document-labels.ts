import type { Label } from "./labels.ts";

/** One step of a path into a JSON document; a selector of RFC 9535, of which names may have stars. */
export interface PathStep {
  /** A member's name, exactly; a name in which `*` is any run of characters; any member or element; an element. */
  selects:
    | { kind: "name"; name: string }
    | { kind: "pattern"; parts: readonly string[] }
    | { kind: "any" }
    | { kind: "index"; index: number };
  /** It may stand any number of levels further down (`..`). */
  deep: boolean;
}

/** One line of the `labels` of an HTTP or Kubernetes target. Of those that fit a value the first counts. */
export interface DocumentRule {
  /**
   * Of HTTP targets the pattern of a path, segment by segment (`*` any run of characters, `**` any number of segments);
   * of Kubernetes targets `[RESOURCE]` or `[RESOURCE, GROUP]`, where `*` is any; null: everywhere.
   */
  where: readonly string[] | null;
  path: readonly PathStep[];
  /** Null: `none`, the value is declared to hold nothing labelled. */
  label: Label | null;
}

/** The labels of an HTTP or Kubernetes target. */
export interface DocumentLabels {
  rules: readonly DocumentRule[];
  /** By name; of Kubernetes targets with those that need no line. */
  labels: ReadonlyMap<string, Label>;
}

export const NO_DOCUMENT_LABELS: DocumentLabels = { rules: [], labels: new Map() };

/** Of Kubernetes targets: labels that need no line. */
export const KUBERNETES_LABELS = {
  /** `data` and `stringData` of Secrets. */
  secret: "kubernetes.secret",
  /** Values whose name says that they are secret: `env`, `httpHeaders`, parameters. */
  env: "kubernetes.env",
  /** Tokens that the API server hands out: TokenRequest, TokenReview. */
  token: "kubernetes.token",
} as const;

/** What stands for a value of these by default. Plain, so that no format of texts has another form of it. */
export const MARKER = "masked-by-sallyport";

/** Whether a name is as the pattern has it, `*` being any run of characters; the pattern cut at its stars. */
export function fitsParts(parts: readonly string[], name: string): boolean {
  const first = parts[0]!;
  const last = parts.at(-1)!;
  if (parts.length === 1) return name === first;
  if (name.length < first.length + last.length || !name.startsWith(first)) return false;
  let at = first.length;
  for (let i = 1; i < parts.length - 1; i += 1) {
    const found = name.indexOf(parts[i]!, at);
    if (found === -1) return false;
    at = found + parts[i]!.length;
  }
  return name.length - last.length >= at && name.endsWith(last);
}
