import { SallyportError } from "../../protocol/errors.ts";

/**
 * What an agent is told of a failure: typed errors as they are, but for those of the connector's configuration, whose
 * paths and variables it needn't know; the connector's log says them. `otherwise`: of what is no typed error.
 */
export function toldError(cause: unknown, target: string, otherwise: string): SallyportError {
  if (!(cause instanceof SallyportError)) return new SallyportError("internal", otherwise);
  if (cause.code !== "invalid_config") return cause;
  return new SallyportError(
    "invalid_config",
    `the connector can't use its configuration of target ${target}`,
    "The connector's log says what is wrong; tell its operator.",
  );
}
