import type { Attacks } from "../attack.ts";
import { GUESS } from "../fixture.ts";
import { copied } from "./protocol.ts";

const TAKEN = `INSERT INTO customers (id, name, email, country) VALUES (50, 'x', '${GUESS.email}', 'DE')`;

/**
 * Constraints hold for stored values, so whoever writes a value that is known already learns whether it is there (the
 * guide's "limits"). Answers may differ between the worlds; no value may come out.
 */
export const CONFIRMED = "stored values that a constraint confirms";

export const STORED_VALUES: Record<string, Attacks> = {
  [CONFIRMED]: [
    TAKEN,
    `${TAKEN} ON CONFLICT DO NOTHING`,
    `${TAKEN} ON CONFLICT (email) DO NOTHING RETURNING id`,
    `${TAKEN} ON CONFLICT (email) DO UPDATE SET note = 'found' RETURNING id, note`,
    `${TAKEN} ON CONFLICT (email) DO UPDATE SET note = 'found' RETURNING customers.phone, ssn`,
    `UPDATE customers SET email = '${GUESS.email}' WHERE id = 3`,
    `INSERT INTO subscriptions VALUES (50, '${GUESS.email}', 'x')`,
    `UPDATE subscriptions SET email = '${GUESS.email}' WHERE id = 1`,
    [copied("COPY subscriptions FROM STDIN (FORMAT csv)", `70,${GUESS.email},x`)],
    [copied("COPY customers (id, name, email, country) FROM STDIN (FORMAT csv)", `70,x,${GUESS.email},DE`)],
  ],
};
