import { DurableObject } from "cloudflare:workers";
import type { Env } from "../environment.ts";

/** The append-only Merkle log: one object, named `ledger`. */
export class Ledger extends DurableObject<Env> {}
