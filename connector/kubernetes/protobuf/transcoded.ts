import { SallyportError } from "../../../protocol/errors.ts";
import { fieldValue } from "../../../protocol/http/fields.ts";
import type { RequestHead } from "../../../protocol/http/head.ts";
import { readMediaType } from "../../../protocol/http/media-type.ts";
import { type HttpRequest, MAX_JUDGED_BODY } from "../../../protocol/http/request.ts";
import { isWrite } from "../../../protocol/kubernetes/authority.ts";
import { isConnect } from "../../../protocol/kubernetes/status.ts";
import { type Refusal, refusalOf } from "../../http/refusal.ts";
import type { Transcoded } from "../../http/rules.ts";
import { objectJson } from "./object-json.ts";
import { ProtobufFault } from "./wire.ts";

const PROTOBUF = "application/vnd.kubernetes.protobuf";
const JSON_TYPE = "application/json";

/** Fields of a body that are others for another one. */
const OF_BODY = /^(?:content-(?:type|length|encoding|md5|digest)|digest|repr-digest)$/;

const HINT =
  "Send JSON: kubectl apply -f, or kubectl create --dry-run=client -o yaml | kubectl create -f -; of client-go, rest.Config.ContentType.";

/** Whether its body should be one object in protobuf. A patch never is. */
export function isProtobufObject({ contentType, kubernetes }: HttpRequest): boolean {
  if (contentType === null || kubernetes === null) return false;
  const isObject = isWrite(kubernetes) && !isConnect(kubernetes) && kubernetes.verb !== "patch";
  return isObject && readMediaType(contentType)?.essence === PROTOBUF;
}

/**
 * A request of `isProtobufObject` as JSON, so that what is judged is what is done. What has no such JSON is refused, or,
 * where nobody looks at it (`isSeen` false), goes on as it came: null. It may be for an API that other servers add.
 */
export function transcoded(
  head: RequestHead,
  body: Buffer,
  isSeen: boolean,
): { transcoded: Transcoded } | { refusal: Refusal } | null {
  const json = jsonOf(head, body);
  if (!Buffer.isBuffer(json)) return isSeen ? { refusal: json } : null;
  const kept = head.fields.filter(([name]) => !OF_BODY.test(name));
  return { transcoded: { head: { ...head, fields: [...kept, ["content-type", JSON_TYPE]] }, body: json } };
}

function jsonOf(head: RequestHead, body: Buffer): Buffer | Refusal {
  const coding = fieldValue(head.fields, "content-encoding");
  if (coding !== null && coding.toLowerCase() !== "identity") return refusal(415, "it is compressed");
  try {
    return objectJson(body, MAX_JUDGED_BODY);
  } catch (error) {
    if (error instanceof ProtobufFault) return refusal(error.status, error.message);
    if (error instanceof SallyportError) return refusalOf(error);
    throw error;
  }
}

function refusal(status: 400 | 415, why: string): Refusal {
  return {
    code: "invalid_request",
    status,
    message: `the object in protobuf can't be read: ${why}`,
    hint: HINT,
  };
}
