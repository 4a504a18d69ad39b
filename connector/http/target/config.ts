import { isIP } from "node:net";
import type { Field } from "../../../protocol/document.ts";
import { type SecretReference, secretReference } from "../../../protocol/secrets.ts";
import { type DocumentMaskSettings, httpMaskSettings } from "../../mask/settings.ts";
import { type TlsConfig, tlsConfig, VERIFY_FULL } from "../../target-tls.ts";

/** What the connector's file says of an HTTP target. Paths are absolute. */
export interface HttpTargetConfig extends DocumentMaskSettings, HttpEndpoint {
  name: string;
  kind: "http";
  credential: HttpCredential;
  /** Whether `%2F` may stand in paths: the target must take it for a part of a segment, not for a `/`. */
  encodedSlashes: boolean;
}

/** Where the target is, and how it is reached. The agent chooses nothing of it. */
export interface HttpEndpoint {
  /** A name, or an address without brackets. */
  host: string;
  port: number;
  /** What precedes each path that an agent asks for: empty, or `/api` without a slash at its end. */
  basePath: string;
  tls: TlsConfig;
  limits: HttpLimits;
}

export interface HttpLimits {
  /** Until a connection is ready, TLS included, ms. */
  connectMs: number;
  /** From the end of a request until the head of its response, ms. */
  headMs: number;
  /** Requests and WebSockets that may be under way at once, of all sessions. */
  connections: number;
}

/** What the connector proves itself with. Secrets in files are read anew when the file changes. */
export type HttpCredential =
  | { type: "none" }
  | { type: "header"; name: string; value: SecretReference }
  | { type: "basic"; user: string; password: SecretReference }
  | { type: "bearer"; token: SecretReference }
  | ({ type: "sigv4" } & SigV4Config);

export interface SigV4Config {
  region: string;
  service: string;
  accessKeyId: SecretReference;
  secretAccessKey: SecretReference;
  sessionToken: SecretReference | null;
}

const KEYS = ["url", "tls", "credential", "encodedSlashes", "timeouts", "connections"];
const CREDENTIALS = ["header", "value", "basic", "bearer", "sigv4"];
const FORM_OF_CREDENTIALS =
  "Write credential: {bearer: {file: PATH}}, {header: NAME, value: {env: NAME}}, {basic: {user: NAME, password: {env: NAME}}} or {sigv4: {…}}; without one the target gets none.";
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$/;
/** Fields that say where a message goes and where it ends; a credential in one would change the request. */
const FRAMING =
  /^(?:host|connection|content-.*|transfer-encoding|te|trailer|upgrade|expect|keep-alive|proxy-connection|sec-websocket-.*)$/i;

/** Reads `connection` and what masks an HTTP target. A path is relative to `folder`. Throws `invalid_config`. */
export function httpTarget(name: string, target: Field, folder: string): HttpTargetConfig {
  const connection = target.get("connection").mapping(KEYS);
  const endpoint = readEndpoint(connection, connection.get("url"), folder);
  const credential = connection.get("credential").optional((field) => readCredential(field, folder));
  return {
    name,
    kind: "http",
    ...endpoint,
    credential: credential ?? { type: "none" },
    encodedSlashes: connection.get("encodedSlashes").optional((field) => field.boolean()) ?? false,
    ...httpMaskSettings(target, folder),
  };
}

function readEndpoint(connection: Field, field: Field, folder: string): HttpEndpoint {
  const tls = connection.get("tls").optional((one) => tlsConfig(one, folder)) ?? VERIFY_FULL;
  const url = readUrl(field);
  if (url.secure && tls.mode === "disable") {
    connection
      .get("tls")
      .fail("disables TLS for a URL of https:", "Remove tls.mode, or write the URL as http://HOST.");
  }
  if (!url.secure && tls.mode !== "disable") {
    field.fail(
      "is not encrypted",
      "Write it as https://HOST; where the network between connector and target is trusted, set tls: {mode: disable}.",
    );
  }
  const { host, port, basePath } = url;
  return { host, port, basePath, tls, limits: readLimits(connection) };
}

const FORM_OF_URL = "Write it as https://HOST, https://HOST:PORT or https://HOST/BASE.";

/** A URL of `http:` or `https:` without anything but host, port and path. Throws `invalid_config`. */
export function readUrl(field: Field): { secure: boolean; host: string; port: number; basePath: string } {
  const text = field.matching(/^https?:\/\/[\x21-\x7e]{1,2000}$/, "a URL of https:");
  const url = URL.parse(text) ?? field.fail("is not a URL", FORM_OF_URL);
  if (url.username !== "" || url.password !== "") {
    field.fail("holds a user or a password", "Give them under credential, as references.");
  }
  if (/[?#]/.test(text)) field.fail("has more than a path", FORM_OF_URL);
  const basePath = url.pathname.replace(/\/$/, "");
  const written = text.replace(/^https?:\/\/[^/]*/, "").replace(/\/$/, "");
  if (written !== basePath || /\/\/|\\|%(?:2[ef]|5c)/i.test(basePath)) {
    field.fail("has a path that is read in more than one way", "Write the path without dots, '//' and '\\'.");
  }
  const secure = url.protocol === "https:";
  return {
    secure,
    host: url.hostname.replace(/^\[(.*)\]$/, "$1"),
    port: url.port === "" ? (secure ? 443 : 80) : Number(url.port),
    basePath,
  };
}

export const DEFAULT_LIMITS: HttpLimits = { connectMs: 10_000, headMs: 300_000, connections: 1_000 };

/** Reads `timeouts` and `connections` of a connection. Throws `invalid_config`. */
export function readLimits(connection: Field): HttpLimits {
  const timeouts = connection.get("timeouts").optional((field) => field.mapping(["connect", "response"]));
  const ms = (name: string, most: number) =>
    timeouts?.get(name).optional((field) => field.integer(100, most)) ?? null;
  const connections = connection.get("connections").optional((field) => field.integer(1, 10_000));
  return {
    connectMs: ms("connect", 120_000) ?? DEFAULT_LIMITS.connectMs,
    headMs: ms("response", 86_400_000) ?? DEFAULT_LIMITS.headMs,
    connections: connections ?? DEFAULT_LIMITS.connections,
  };
}

function readCredential(field: Field, folder: string): HttpCredential {
  field.mapping(CREDENTIALS, FORM_OF_CREDENTIALS);
  const secret = (one: Field) => secretReference(one, folder);
  const found = (["header", "basic", "bearer", "sigv4"] as const).flatMap((type) => {
    const read = CREDENTIAL_READERS[type];
    return field.get(type).optional((one) => [read(one, field, secret)]) ?? [];
  });
  const [credential] = found;
  if (credential === undefined || found.length > 1) {
    return field.fail("needs exactly one kind of credential", FORM_OF_CREDENTIALS);
  }
  if (credential.type !== "header") {
    field.get("value").optional((one) => one.fail("is known only beside header", FORM_OF_CREDENTIALS));
  }
  return credential;
}

type ReadSecret = (field: Field) => SecretReference;

const CREDENTIAL_READERS = {
  header: (field: Field, credential: Field, secret: ReadSecret): HttpCredential => {
    const name = field.matching(TOKEN, "the name of a header, such as X-Api-Key").toLowerCase();
    if (FRAMING.test(name)) {
      field.fail(
        "is no place for a credential",
        "It says where a request goes or ends; name another header.",
      );
    }
    return { type: "header", name, value: secret(credential.get("value")) };
  },
  basic: (field: Field, _credential: Field, secret: ReadSecret): HttpCredential => {
    field.mapping(["user", "password"]);
    return {
      type: "basic",
      user: field.get("user").matching(/^[^:\p{Cc}]{1,500}$/u, "a user's name, which has no ':' (RFC 7617)"),
      password: secret(field.get("password")),
    };
  },
  bearer: (field: Field, _credential: Field, secret: ReadSecret): HttpCredential => ({
    type: "bearer",
    token: secret(field),
  }),
  sigv4: (field: Field, _credential: Field, secret: ReadSecret): HttpCredential => {
    field.mapping(["region", "service", "accessKeyId", "secretAccessKey", "sessionToken"]);
    const word = (name: string) =>
      field.get(name).matching(/^[a-z0-9][a-z0-9-]{0,62}$/, "a name of AWS, such as eu-central-1 or s3");
    return {
      type: "sigv4",
      region: word("region"),
      service: word("service"),
      accessKeyId: secret(field.get("accessKeyId")),
      secretAccessKey: secret(field.get("secretAccessKey")),
      sessionToken: field.get("sessionToken").optional(secret),
    };
  },
} as const;

/** The endpoint as `Host` (RFC 9110 section 7.2) has it: without the scheme's own port. */
export function hostField({ host, port, tls }: Pick<HttpEndpoint, "host" | "port" | "tls">): string {
  const name = isIP(host) === 6 ? `[${host}]` : host;
  return port === (tls.mode === "disable" ? 80 : 443) ? name : `${name}:${port}`;
}
