import type { ExchangeFacts } from "../../protocol/http/facts.ts";
import { argumentsText } from "../../protocol/policy/arguments.ts";
import type { Field } from "./line-fields.ts";

/** What was proved of a request to an HTTP or Kubernetes target, for people. */
export function exchangeFields(facts: ExchangeFacts): Field[] {
  const complete: Field = ["complete", facts.opaque.length === 0 ? "yes" : `no: ${facts.opaque.join("; ")}`];
  if (facts.type === "http") {
    const pairs = (all: readonly (readonly [string, string])[]) =>
      all.map(([name, value]) => `${name}=${value}`);
    return [
      ["path", facts.path],
      ...list("parameters", pairs(facts.query)),
      ["body", facts.bodyForm],
      ...list("fields", pairs(facts.fields)),
      complete,
    ];
  }
  return [
    ["body", facts.bodyForm],
    ...list("kinds", facts.kinds),
    ...list("replicas", facts.replicas === null ? [] : [String(facts.replicas)]),
    ...list("images", facts.images),
    ...list("rights", facts.rights),
    ...list("run as", facts.serviceAccounts),
    ...list("labels", facts.labels),
    ...list("who may", facts.rbac ? ["it changes who may do what"] : []),
    ...list("sets", facts.fields),
    ...list("dry run", facts.dryRun ? ["nothing would be kept"] : []),
    ...list("command", facts.command.length === 0 ? [] : [argumentsText(facts.command)]),
    complete,
  ];
}

function list(name: string, values: readonly string[]): Field[] {
  return values.length === 0 ? [] : [[name, values.join(", ")]];
}
