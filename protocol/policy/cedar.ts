/**
 * What is used of Cedar's WebAssembly build. Node and workerd load it differently (node-cedar.ts,
 * workers/policy/cedar.ts); the functions are the same. A trap in it breaks the instance for good: every later call
 * throws. So what it is given is bounded before (policy-text.ts), and whoever calls it takes a throw for a refusal.
 */
export type Cedar = Pick<
  typeof import("@cedar-policy/cedar-wasm"),
  "policySetTextToParts" | "policyToJson" | "validate" | "preparsePolicySet" | "statefulIsAuthorized"
>;
