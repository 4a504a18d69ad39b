import { readFileSync } from "node:fs";
import { dirname, relative, resolve } from "node:path";
import { TARGET_KINDS } from "../../protocol/control.ts";
import { type Issuer, NO_APPROVERS, type Settings, type Target } from "../../protocol/directory.ts";
import { type Field, readDocument } from "../../protocol/document.ts";
import { SallyportError } from "../../protocol/errors.ts";
import { STARTER_POLICIES } from "../../protocol/policy/starter.ts";
import { DURATION_FORM, parseDuration, parseSize, SIZE_FORM } from "../units.ts";
import { approvalSettings, type EdgeApprovals, edgeApprovals, NO_CHANNELS } from "./approvals.ts";
import { recordingSettings } from "./recordings.ts";
import { retentionSettings } from "./retention.ts";
import { type EdgeSiem, edgeSiem, NO_SIEM } from "./siem.ts";
import { type EdgeWitness, edgeWitness } from "./witness.ts";

/** The name that is looked for in the current folder. */
export const DEFAULT_FILE = "sallyport.yaml";

/** The file's part for those who run an edge themselves. Relative paths are relative to the file. */
export interface EdgeSection {
  listen: { host: string; port: number };
  /** Folder for everything that the edge keeps. */
  state: string;
  /** How others reach the edge, when that differs from where it listens. */
  url: URL | undefined;
  /** Session objects that sessions share; 0 gives each its own. */
  shards: number;
  /** Where people are asked. */
  approvals: EdgeApprovals;
  siem: EdgeSiem;
  /** Null for none. */
  witness: EdgeWitness | null;
}

/** The part of the connector that `sallyport dev` must know: the rest is the connector's own. */
export interface ConnectorSection {
  name: string;
  state: string;
}

export interface ConfigFile {
  /** As given, for errors. */
  file: string;
  edge: EdgeSection;
  /** Absent where the file describes no connector. */
  connector: ConnectorSection | null;
  /** What goes to the edge: no `connection`, hence no address and no secret, and no labels of columns. */
  settings: Settings;
  /** The file that `policies` names, as it is named there; null where the starter set is in its place. */
  policies: string | null;
  /** Puts the place in the file before a problem that the edge found, such as `settings.targets[0].name …`. */
  locate(problem: string): string;
}

const SECTIONS = [
  "edge",
  "connector",
  "administrators",
  "issuers",
  "limits",
  "policies",
  "approvals",
  "retention",
  "recordings",
  "targets",
];
const DEFAULT_LISTEN = { host: "127.0.0.1", port: 7843 };
const STARTER = "the starter policies";
const DEFAULT_STATE = "sallyport-state";
/** As the connector itself has it. */
const DEFAULT_CONNECTOR_STATE = "sallyport-state/connector";
const REFERENCE =
  "Write where the secret is: {env: NAME}, {file: PATH} or {command: [PROGRAM, ARGUMENT, …]}. The secret itself never stands in this file.";

/** How a limit is called in the file and at the edge, how it is written, and in what the edge counts it. */
const LIMITS = [
  ["idle", "idleMs", DURATION_FORM, parseDuration, "milliseconds"],
  ["max", "maxMs", DURATION_FORM, parseDuration, "milliseconds"],
  ["resume", "resumeMs", DURATION_FORM, parseDuration, "milliseconds"],
  ["bytes", "maxBytes", SIZE_FORM, parseSize, "bytes"],
] as const;
const COUNTS = ["sessions", "sessionsPerPrincipal"] as const;

/** Reads the file. Throws `invalid_config` with file, line, and what to do. */
export function readConfigFile(file: string): ConfigFile {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw new SallyportError(
      "invalid_config",
      `${file} can't be read (${(error as NodeJS.ErrnoException).code}).`,
      "Name the file with -c or -f; `sallyport init` writes one to begin with.",
    );
  }
  return parseConfigFile(text, file);
}

export function parseConfigFile(text: string, file: string): ConfigFile {
  const folder = dirname(resolve(file));
  const root = readDocument(text, file).mapping(SECTIONS);
  const edge = edgeSection(root.get("edge"), folder);
  const connector = root.get("connector").optional((field) => connectorSection(field, folder));
  const policies = root.get("policies").optional((field) => readPolicies(field, folder));
  const retention = root.get("retention").optional(retentionSettings);
  const recordings = root.get("recordings").optional(recordingSettings);
  const settings: Settings = {
    targets: list(root.get("targets")).map(target),
    issuers: list(root.get("issuers")).map(issuer),
    administrators: texts(root.get("administrators")),
    limits: root.get("limits").optional(limits) ?? {},
    approvals: root.get("approvals").optional(approvalSettings) ?? NO_APPROVERS,
    ...(retention && { retention }),
    ...(recordings && { recordings }),
    policies: policies?.text ?? STARTER_POLICIES,
  };
  return {
    file,
    edge,
    connector,
    settings,
    policies: policies?.path ?? null,
    locate: (problem) => locate(root, policies?.path ?? STARTER, problem),
  };
}

/** The policies' path as it is told to people, and their text. */
function readPolicies(field: Field, folder: string): { path: string; text: string } {
  const path = resolve(folder, field.string());
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    return field.fail(
      `names ${path}, which can't be read (${code})`,
      "Name a file with Cedar policies, or leave `policies` out for the starter set.",
    );
  }
  try {
    return {
      path: shortest(path),
      text: new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes),
    };
  } catch {
    return field.fail(`names ${path}, which is not UTF-8 text`, "Save it as UTF-8.");
  }
}

/** A path as one would type it here. */
function shortest(path: string): string {
  const here = relative("", path);
  return here.startsWith("..") ? path : here;
}

/** `HOST:PORT`, with an IPv6 address in brackets; undefined when it is none. */
export function parseListen(text: string): { host: string; port: number } | undefined {
  const [, bracketed, plain, digits] = /^(?:\[([0-9a-fA-F:]+)\]|([\w.-]+)):(\d{1,5})$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  const port = Number(digits);
  return host === undefined || port > 65_535 ? undefined : { host, port };
}

function edgeSection(field: Field, folder: string): EdgeSection {
  const edge = field.optional((one) =>
    one.mapping(["listen", "state", "url", "shards", "approvals", "siem", "witness"]),
  );
  const get = <T>(name: string, read: (one: Field) => T) => edge?.get(name).optional(read) ?? undefined;
  return {
    listen:
      get("listen", (one) => {
        const hint = "Write HOST:PORT, such as 127.0.0.1:7843.";
        return parseListen(one.string()) ?? one.fail("is not an address to listen on", hint);
      }) ?? DEFAULT_LISTEN,
    state: resolve(folder, get("state", (one) => one.string()) ?? DEFAULT_STATE),
    url: get("url", (one) => {
      const url = URL.parse(one.string());
      return url && /^https?:$/.test(url.protocol)
        ? url
        : one.fail("is not a URL", "Write it as https://HOST.");
    }),
    shards: get("shards", (one) => one.integer(0, 1_000)) ?? 1,
    approvals: get("approvals", (one) => edgeApprovals(one, folder)) ?? NO_CHANNELS,
    siem: get("siem", (one) => edgeSiem(one, folder)) ?? NO_SIEM,
    witness: get("witness", (one) => edgeWitness(one, folder)) ?? null,
  };
}

function connectorSection(field: Field, folder: string): ConnectorSection {
  const connector = field.mapping(["name", "edge", "state", "events", "log"]);
  const state = connector.get("state").optional((one) => one.string()) ?? DEFAULT_CONNECTOR_STATE;
  return { name: connector.get("name").string(), state: resolve(folder, state) };
}

function target(field: Field): Target {
  const masking = ["labels", "masks", "maskKey", "detectors"];
  field.mapping(["name", "kind", "connector", "description", "allow", "connection", ...masking]);
  field.get("connection").optional(refuseLiteralSecrets);
  field.get("maskKey").optional(refuseLiteral);
  return {
    name: field.get("name").string(),
    kind: field.get("kind").oneOf(TARGET_KINDS),
    connector: field.get("connector").string(),
    description: field.get("description").optional((one) => one.string()) ?? "",
    allow: texts(field.get("allow")),
  };
}

/** Where a connection names secrets, of whatever kind of target; `*` stands for each of a list. */
const SECRETS = [
  ["password"],
  ["tls", "key"],
  ...["key", "passphrase", "password"].flatMap((name) => [
    ["credentials", name],
    ["accounts", "*", "credentials", name],
  ]),
  ["credential", "value"],
  ["credential", "basic", "password"],
  ["credential", "bearer"],
  ...["accessKeyId", "secretAccessKey", "sessionToken"].map((name) => ["credential", "sigv4", name]),
  ["token"],
  ["key"],
];

/** The connector judges the whole of `connection`, and the labels; a secret that stands in the file is everybody's matter. */
function refuseLiteralSecrets(connection: Field): void {
  for (const path of SECRETS) refuseLiteralsAt(connection, path);
}

function refuseLiteralsAt(field: Field, [name, ...rest]: string[]): void {
  field.optional((there) => {
    if (name === undefined) refuseLiteral(there);
    else if (name !== "*") refuseLiteralsAt(there.get(name), rest);
    else for (const one of there.list()) refuseLiteralsAt(one, rest);
  });
}

function refuseLiteral(secret: Field): Field {
  return secret.mapping(["env", "file", "command"], REFERENCE);
}

function issuer(field: Field): Issuer {
  const known = ["name", "issuer", "audience", "clientId", "principalClaim", "groupsClaim"];
  field.mapping([...known, "algorithms", "requiredClaims", "skewSeconds"]);
  const clientId = field.get("clientId").optional((one) => one.string());
  return {
    name: field.get("name").string(),
    issuer: field.get("issuer").string(),
    audience: field.get("audience").string(),
    algorithms: field.get("algorithms").optional(texts) ?? ["RS256"],
    principalClaim: field.get("principalClaim").optional((one) => one.string()) ?? "sub",
    groupsClaim: field.get("groupsClaim").optional((one) => one.string()) ?? "groups",
    requiredClaims: field.get("requiredClaims").optional(claims) ?? {},
    skewSeconds: field.get("skewSeconds").optional((one) => one.integer(0, 120)) ?? 30,
    ...(clientId !== null && { clientId }),
  };
}

function claims(field: Field): Record<string, string> {
  return Object.fromEntries(field.keys().map((name) => [name, field.get(name).string()]));
}

function limits(field: Field): Settings["limits"] {
  field.mapping([...LIMITS.map(([name]) => name), ...COUNTS]);
  const result: Settings["limits"] = {};
  for (const [name, member, form, parse] of LIMITS) {
    field.get(name).optional((one) => {
      result[member] = parse(one.string()) ?? one.fail(`is not ${form}`, `Write ${form}.`);
    });
  }
  for (const name of COUNTS) {
    field.get(name).optional((one) => {
      result[name] = one.integer(1, Number.MAX_SAFE_INTEGER);
    });
  }
  return result;
}

function list(field: Field): Field[] {
  return field.optional((one) => one.list()) ?? [];
}

function texts(field: Field): string[] {
  return list(field).map((one) => one.string());
}

function locate(root: Field, policies: string, problem: string): string {
  const [, place, words] = /^settings\.policies(:\d+:\d+)? (.*)$/s.exec(problem) ?? [];
  if (words !== undefined) return `${policies}${place ?? ""}: ${words}`;
  const [, path, rest] = /^settings\.([\w.[\]-]+) (.*)$/s.exec(problem) ?? [];
  if (path === undefined) return problem;
  const keys = path.split(/[.[\]]+/).filter((key) => key !== "");
  const limit = LIMITS.find(([, member]) => member === keys.at(-1));
  const inFile = limit ? [...keys.slice(0, -1), limit[0]] : keys;
  const where = root.at(inFile.map((key) => (/^\d+$/.test(key) ? Number(key) : key)));
  return `${where} ${rest}${limit ? ` (${limit[4]})` : ""}`;
}
