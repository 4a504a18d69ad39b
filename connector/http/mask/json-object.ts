import type { Treatment } from "./json-place.ts";
import { nameTable } from "./json-place.ts";

/** Members by which objects tell what they are. */
export type Teller = "kind" | "name";

/** What holds of a member of an object that says of itself what it is, wherever in a document it stands. */
export interface Claim {
  by: Teller;
  /** Whether it holds, by what the object says; null where it says nothing. */
  holds(told: string | null): boolean;
  /** It holds of all that is in the value too; else only of a scalar. */
  isDeep: boolean;
  treatment: Treatment;
}

/** Claims by the names of members. */
export class ObjectRules {
  readonly claims: ReadonlyMap<string, readonly Claim[]>;
  /** First bytes and lengths of the names that matter; as `Place.names`. */
  readonly names: Uint32Array;

  /** `names`: others by which treatments tell what to leave. */
  constructor(claims: ReadonlyMap<string, readonly Claim[]>, names: Iterable<string> = []) {
    this.claims = claims;
    this.names = nameTable(["kind", "name", ...claims.keys(), ...names]);
  }
}
