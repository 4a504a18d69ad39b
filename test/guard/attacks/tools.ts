import assert from "node:assert/strict";
import type { Guarded } from "../rig.ts";
import { type Answer, Wire } from "../wire.ts";
import { SECRET, STATE } from "./fixture.ts";

/** What an attack has: sessions through the gateway, and the superuser's own connection. */
export class Tools {
  readonly guarded: Guarded;
  readonly #sessions: Wire[] = [];

  constructor(guarded: Guarded) {
    this.guarded = guarded;
  }

  async open(startup: Record<string, string> = {}): Promise<Wire> {
    const session = await Wire.open(this.guarded.through, startup);
    this.#sessions.push(session);
    return session;
  }

  /** Ends all sessions. Fails when the secret came out in any byte of them. */
  async end(): Promise<void> {
    for (const session of this.#sessions) await session.close();
    for (const session of this.#sessions) assert.ok(!session.said.includes(SECRET), "the secret came out");
  }
}

export type Attack = (tools: Tools) => Promise<void>;

/** What must be the same after each attack as before. */
export async function stateOf({ admin }: Guarded): Promise<string> {
  const { rows } = await admin.query<{ state: string }>(STATE);
  assert.ok(rows[0]!.state, "the state can't be told");
  return rows[0]!.state;
}

/** The guard's own refusal. */
export function refused(answer: Answer, sqlstate = "42501"): void {
  const [error] = answer.errors;
  assert.ok(error, `not refused: ${answer.tags}`);
  assert.equal(error.sqlstate, sqlstate, error.message);
}

/** An error of any kind: the guard's, or the server's where nothing is left to guard against. */
export function failed(answer: Answer): void {
  assert.ok(answer.errors.length > 0, `it did not fail: ${answer.tags} ${answer.rows}`);
}

export function passed(answer: Answer): Answer {
  assert.deepEqual(answer.errors, []);
  return answer;
}
