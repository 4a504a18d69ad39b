import type { Env } from "../environment.ts";
import { logLine } from "../log-line.ts";
import type { Ledger } from "./object.ts";

/** The one object that holds the ledger. */
export function ledgerStub(env: Pick<Env, "LEDGER">): DurableObjectStub<Ledger> {
  return env.LEDGER.getByName("ledger");
}

/**
 * Tells the ledger that its outbox has rows. Never throws, and need not be waited for: the rows are there, and the
 * scheduled sweep tells it again.
 */
export async function wakeLedger(env: Pick<Env, "LEDGER">): Promise<void> {
  try {
    await ledgerStub(env).wake();
  } catch (error) {
    logLine("warning", "the ledger could not be woken", { error });
  }
}
