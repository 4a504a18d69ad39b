import { type ErrorCode, SallyportError } from "../../protocol/errors.ts";
import type { RefusedSignIns, SignInReason } from "../../protocol/ocsf/sign-in.ts";

/** What is known of whoever was refused; of an issuer what a token claims, where nothing proves it. */
export type RefusedWho = Partial<Pick<RefusedSignIns, "principal" | "issuer">>;

/** A credential was shown, and is not accepted. */
export class SignInRefused extends SallyportError {
  readonly reason: SignInReason;
  readonly who: RefusedWho;

  constructor(
    reason: SignInReason,
    message: string,
    { hint, code = "unauthenticated", ...who }: RefusedWho & { hint?: string; code?: ErrorCode } = {},
  ) {
    super(code, message, hint);
    this.reason = reason;
    this.who = who;
  }
}
