/**
 * The witness's table in DynamoDB: its keys and indexes, and the questions that each answers. infra/aws/witness.yaml
 * makes the same; docs/witness.md has what each costs.
 *
 * One table may witness several ledgers: every key begins with the ledger's origin, which holds no space.
 *
 * | item | `pk` | `n` |
 * |---|---|---|
 * | leaf | `ORIGIN leaves` | its index |
 * | checkpoint | `ORIGIN checkpoints` | its size |
 * | origin | `origins` | the first 48 bits of SHA-256 of the origin |
 */
export const TABLE_KEY = { partition: "pk", sort: "n" } as const;

/** Every index sorts by when a leaf's entry happened, ms since 1970, and holds keys alone. */
export const INDEX_SORT = "time";

/**
 * The indexes, by what is asked. Each is named as its partition key, which is `ORIGIN VALUE` and stands on those leaves
 * alone that have a value: who did not ask for an approval costs no write in `verdict`.
 */
export const INDEXES = ["principal", "target", "session", "verdict", "agreement", "day"] as const;

export type IndexName = (typeof INDEXES)[number];

/** Bytes of a value that is found by an index, so that the key has no more than the 2,048 that DynamoDB takes. */
export const MAX_KEY_VALUE = 1_024;

/** UTC, as the index `day` has it; null for a time that no calendar has. */
export function dayOf(time: number): string | null {
  return Number.isFinite(new Date(time).getTime()) ? new Date(time).toISOString().slice(0, 10) : null;
}

export function partitionOf(origin: string, part: "leaves" | "checkpoints"): string {
  return `${origin} ${part}`;
}

export function indexKey(origin: string, value: string): string {
  return `${origin} ${value}`;
}

export const ORIGINS = "origins";
