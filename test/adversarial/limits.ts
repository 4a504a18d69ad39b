import { GUESS } from "./fixture.ts";

const TAKEN = `INSERT INTO customers (id, name, email, country) VALUES (50, 'x', '${GUESS.email}', 'DE')`;

/**
 * Attacks that learn whether a value that they know is stored, because constraints hold for stored values (the guide's
 * "limits"): their answers may differ between the worlds, but no value may come out.
 */
export const TOLD_BY_STORED_VALUES: ReadonlySet<string> = new Set([
  TAKEN,
  `${TAKEN} ON CONFLICT DO NOTHING`,
  `${TAKEN} ON CONFLICT (email) DO NOTHING RETURNING id`,
  `${TAKEN} ON CONFLICT (email) DO UPDATE SET note = 'found' RETURNING id, note`,
  `UPDATE customers SET email = '${GUESS.email}' WHERE id = 3`,
  `INSERT INTO subscriptions VALUES (50, '${GUESS.email}', 'x')`,
  `UPDATE subscriptions SET email = '${GUESS.email}' WHERE id = 1`,
]);
