import { canonicalName } from "./field-name.ts";

/**
 * Names of fields, parameters and form fields by which frameworks take a request for one of another method or path:
 * Rack, Symfony, Laravel, Express's method-override, Spring's HiddenHttpMethodFilter, OData, IIS's rewriting, Zend.
 */
const OVERRIDES: ReadonlySet<string> = new Set([
  "-method",
  "$httpmethod",
  "x-http-method-override",
  "x-http-method",
  "x-method-override",
  "x-original-method",
  "x-tunneled-method",
  "http-method-override",
  "x-original-url",
  "x-original-uri",
  "x-rewrite-url",
  "x-override-url",
  "x-http-destinationurl",
  "x-http-path-override",
]);

/** Whether what the name holds may be taken for the request's method or path. `_` is as `-`, upper case as lower. */
export function isOverride(name: string): boolean {
  return OVERRIDES.has(canonicalName(name));
}
