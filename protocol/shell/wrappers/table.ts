import { ACCOUNTS } from "./accounts.ts";
import { CONTAINERS } from "./containers.ts";
import { OPERANDS } from "./operands.ts";
import { PLAIN } from "./plain.ts";
import { SHELLS } from "./shells.ts";
import type { Wrapper } from "./wrapper.ts";

/** Every program that runs others by its arguments, with how they lead to them. */
export const WRAPPERS: ReadonlyMap<string, Wrapper> = new Map(
  Object.entries({ ...PLAIN, ...ACCOUNTS, ...SHELLS, ...OPERANDS, ...CONTAINERS }),
);
