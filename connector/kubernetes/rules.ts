import type { SessionFacts } from "../../protocol/control.ts";
import { SallyportError } from "../../protocol/errors.ts";
import { fieldValue } from "../../protocol/http/fields.ts";
import { type RequestHead, UPGRADE_FIELD } from "../../protocol/http/head.ts";
import type { HttpRequest } from "../../protocol/http/request.ts";
import { acceptJson } from "../../protocol/kubernetes/accept.ts";
import { kubernetesFacts } from "../../protocol/kubernetes/facts-of.ts";
import { requestInfo } from "../../protocol/kubernetes/reading-request-info.ts";
import { isSchemaDocument } from "../../protocol/kubernetes/schema-document.ts";
import { isConnect } from "../../protocol/kubernetes/status.ts";
import type { Refusal } from "../http/refusal.ts";
import { type ExchangeRules, requestOf } from "../http/rules.ts";
import { isProtobufObject, transcoded } from "./protobuf/transcoded.ts";
import type { KubernetesTargetConfig } from "./target/config.ts";
import { impersonation } from "./target/impersonation.ts";

/** Encodings of objects that nobody here reads; client libraries go on with JSON when they are told so. */
const UNREAD = /^application\/(?:vnd\.kubernetes\.protobuf|cbor|cbor-seq|apply-patch\+cbor|.*\+protobuf)\b/i;

const UNSUPPORTED: Refusal = {
  code: "invalid_request",
  status: 415,
  message:
    "a body of this type can't be looked into here, and the policies or masks in force look into objects",
  hint: "Send JSON or YAML.",
};

/** What holds for one session's requests to a Kubernetes API server. Throws `forbidden` where it can't be told who asks. */
export function kubernetesRules(config: KubernetesTargetConfig, facts: SessionFacts) {
  const who = impersonation(config.impersonate, facts);
  return { rules: rulesAs(who.user), identity: who.fields };
}

function rulesAs(account: string): ExchangeRules {
  return {
    kind: "kubernetes",
    account,
    readsBodies: true,
    refusal: (request, isSeen) =>
      isSeen && UNREAD.test(request.contentType ?? "") && !isProtobufObject(request) ? UNSUPPORTED : null,
    transcoded: (request, head, body, isSeen) =>
      body.length > 0 && isProtobufObject(request) ? transcoded(head, body, isSeen) : null,
    request: (head) => requestOf(head, requestInfo(head.method, head.target)),
    facts: (request, head, body) =>
      kubernetesFacts(request, fieldValue(head.fields, "content-encoding"), body),
    fields: (request, head) => {
      refuseUpgrade(request, head);
      const info = request.kubernetes;
      // What is behind a proxy is no API server.
      return info !== null && (isConnect(info) || isSchemaDocument(info))
        ? head.fields
        : acceptJson(head.fields);
    },
  };
}

/** Said once the request itself may pass, so that who may not hears that instead. */
function refuseUpgrade({ kubernetes }: HttpRequest, { fields, websocket }: RequestHead): void {
  const asked = fieldValue(fields, UPGRADE_FIELD);
  if (asked === null && (websocket !== undefined || kubernetes === null || !needsUpgrade(kubernetes))) return;
  throw new SallyportError(
    "invalid_request",
    `exec, attach and port-forward go through WebSockets here, not ${asked === null ? "plain requests" : "SPDY"}`,
    "Use kubectl 1.31 or later; set KUBECTL_REMOTE_COMMAND_WEBSOCKETS=true and KUBECTL_PORT_FORWARD_WEBSOCKETS=true for 1.29 and 1.30.",
  );
}

function needsUpgrade(info: NonNullable<HttpRequest["kubernetes"]>): boolean {
  return isConnect(info) && info.subresource !== "proxy" && info.verb !== "proxy";
}
