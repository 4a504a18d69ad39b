import { ATTACKS_BY_OPTION } from "./attacks-by-option.ts";
import { ATTACKS_BY_PLACE } from "./attacks-by-place.ts";
import { ATTACKS_BY_PROGRAM } from "./attacks-by-program.ts";
import { ATTACKS_BY_SHELL } from "./attacks-by-shell.ts";
import { ATTACKS_ON_SECRETS } from "./attacks-on-secrets.ts";
import { ATTACKS_ON_VALUES } from "./attacks-on-values.ts";
import type { AttackClass } from "./line.ts";

/**
 * Command lines that do what a strict policy doesn't permit, and try not to look it: none of them may be allowed
 * under the starter policies. Some do nothing on this or that shell or machine; on another they do.
 */
export const ATTACKS: readonly AttackClass[] = [
  ...ATTACKS_BY_SHELL,
  ...ATTACKS_ON_SECRETS,
  ...ATTACKS_ON_VALUES,
  ...ATTACKS_BY_PROGRAM,
  ...ATTACKS_BY_OPTION,
  ...ATTACKS_BY_PLACE,
];
