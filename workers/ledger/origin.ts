import { isOrigin } from "../../protocol/ledger/checkpoint.ts";
import type { Env } from "../environment.ts";
import type { LedgerLog } from "./log.ts";

/** Where no public URL is set. */
const NAMELESS = "sallyport/ledger";

/**
 * The ledger's name: its public address without the scheme. What it was at the first entry, it stays: checkpoints under
 * another name would be those of another log.
 */
export function originOf(log: LedgerLog, { PUBLIC_URL }: Pick<Env, "PUBLIC_URL">): string {
  const known = log.fact("origin");
  if (known !== null) return known;
  const origin = originFor(PUBLIC_URL);
  log.keepFact("origin", origin);
  return origin;
}

/** `sallyport.example.com/ledger` for `https://sallyport.example.com`. */
export function originFor(publicUrl: string | undefined): string {
  const origin = URL.canParse(publicUrl ?? "") ? `${new URL(publicUrl!).host}/ledger` : NAMELESS;
  return isOrigin(origin) ? origin : NAMELESS;
}
