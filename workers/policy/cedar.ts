import * as cedar from "@cedar-policy/cedar-wasm/web";
// By its path, as the package gives the module itself no name; its types are those of an instance, not of this.
import * as compiled from "../../node_modules/@cedar-policy/cedar-wasm/web/cedar_wasm_bg.wasm";
import type { Cedar } from "../../protocol/policy/cedar.ts";

let ready = false;

/** Cedar in workerd. It is made on first use: an isolate that never decides pays nothing. */
export function workerCedar(): Cedar {
  if (!ready) cedar.initSync({ module: (compiled as unknown as { default: WebAssembly.Module }).default });
  ready = true;
  return cedar;
}
