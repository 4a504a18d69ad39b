import * as cedar from "@cedar-policy/cedar-wasm/nodejs";
import type { Cedar } from "./cedar.ts";

/** Cedar in Node; it is compiled when this module is imported, once per process. */
export function nodeCedar(): Cedar {
  return cedar;
}
