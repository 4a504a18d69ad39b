import type { BodyForm } from "../http/facts.ts";
import { type BodyToRead, readableAs } from "../http/facts-of.ts";
import { type JsonValue, readJson, readUtf8 } from "../http/json.ts";
import { isWrite } from "./authority.ts";
import { type Change, readJsonPatch } from "./json-patch.ts";
import type { RequestInfo } from "./request-info.ts";
import { isConnect } from "./status.ts";
import { readYaml } from "./yaml.ts";

export interface ReadBody {
  /** YAML counts as `json`, which the API server makes of it. */
  bodyForm: BodyForm;
  /** What the body would leave: one whole or partial object, or what each operation of a JSON patch sets. */
  changes: readonly Change[];
  opaque: readonly string[];
}

/** How bodies are read, by media type, as the API server compares it. */
type Reader = (text: string) => { changes: readonly Change[]; opaque: readonly string[] };

const OBJECTS: Readonly<Record<string, Reader>> = {
  "application/json": jsonObject,
  "application/yaml": yamlObject,
};

const PATCHES: Readonly<Record<string, Reader>> = {
  "application/json-patch+json": jsonPatch,
  "application/merge-patch+json": jsonObject,
  "application/strategic-merge-patch+json": jsonObject,
  "application/apply-patch+yaml": yamlObject,
};

/** Reads what a request's body would change; of what changes nothing, and of connections, it is not looked into. */
export function readBody(info: RequestInfo, request: BodyToRead): ReadBody {
  const contentType = request.contentType ?? (info.verb === "patch" ? null : "application/json");
  const readable = readableAs({ ...request, contentType });
  if ("none" in readable) return { bodyForm: "none", changes: [], opaque: [] };
  if ("unread" in readable) return unread(readable.unread);
  if (!isWrite(info) || isConnect(info)) return unread("the body is none of an object of the API");
  const { essence } = readable.type;
  const readers = info.verb === "patch" ? PATCHES : OBJECTS;
  if (!Object.hasOwn(readers, essence)) return unread(`bodies of ${essence} are not read`);
  const text = readUtf8(readable.body);
  if (text === null) return unread("the body is no UTF-8, or begins with a byte order mark");
  return { bodyForm: "json", ...readers[essence]!(text) };
}

function unread(why: string): ReadBody {
  return { bodyForm: "unread", changes: [], opaque: [why] };
}

function jsonObject(text: string): ReturnType<Reader> {
  return wholeBody(readJson(text, { foldCase: false }));
}

function yamlObject(text: string): ReturnType<Reader> {
  return wholeBody(readYaml(text));
}

function jsonPatch(text: string): ReturnType<Reader> {
  const { value, opaque } = readJson(text, { foldCase: false });
  if (value === undefined) return { changes: [], opaque };
  const patch = readJsonPatch(value);
  return { changes: patch.changes, opaque: [...opaque, ...patch.opaque] };
}

function wholeBody(read: { value: JsonValue | undefined; opaque: readonly string[] }): ReturnType<Reader> {
  if (read.value === undefined) return { changes: [], opaque: read.opaque };
  if (!(read.value instanceof Map)) return { changes: [], opaque: [...read.opaque, "the body is no object"] };
  return { changes: [{ path: [], value: read.value }], opaque: read.opaque };
}
