import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { TARGET_KINDS, type TargetKind } from "../protocol/control.ts";
import { type Field, readDocument } from "../protocol/document.ts";
import { SallyportError } from "../protocol/errors.ts";
import { type SecretReference, secretReference } from "../protocol/secrets.ts";
import { type EventSettings, eventSettings } from "./events/settings.ts";
import { type HttpTargetConfig, httpTarget } from "./http/target/config.ts";
import { type KubernetesTargetConfig, kubernetesTarget } from "./kubernetes/target/config.ts";
import type { LogFormat } from "./log.ts";
import { type MaskSettings, maskSettings } from "./mask/settings.ts";
import { type SshTargetConfig, sshTarget } from "./ssh/target/config.ts";
import { type TlsConfig, tlsConfig, VERIFY_FULL } from "./target-tls.ts";

/**
 * The connector's part of sallyport.yaml: `connector`, and of the targets that name this connector `connection` and what
 * says how they are masked. It is read from the connector's own machine alone, so the edge can choose neither hosts nor
 * credentials, and can't unmask anything by taking a label away.
 * Relative paths are relative to the file.
 */
export interface ConnectorConfig {
  name: string;
  /** The edge's URL; null under `sallyport dev`, which knows it. */
  edge: URL | null;
  /** Folder that holds the connector's key. */
  state: string;
  targets: TargetConfig[];
  /** Where events of what is served are written; absent: nowhere. */
  events?: EventSettings;
  /** How log lines are written; absent: as fits where they go. */
  log?: LogFormat;
}

/** `kind` says which. */
export type TargetConfig = PostgresTargetConfig | SshTargetConfig | HttpTargetConfig | KubernetesTargetConfig;

export interface PostgresTargetConfig extends MaskSettings {
  name: string;
  kind: "postgres";
  host: string;
  port: number;
  /** The databases that may be opened; the first is the default. */
  databases: readonly [string, ...string[]];
  /** The role with which every session logs in. */
  user: string;
  /** Null where the target asks for none. */
  password: SecretReference | null;
  tls: TlsConfig;
  /** Whether SCRAM must, may or must not be bound to the TLS connection. */
  channelBinding: "require" | "prefer" | "disable";
  /** Functions, `schema.name`, that statements may call as if they were PostgreSQL's own and harmless. */
  trustedFunctions: readonly string[];
}

const DEFAULT_STATE = "sallyport-state/connector";
const DEFAULT_PORT = 5432;
/** PostgreSQL's NAMEDATALEN less its zero byte. */
const MAX_NAME_BYTES = 63;
const MAX_TRUSTED = 1_000;
const TARGET_NAME = /^[a-z][a-z0-9-]{0,62}$/;

/** Reads and checks the file. Throws `invalid_config`. */
export function readConnectorConfig(file: string): ConnectorConfig {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown error";
    throw new SallyportError(
      "invalid_config",
      `${file} can't be read (${code})`,
      "Name the file with --config.",
    );
  }
  return parseConnectorConfig(text, file);
}

/** Checks the text of the file, whose name stands in errors. Throws `invalid_config` with the line and what to do. */
export function parseConnectorConfig(text: string, file: string): ConnectorConfig {
  const root = readDocument(text, file);
  const folder = dirname(resolve(file));
  const connector = root.get("connector").mapping(["name", "edge", "state", "events", "log"]);
  const name = connector.get("name").matching(TARGET_NAME, "1 to 63 characters of a-z, 0-9 and '-'");
  const events = connector.get("events").optional((field) => eventSettings(field, folder));
  const log = connector.get("log").optional((field) => field.oneOf(["text", "json"]));
  return {
    name,
    edge: connector.get("edge").optional(edgeUrl),
    state: resolve(folder, connector.get("state").optional((field) => field.string()) ?? DEFAULT_STATE),
    targets: targets(root.get("targets"), name, folder),
    ...(events && { events }),
    ...(log && { log }),
  };
}

function targets(list: Field, connector: string, folder: string): TargetConfig[] {
  const own = (list.optional((field) => field.list()) ?? []).filter(
    (target) => target.get("connector").string() === connector,
  );
  const names = new Set<string>();
  return own.map((target) => {
    const kind = target.get("kind").oneOf(TARGET_KINDS);
    const name = target
      .get("name")
      .matching(TARGET_NAME, "1 to 63 characters of a-z, 0-9 and '-', a letter first");
    if (names.has(name)) target.get("name").fail("is the name of another target", "Give each its own.");
    names.add(name);
    return READERS[kind](name, target, folder);
  });
}

const READERS = {
  postgres: postgresTarget,
  ssh: sshTarget,
  http: httpTarget,
  kubernetes: (name: string, target: Field, folder: string) => kubernetesTarget(name, target, folder),
} satisfies Record<TargetKind, unknown>;

function postgresTarget(name: string, target: Field, folder: string): PostgresTargetConfig {
  const keys = ["host", "port", "databases", "user", "password", "tls", "channelBinding", "trustedFunctions"];
  const connection = target.get("connection").mapping(keys);
  const tls = connection.get("tls").optional((field) => tlsConfig(field, folder)) ?? VERIFY_FULL;
  const binding = connection.get("channelBinding");
  const channelBinding =
    binding.optional((field) => field.oneOf(["require", "prefer", "disable"])) ?? "prefer";
  if (channelBinding === "require" && tls.mode === "disable") {
    binding.fail("needs TLS, which is disabled", "Remove tls.mode, or set channelBinding to prefer.");
  }
  return {
    name,
    kind: "postgres",
    host: connection.get("host").matching(/^[\x21-\x2e\x30-\x7e]{1,255}$/, "a host name or an address"),
    port: connection.get("port").optional((field) => field.integer(1, 65535)) ?? DEFAULT_PORT,
    databases: databases(connection.get("databases")),
    user: databaseName(connection.get("user")),
    password: connection.get("password").optional((field) => secretReference(field, folder)),
    tls,
    channelBinding,
    trustedFunctions: trustedFunctions(connection.get("trustedFunctions")),
    ...maskSettings(target, folder),
  };
}

function databases(field: Field): [string, ...string[]] {
  const [first, ...others] = field.list().map(databaseName);
  if (first === undefined) return field.fail("is empty", "Name the databases that may be opened.");
  return [first, ...others];
}

function trustedFunctions(list: Field): string[] {
  const functions = (list.optional((field) => field.list()) ?? []).map((field) =>
    // The server folds and cuts names; here they stand as it has them.
    field.matching(
      /^(?!pg_temp[_.])[^.\s"']{1,63}\.[^.\s"']{1,63}$/u,
      "a function as SCHEMA.NAME, as the server spells it, without quotes or arguments",
    ),
  );
  if (functions.length > MAX_TRUSTED) {
    list.fail(`has more than ${MAX_TRUSTED} entries`, "List only functions that agents need.");
  }
  return functions;
}

function databaseName(field: Field): string {
  const name = field.string();
  if (Buffer.byteLength(name) <= MAX_NAME_BYTES && !name.includes("\0")) return name;
  return field.fail("is no name of PostgreSQL's", `Names have 1 to ${MAX_NAME_BYTES} bytes.`);
}

const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

function edgeUrl(field: Field): URL {
  const url = URL.parse(field.string());
  if (url === null || !["https:", "http:"].includes(url.protocol)) {
    return field.fail("is not a URL of the edge", "Write it as https://HOST.");
  }
  if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "") {
    return field.fail(
      "has more than an origin",
      "Write it as https://HOST; the connector proves itself by its key.",
    );
  }
  if (url.protocol === "http:" && !LOOPBACK.test(url.hostname)) {
    return field.fail("is not encrypted", "Use https:; http: is accepted for loopback only.");
  }
  return url;
}
