/** The JavaScript half of Cedar's build for bundlers; the package has no types of its own for it. */
declare module "*/cedar_wasm_bg.js" {
  import type * as cedar from "@cedar-policy/cedar-wasm";

  export const policySetTextToParts: typeof cedar.policySetTextToParts;
  export const policyToJson: typeof cedar.policyToJson;
  export const validate: typeof cedar.validate;
  export const preparsePolicySet: typeof cedar.preparsePolicySet;
  export const statefulIsAuthorized: typeof cedar.statefulIsAuthorized;
  /** Gives it the exports of an instance, in place of those before. */
  export function __wbg_set_wasm(exports: unknown): void;
}
