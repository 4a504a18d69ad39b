/**
 * Attributes of our own, beside the semantic conventions of OpenTelemetry. What stands in any attribute comes of fixed
 * vocabularies, of settings, or is a number: never a statement, a command, a path, a field, or what was answered.
 */
export const ATTRIBUTE = {
  session: "sallyport.session.id",
  target: "sallyport.target",
  kind: "sallyport.target.kind",
  connector: "sallyport.connector",
  mode: "sallyport.mode",
  /** How a session ended: `closed`, or the code of an error. */
  end: "sallyport.session.end",
  /** Bytes that were logged of the agent, and for it. */
  agentBytes: "sallyport.agent.bytes",
  targetBytes: "sallyport.target.bytes",
  /** Spans of a session that were not made, as there were too many. */
  leftOut: "sallyport.spans.left_out",
  verdict: "sallyport.verdict",
  outcome: "sallyport.outcome",
  actions: "sallyport.actions",
  policies: "sallyport.policies",
  masked: "sallyport.masked.values",
  /** `SESSION-NUMBER`, as `sallyport approvals show` takes it. */
  approval: "sallyport.approval.id",
  approvalOutcome: "sallyport.approval.outcome",
} as const;

/** Of the semantic conventions that are still in development: their module is large, and names may change. */
export const UNSTABLE = {
  exitCode: "process.exit.code",
  requestBytes: "http.request.body.size",
  responseBytes: "http.response.body.size",
} as const;

/** The methods that the semantic conventions know; of others only that they are others is told. */
const METHODS: ReadonlySet<string> = new Set([
  "GET",
  "HEAD",
  "POST",
  "PUT",
  "DELETE",
  "CONNECT",
  "OPTIONS",
  "TRACE",
  "PATCH",
  "QUERY",
]);

/** `http.request.method` of the semantic conventions. */
export function methodAttribute(method: string): Record<string, string> {
  return { "http.request.method": METHODS.has(method) ? method : "_OTHER" };
}
