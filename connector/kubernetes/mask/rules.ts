import type { RequestInfo } from "../../../protocol/kubernetes/request-info.ts";
import type { JsonRules } from "../../http/mask/json-mask.ts";
import { type Claim, ObjectRules } from "../../http/mask/json-object.ts";
import { type PathRule, rootPlace, type Scalar, type Treatment } from "../../http/mask/json-place.ts";
import { type HashKeys, labelTreatment, maskedScalar } from "../../http/mask/json-value.ts";
import type { DocumentSight } from "../../http/mask/response-mask.ts";
import { type DocumentRule, KUBERNETES_LABELS, MARKER, type PathStep } from "../../mask/document-labels.ts";
import type { Label } from "../../mask/labels.ts";
import { hasPassword, isSecretName } from "./secret-names.ts";
import { maskedMessage } from "./status-text.ts";

const name = (text: string): PathStep => ({ selects: { kind: "name", name: text }, deep: false });
const ANY: PathStep = { selects: { kind: "any" }, deep: false };

/** Where objects stand in what the API server answers: itself, lists, tables, events of a watch. */
const POSITIONS: readonly (readonly PathStep[])[] = [
  [],
  [name("items"), ANY],
  [name("rows"), ANY, name("object")],
].flatMap((path) => [path, [name("object"), ...path]]);
const CELLS = [name("rows"), ANY, name("cells")];
const TABLES: readonly (readonly PathStep[])[] = [CELLS, [name("object"), ...CELLS]];

/** What is masked in what the API server answers to such a request; null: nothing for this session. */
export function kubernetesRules(
  sight: Pick<DocumentSight, "labels" | "masked" | "keys">,
  info: RequestInfo | null,
): JsonRules | null {
  const { masked, keys, labels } = sight;
  if (masked.length === 0) return null;
  const labelled = new Map(masked.map((label) => [label.name, label]));
  const secret = labelled.get(KUBERNETES_LABELS.secret);
  const token = labelled.get(KUBERNETES_LABELS.token);
  const paths: PathRule[] = [];
  if (info?.resource === "secrets" && info.group === "" && secret !== undefined) {
    paths.push(...everywhere([name("data")], encoded(secret, keys)));
    paths.push(...everywhere([name("stringData")], plain(secret, keys)));
  }
  const isToken = info?.resource === "serviceaccounts" && info.subresource === "token";
  if (isToken && token !== undefined) {
    paths.push(...everywhere([name("status"), name("token")], plain(token, keys)));
  }
  paths.push(...ownRules(labels.rules, labelled, keys, info));
  const objects = objectRules(labelled, keys, info);
  if (paths.every(({ treatment }) => treatment === null) && objects === null) return null;
  const unread = { text: JSON.stringify(MARKER), label: (secret ?? masked[0]!).name };
  return { root: rootPlace(paths), objects, unread };
}

function everywhere(path: readonly PathStep[], treatment: Treatment | null): PathRule[] {
  return POSITIONS.map((position) => ({ path: [...position, ...path], treatment }));
}

/** Those of the settings, for the resource that was asked for. */
function ownRules(
  rules: readonly DocumentRule[],
  masked: ReadonlyMap<string, Label>,
  keys: HashKeys,
  info: RequestInfo | null,
): PathRule[] {
  const found = rules.flatMap(({ where, path, label }): PathRule[] => {
    const fits =
      where === null || (info !== null && where[0] === info.resource && (where[1] ?? "") === info.group);
    if (!fits) return [];
    const isMasked = label !== null && masked.has(label.name);
    const isBinary = path.some(({ selects }) => selects.kind === "name" && selects.name === "binaryData");
    const treatment = !isMasked ? null : isBinary ? encoded(label, keys) : labelTreatment(label, keys);
    return everywhere(path, treatment);
  });
  const own = found.find(({ treatment }) => treatment !== null);
  if (own === undefined || info === null || !isCustom(info.group)) return found;
  // Of a custom resource's columns nobody knows which part of the object they show; the first is its name.
  const cells = TABLES.flatMap((table): PathRule[] => [
    { path: [...table, { selects: { kind: "index", index: 0 }, deep: false }], treatment: null },
    { path: [...table, ANY], treatment: own.treatment },
  ]);
  return [...cells, ...found];
}

/** Not one of the API server's own groups. */
function isCustom(group: string): boolean {
  return group.includes(".") && !group.endsWith(".k8s.io");
}

function objectRules(
  masked: ReadonlyMap<string, Label>,
  keys: HashKeys,
  info: RequestInfo | null,
): ObjectRules | null {
  const claims = new Map<string, Claim[]>();
  const add = (member: string, claim: Claim) => claims.set(member, [...(claims.get(member) ?? []), claim]);
  const isKind = (...kinds: string[]) => {
    const set = new Set(kinds);
    return (told: string | null) => told !== null && set.has(told);
  };
  const secret = masked.get(KUBERNETES_LABELS.secret);
  if (secret !== undefined) {
    const deep = { by: "kind", holds: isKind("Secret"), isDeep: true } as const;
    add("data", { ...deep, treatment: encoded(secret, keys) });
    add("stringData", { ...deep, treatment: plain(secret, keys) });
    // Items of typed lists don't say their kind. A list of Secrets that was asked for is known without.
    const isAsked = info?.resource === "secrets" && info.group === "";
    const items = only((value) => !PUBLIC.has(value.key ?? ""), encoded(secret, keys));
    if (!isAsked) add("items", { ...deep, holds: isKind("SecretList"), treatment: items });
  }
  const token = masked.get(KUBERNETES_LABELS.token);
  if (token !== undefined) {
    const treatment = only((value) => TOKENS.has(value.key ?? ""), plain(token, keys));
    const deep = { by: "kind", isDeep: true, treatment } as const;
    add("status", { ...deep, holds: isKind("TokenRequest", "ExecCredential") });
    add("spec", { ...deep, holds: isKind("TokenReview") });
    add("users", { ...deep, holds: isKind("Config") });
  }
  const env = masked.get(KUBERNETES_LABELS.env);
  if (env !== undefined) {
    const shallow = { by: "name", isDeep: false } as const;
    const isSecret = (told: string | null) => told !== null && isSecretName(told);
    add("value", { ...shallow, holds: isSecret, treatment: plain(env, keys) });
    const address = only(({ text }) => text === null || hasPassword(text), plain(env, keys));
    add("value", { ...shallow, holds: () => true, treatment: address });
  }
  const told = env ?? secret;
  if (told !== undefined) {
    const isSecrets = info?.resource === "secrets";
    const treatment: Treatment = {
      label: told.name,
      container: null,
      scalar: ({ type, text, key }) => {
        if (type !== "string" || key !== "message") return null;
        const message = text === null ? "" : maskedMessage(text, isSecrets);
        return message === null ? null : JSON.stringify(message);
      },
    };
    for (const member of ["message", "details"]) {
      add(member, { by: "kind", holds: isKind("Status"), isDeep: true, treatment });
    }
  }
  return claims.size === 0 ? null : new ObjectRules(claims, [...TOKENS, ...PUBLIC]);
}

/** Members of an object in a list that say nothing of what it keeps. */
const PUBLIC = new Set([
  ...["apiVersion", "kind", "name", "namespace", "uid", "resourceVersion", "creationTimestamp", "type"],
  "immutable",
]);
const TOKENS = new Set([
  ...["token", "password", "client-key-data", "clientKeyData", "access-token", "id-token", "refresh-token"],
  ...["accessToken", "idToken", "refreshToken"],
]);

function only(fits: (value: Scalar) => boolean, treatment: Treatment): Treatment {
  return { ...treatment, scalar: (value) => (fits(value) ? treatment.scalar(value) : null) };
}

/** Each scalar is masked; names stay, and so does what is empty. */
function plain(label: Label, keys: HashKeys): Treatment {
  return {
    label: label.name,
    container: null,
    scalar: (value) => (value.text === "" ? null : maskedScalar(label.mask, keys, value)),
  };
}

/** The same of values in Base64, which the masked ones are in as well, so that clients can decode them. */
function encoded(label: Label, keys: HashKeys): Treatment {
  return {
    label: label.name,
    container: null,
    scalar: (value) => {
      if (value.type !== "string") return plain(label, keys).scalar(value);
      if (value.text === "") return null;
      const text = value.text === null ? null : Buffer.from(value.text, "base64").toString();
      const masked = JSON.parse(maskedScalar(label.mask, keys, { type: "string", text })) as string | null;
      return masked === null ? "null" : JSON.stringify(Buffer.from(masked).toString("base64"));
    },
  };
}
