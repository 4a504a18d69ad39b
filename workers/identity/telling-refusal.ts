import type { Env } from "../environment.ts";
import { ledgerStub } from "../ledger/stub.ts";
import { logLine } from "../log-line.ts";
import { isSiemOn, type SiemEnv } from "../siem/settings.ts";
import { SignInGatherer } from "../siem/sign-in-gatherer.ts";
import { SignInRefused } from "./sign-in-refused.ts";

export type TellingEnv = SiemEnv & Pick<Env, "LEDGER" | "ADDRESS_HEADER">;

/** What this instance of the Worker has refused and not reported. */
const gatherer = new SignInGatherer();

/**
 * Proves who it is by `prove`. That a credential is refused is told to a SIEM, where one is set: counted with others that are
 * alike, and without waiting for it. Throws what `prove` throws.
 */
export async function tellingRefusal<T>(
  env: TellingEnv,
  ctx: Pick<ExecutionContext, "waitUntil">,
  address: string,
  prove: () => T | Promise<T>,
): Promise<T> {
  try {
    return await prove();
  } catch (error) {
    if (error instanceof SignInRefused && isSiemOn(env)) note(env, ctx, address, error);
    throw error;
  }
}

function note(
  env: TellingEnv,
  ctx: Pick<ExecutionContext, "waitUntil">,
  address: string,
  { reason, who }: SignInRefused,
): void {
  const now = Date.now();
  const { principal = null, issuer = null } = who;
  const report = gatherer.note(
    { reason, principal, issuer, address, count: 1, first: now, last: now },
    {
      clock: Date.now,
      sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
      send: async (refused) => {
        await ledgerStub(env).refusedSignIns(refused);
      },
      log: logLine,
    },
  );
  if (report !== null) ctx.waitUntil(report);
}
