/**
 * A place in a trace, as W3C Trace Context (https://www.w3.org/TR/trace-context/, level 1) hands it on: in fields of a
 * request, in variables of an environment. All of it is the sender's word.
 */
export interface TraceContext {
  /** 32 characters of lower-case hex, not all 0. */
  traceId: string;
  /** The span that is the parent of what the receiver does: 16 characters of lower-case hex, not all 0. */
  spanId: string;
  /** Whether the sender records the trace. */
  sampled: boolean;
  /** The list `tracestate` as it came; absent where there is none, or none that can be read. */
  state?: string;
}

/** Names of the fields; those of the environment are the same in capitals. */
export const TRACEPARENT = "traceparent";
export const TRACESTATE = "tracestate";

/** Characters of a `traceparent` of version 00, and how many may follow in a later one. */
const LENGTH = 55;
const MAX_LENGTH = 256;
/** Characters and members of a `tracestate` (section 3.3.1.1 and 3.3.1.5). */
const MAX_STATE = 512;
const MAX_MEMBERS = 32;

const PARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;
const KEY = /^(?:[a-z][a-z0-9_\-*/]{0,255}|[a-z0-9][a-z0-9_\-*/]{0,240}@[a-z][a-z0-9_\-*/]{0,13})$/;
/** Printable ASCII without comma and equals sign, no blank at the end. */
const VALUE = /^[ -+\--<>-~]{0,255}[!-+\--<>-~]$/;

/**
 * The context that two fields name; null where `traceparent` is absent or not exactly as section 3.2 has it. Of a version
 * later than 00 what follows the flags is passed over (section 4.3). A `tracestate` that breaks its grammar is dropped alone.
 */
export function readTraceContext(
  parent: string | null | undefined,
  state?: string | null,
): TraceContext | null {
  if (!parent || parent.length > MAX_LENGTH) return null;
  const [, version = "", traceId = "", spanId = "", flags = ""] = PARENT.exec(parent.slice(0, LENGTH)) ?? [];
  if (version === "" || version === "ff") return null;
  if (parent.length > LENGTH && (version === "00" || parent[LENGTH] !== "-")) return null;
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return null;
  const context = { traceId, spanId, sampled: (Number.parseInt(flags, 16) & 1) === 1 };
  return state && isTracestate(state) ? { ...context, state } : context;
}

/** The field `traceparent` of a context, in version 00; of the flags there is `sampled` alone. */
export function traceparentOf({ traceId, spanId, sampled }: TraceContext): string {
  return `00-${traceId}-${spanId}-${sampled ? "01" : "00"}`;
}

/** The fields that hand a context on. */
export function traceFields(context: TraceContext | null): Record<string, string> {
  if (context === null) return {};
  const { state } = context;
  return { [TRACEPARENT]: traceparentOf(context), ...(state !== undefined && { [TRACESTATE]: state }) };
}

/** Whether a text is a list of at most 32 members and 512 characters, with no key twice (section 3.3.1). */
function isTracestate(text: string): boolean {
  if (text.length > MAX_STATE) return false;
  const members = text
    .split(",")
    .map((member) => member.replace(/^[ \t]+|[ \t]+$/g, ""))
    .filter((member) => member !== "");
  const keys = new Set<string>();
  for (const member of members) {
    const equals = member.indexOf("=");
    const key = member.slice(0, Math.max(0, equals));
    if (keys.has(key) || !KEY.test(key) || !VALUE.test(member.slice(equals + 1))) return false;
    keys.add(key);
  }
  return keys.size > 0 && keys.size <= MAX_MEMBERS;
}
