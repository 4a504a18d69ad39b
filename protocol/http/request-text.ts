import type { RequestInfo } from "../kubernetes/request-info.ts";
import type { HttpRequest, RequestBody } from "./request.ts";

/**
 * A request in words that mean exactly it. The first line is what a Kubernetes API server takes it for, where it goes
 * to one; then stand method and target as they are sent, and what of the request they don't tell. A body that is text
 * is the rest after an empty line; of another stand size and digest. No name passes for other words: those with
 * anything but letters, digits and marks that part no words stand within quotation marks, as in JSON.
 */
export function exchangeText(request: HttpRequest): string {
  const { kubernetes, method, target, body } = request;
  const head = [
    ...(kubernetes === null ? [] : [apiText(kubernetes)]),
    [`${quoted(method)} ${targetText(target)}`, ...remarks(request)].join(", "),
  ].join("\n");
  return body === null || body.text === null ? head : `${head}\n\n${body.text}`;
}

/** What an API server takes a request for: `patch deployments.apps web in namespace shop`. */
export function apiText(info: RequestInfo): string {
  const { isResource, verb, path, group, resource, subresource, name, namespace, parts } = info;
  if (!isResource) return `${quoted(verb)} ${quoted(path)}`;
  const kind = [resource, ...(group === "" ? [] : [group])].map(quoted).join(".");
  const rest = parts.slice(3).map(quoted).join("/");
  const below = subresource === "" ? "" : `/${quoted(subresource)}${rest === "" ? "" : `/${rest}`}`;
  return [
    quoted(verb),
    `${kind}${below}`,
    ...(name === "" ? [] : [quoted(name)]),
    ...(namespace === "" || resource === "namespaces" ? [] : [`in namespace ${quoted(namespace)}`]),
  ].join(" ");
}

function remarks({ contentType, fields, body, streamed, websocket }: HttpRequest): string[] {
  return [
    ...(websocket ? ["as a WebSocket"] : []),
    ...(contentType === null ? [] : [`content type ${quoted(contentType)}`]),
    ...fields.map(([name, value]) => `field ${quoted(name)} ${JSON.stringify(value)}`),
    ...(streamed ? ["with a body that is sent unread"] : []),
    ...(body === null ? [] : [bodyText(body)]),
  ];
}

function bodyText({ bytes, sha256, text }: RequestBody): string {
  if (text !== null) return `with a body of ${bytes} bytes:`;
  return `with a body of ${bytes} bytes that are no text, SHA-256 ${sha256}`;
}

/** Letters, digits and marks that part no words; an empty name is quoted, too. */
const PLAIN = /^[\p{L}\p{N}_./@%:=~+*-]+$/u;

function quoted(name: string): string {
  return PLAIN.test(name) ? name : JSON.stringify(name);
}

/** A target is of printable ASCII without a blank, and it ends at the first: a comma is what could follow it. */
function targetText(target: string): string {
  return /^\/[!-~]*$/.test(target) && !/[",]/.test(target) ? target : JSON.stringify(target);
}
