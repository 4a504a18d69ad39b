// By their paths: the package lets neither be imported by name. This build's glue, of all of them, can be given another
// instance; what the package calls the module's types are those of an instance, not of this.
import * as glue from "../../node_modules/@cedar-policy/cedar-wasm/esm/cedar_wasm_bg.js";
import * as compiled from "../../node_modules/@cedar-policy/cedar-wasm/esm/cedar_wasm_bg.wasm";
import type { Cedar } from "../../protocol/policy/cedar.ts";
import { RecoveringCedar } from "../../protocol/policy/recovering-cedar.ts";

const { default: module } = compiled as unknown as { default: WebAssembly.Module };
/** Under which name the module imports the glue. */
const GLUE = "./cedar_wasm_bg.js";

interface Exports {
  memory: WebAssembly.Memory;
  __wbindgen_start(): void;
}
let last: Exports | null = null;

/** An instance in place of the last. */
function instantiate(): Cedar {
  const exports = new WebAssembly.Instance(module, { [GLUE]: glue }).exports as unknown as Exports;
  // The glue keeps views of the last one's memory until they are detached, which growing does, by nothing too.
  last?.memory.grow(0);
  glue.__wbg_set_wasm(exports);
  exports.__wbindgen_start();
  last = exports;
  return glue;
}

const cedar = new RecoveringCedar(instantiate);

/** Cedar in workerd. It is made on first use, as an isolate that never decides pays nothing, and again after it failed. */
export function workerCedar(): Cedar {
  return cedar;
}
