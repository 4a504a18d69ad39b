import { POD_RIGHTS } from "../kubernetes/pod-rights.ts";
import {
  anything,
  lowerCase,
  oneOf,
  type Rule,
  type Rules,
  type RulesOfActions,
  words,
} from "./literal-rules.ts";

const path: Rule = (value) =>
  value.startsWith("/") && !value.includes("?") ? null : 'A path begins with "/" and has no query: "/admin".';

const under: Rule = (value) =>
  path(value) ?? (value === "/" || !value.endsWith("/") ? null : 'Without a slash at the end: "/admin".');

const mediaType: Rule = (value) =>
  value === "" || /^[^\s/;A-Z]+\/[^\s/;A-Z]+$/.test(value)
    ? null
    : 'A media type in lower case, without parameters: "application/json".';

const nameAndValue: Rule = (value) =>
  value.includes("=") ? null : 'Write the name with the value: "dryRun=All".';

const kind: Rule = (value) =>
  /^(?:[a-z0-9.-]+\/)?[A-Z]\w*$/.test(value)
    ? null
    : 'A kind with its group, as manifests have them: "apps/Deployment", or "Pod" of the core group.';

const method: Rule = (value) =>
  value === value.toUpperCase() ? null : `Methods are in upper case: "${value.toUpperCase()}".`;

const PATHS: Rules = {
  method,
  path,
  under,
  underAnyCase: (value) => under(value) ?? lowerCase("They")(value),
  contentType: mediaType,
};

const EXCHANGE: Rules = {
  ...PATHS,
  query: anything,
  parameters: nameAndValue,
  repeated: anything,
  bodyForm: oneOf(["none", "json", "form", "text", "unread"]),
  fieldNames: anything,
  fields: nameAndValue,
  opaque: anything,
};

const API_REQUEST: Rules = {
  path,
  group: lowerCase("Groups"),
  version: lowerCase("Versions"),
  resource: lowerCase("Resources"),
  subresource: lowerCase("Subresources"),
  namespace: lowerCase("Namespaces"),
  query: anything,
  parameters: nameAndValue,
  repeated: anything,
  kinds: kind,
  images: anything,
  rights: oneOf(POD_RIGHTS),
  serviceAccounts: anything,
  labels: nameAndValue,
  fields: anything,
  command: words,
  bodyForm: oneOf(["none", "json", "text", "unread"]),
  opaque: anything,
};

const VERBS = ["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection", "proxy"];

/** What the strings of the contexts of HTTP and Kubernetes targets can be. */
export const EXCHANGE_LITERALS: RulesOfActions[] = [
  [(action) => action === "http:unreadable", PATHS],
  [(action) => action.startsWith("http:") && action !== "http:unreadable", EXCHANGE],
  [(action) => action === "kubernetes:nonresource", { ...API_REQUEST, verb: lowerCase("Verbs") }],
  [
    (action) => action.startsWith("kubernetes:") && action !== "kubernetes:nonresource",
    { ...API_REQUEST, verb: oneOf(VERBS) },
  ],
];
