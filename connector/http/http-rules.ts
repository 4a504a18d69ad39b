import { httpFacts } from "../../protocol/http/facts-of.ts";
import { fieldValue } from "../../protocol/http/fields.ts";
import { UPGRADE_FIELD } from "../../protocol/http/head.ts";
import { readTarget } from "../../protocol/http/target.ts";
import { type ExchangeRules, requestOf } from "./rules.ts";
import type { HttpTargetConfig } from "./target/config.ts";

/** What holds for the exchanges of HTTP targets. */
export function httpRules({ encodedSlashes }: HttpTargetConfig): ExchangeRules {
  return {
    kind: "http",
    account: "",
    readsBodies: false,
    refusal: () => null,
    transcoded: () => null,
    request: (head) => {
      readTarget(head.target, { encodedSlashes });
      return requestOf(head, null);
    },
    facts: ({ target, contentType, streamed }, { fields }, body) =>
      httpFacts(readTarget(target, { encodedSlashes }), {
        contentType,
        contentEncoding: fieldValue(fields, "content-encoding"),
        body,
        streamed,
      }),
    // A protocol that Sallyport does not speak is not begun: the target may answer without it (RFC 9110 section 7.8).
    fields: (_request, { fields }) => fields.filter(([name]) => name !== UPGRADE_FIELD),
  };
}
