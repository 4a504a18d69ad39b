import type { SessionFacts } from "../../../protocol/control.ts";
import { SallyportError } from "../../../protocol/errors.ts";
import { isAllowed } from "../../../protocol/principal-pattern.ts";
import { DEFAULT_ACCOUNT, type SshAccount, type SshTargetConfig } from "./config.ts";

type Who = Pick<SessionFacts, "principal" | "groups" | "onBehalfOf">;

/**
 * The login name at the target that a principal gets who asked for this one; `DEFAULT_ACCOUNT` asks for the first that
 * it may have. Throws `forbidden`; of accounts that somebody else may have it says nothing.
 */
export function accountFor(config: SshTargetConfig, facts: Who, requested: string): string {
  const own = config.accounts.filter(({ allow }) => isAllowed(allow, facts));
  const named = own.find(({ name }) => name === requested);
  if (named !== undefined) return named.name;
  const [first] = own;
  if (first === undefined) {
    throw new SallyportError(
      "forbidden",
      `you may have no account of target ${config.name}`,
      "Whoever runs its connector says in its configuration (accounts, allow) who may have which.",
    );
  }
  if (requested === DEFAULT_ACCOUNT) return first.name;
  throw new SallyportError(
    "forbidden",
    `you may not have this account of target ${config.name}`,
    `You may have ${own.map(({ name }) => name).join(", ")}; ${DEFAULT_ACCOUNT} stands for the first.`,
  );
}

/** An account by its name. Throws `internal` for one that isn't configured. */
export function findAccount({ name, accounts }: SshTargetConfig, account: string): SshAccount {
  const found = accounts.find((one) => one.name === account);
  if (found !== undefined) return found;
  throw new SallyportError("internal", `target ${name} has no such account`);
}
