import type { Attacks } from "./attack.ts";
import { CATALOGS } from "./attacks/catalogs.ts";
import { CONTROL_FLOW } from "./attacks/control-flow.ts";
import { DEFINING } from "./attacks/defining.ts";
import { DERIVED } from "./attacks/derived.ts";
import { DYNAMIC } from "./attacks/dynamic.ts";
import { ERRORS } from "./attacks/errors.ts";
import { LAUNDERING } from "./attacks/laundering.ts";
import { protocolAttacks } from "./attacks/protocol.ts";
import { READING } from "./attacks/reading.ts";
import { SERIALISING } from "./attacks/serialising.ts";
import { STORED_VALUES } from "./attacks/stored-values.ts";
import { WRITING } from "./attacks/writing.ts";

/** All attacks, by class. `oid` tells a function's object id by its signature. */
export function attacks(oid: (signature: string) => number): Record<string, Attacks> {
  return {
    ...READING,
    ...CONTROL_FLOW,
    ...ERRORS,
    ...SERIALISING,
    ...DERIVED,
    ...WRITING,
    ...DEFINING,
    ...CATALOGS,
    ...DYNAMIC,
    ...LAUNDERING,
    ...protocolAttacks(oid),
    // Last, as what they leave of rows that were taken back differs between the worlds, and plans tell it.
    ...STORED_VALUES,
  };
}
