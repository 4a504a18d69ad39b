import { createRequire } from "node:module";
import type { Cedar } from "./cedar.ts";
import { RecoveringCedar } from "./recovering-cedar.ts";

const require = createRequire(import.meta.url);
const PACKAGE = "@cedar-policy/cedar-wasm/nodejs";

/** The package makes its one instance when it is loaded: forgotten and loaded again, it makes another. */
const cedar = new RecoveringCedar(() => {
  delete require.cache[require.resolve(PACKAGE)];
  return require(PACKAGE) as Cedar;
});

/** Cedar in Node. It is compiled on first use, and again after it failed. */
export function nodeCedar(): Cedar {
  return cedar;
}
