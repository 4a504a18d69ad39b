import { resolve } from "node:path";
import type { Field } from "../../../protocol/document.ts";
import { type SecretReference, secretReference } from "../../../protocol/secrets.ts";
import { DEFAULT_DETECTORS, type Detectors } from "../../mask/detectors/modes.ts";
import { detectorModes } from "../../mask/settings.ts";

/** What the connector's file says of an SSH target. Paths are absolute. */
export interface SshTargetConfig {
  name: string;
  kind: "ssh";
  host: string;
  port: number;
  /** The login names that may be had. Of those that a principal may have, the first is its default. */
  accounts: readonly [SshAccount, ...SshAccount[]];
  hostKeys: SshHostKeys;
  /** Names of variables that an agent may set; a `*` at the end stands for any characters. */
  environment: readonly string[];
  algorithms: "modern" | "compatible";
  detectors: Detectors;
}

export interface SshAccount {
  /** The login name at the target. */
  name: string;
  /** Who may have it: principals, `group:NAME`, either with `*` as a wildcard. Nobody, if empty. */
  allow: readonly string[];
  /** The account's own, or those of the target. */
  credentials: SshCredentials;
}

/** At least one of `key` and `password` is there. The key is tried first. */
export interface SshCredentials {
  /** `certificate`: the path of an OpenSSH user certificate for the key. */
  key: { secret: SecretReference; passphrase: SecretReference | null; certificate: string | null } | null;
  password: SecretReference | null;
}

/** By what the target proves who it is. At least one of them is there. */
export interface SshHostKeys {
  /** The path of a file in the format of sshd(8), SSH_KNOWN_HOSTS FILE FORMAT. */
  knownHosts: string | null;
  /** `SHA256:…`, as ssh-keygen prints them. */
  fingerprints: readonly string[];
}

/** The login name that stands for the principal's default account. */
export const DEFAULT_ACCOUNT = "sallyport";

const DEFAULT_PORT = 22;
const DEFAULT_ENVIRONMENT = ["LANG", "LC_*"];
const MAX_ACCOUNTS = 200;
const MAX_ALLOW = 200;
const MAX_VARIABLES = 200;
const MAX_FINGERPRINTS = 100;
const KEYS = ["host", "port", "accounts", "credentials", "hostKeys", "environment", "algorithms"];
const CREDENTIALS = ["key", "passphrase", "certificate", "password"];
const FORM_OF_CREDENTIALS =
  "Write credentials: {key: {file: PATH}} or {password: {env: NAME}}; passphrase and certificate belong to a key.";

/** Reads `connection` and `detectors` of an SSH target. A path is relative to `folder`. Throws `invalid_config`. */
export function sshTarget(name: string, target: Field, folder: string): SshTargetConfig {
  for (const key of ["labels", "masks", "maskKey"]) {
    target
      .get(key)
      .optional((field) => field.fail("is for databases", "What SSH shows is masked by detectors alone."));
  }
  const connection = target.get("connection").mapping(KEYS);
  const credentials = connection.get("credentials").optional((field) => readCredentials(field, folder));
  return {
    name,
    kind: "ssh",
    host: connection.get("host").matching(/^[\x21-\x2e\x30-\x7e]{1,255}$/, "a host name or an address"),
    port: connection.get("port").optional((field) => field.integer(1, 65535)) ?? DEFAULT_PORT,
    accounts: readAccounts(connection.get("accounts"), credentials, folder),
    hostKeys: readHostKeys(connection.get("hostKeys"), folder),
    environment: connection.get("environment").optional(readEnvironment) ?? DEFAULT_ENVIRONMENT,
    algorithms:
      connection.get("algorithms").optional((field) => field.oneOf(["modern", "compatible"])) ?? "modern",
    detectors: target.get("detectors").optional(detectorModes) ?? DEFAULT_DETECTORS,
  };
}

function readAccounts(
  list: Field,
  shared: SshCredentials | null,
  folder: string,
): [SshAccount, ...SshAccount[]] {
  const fields = atMost(list, MAX_ACCOUNTS);
  const accounts = fields.map((field, i): SshAccount => {
    field.mapping(["name", "allow", "credentials"]);
    const own = field.get("credentials").optional((one) => readCredentials(one, folder));
    const name = field.get("name").matching(/^[^\s\p{C}-][^\s\p{C}]{0,127}$/u, "a login name");
    if (name === DEFAULT_ACCOUNT && i > 0) {
      field
        .get("name")
        .fail("stands for the first account that somebody may have", "Put this account first, or rename it.");
    }
    return {
      name,
      allow: atMost(field.get("allow"), MAX_ALLOW).map((one) => one.string()),
      credentials: own ?? shared ?? field.fail("has no credentials, nor has the target", FORM_OF_CREDENTIALS),
    };
  });
  const [first, ...others] = accounts;
  if (first === undefined) return list.fail("is empty", "Name the accounts that may be had, and who may.");
  const twice = accounts.findIndex(({ name }, i) => accounts.findIndex((one) => one.name === name) < i);
  if (twice >= 0) fields[twice]!.get("name").fail("is there twice", "List everybody who may have it once.");
  return [first, ...others];
}

function readCredentials(field: Field, folder: string): SshCredentials {
  field.mapping(CREDENTIALS, FORM_OF_CREDENTIALS);
  const secret = (name: string) => field.get(name).optional((one) => secretReference(one, folder));
  const key = secret("key");
  const password = secret("password");
  const passphrase = secret("passphrase");
  const certificate = field.get("certificate").optional((one) => resolve(folder, one.string()));
  if (key === null && password === null) field.fail("has neither key nor password", FORM_OF_CREDENTIALS);
  if (key === null && (passphrase !== null || certificate !== null)) {
    field.fail("has a passphrase or a certificate, but no key", FORM_OF_CREDENTIALS);
  }
  return { key: key && { secret: key, passphrase, certificate }, password };
}

function readHostKeys(field: Field, folder: string): SshHostKeys {
  field.mapping(["knownHosts", "fingerprints"]);
  const knownHosts = field.get("knownHosts").optional((one) => resolve(folder, one.string()));
  const fingerprints = field
    .get("fingerprints")
    .optional((list) => atMost(list, MAX_FINGERPRINTS))
    ?.map((one) =>
      one.matching(/^SHA256:[A-Za-z0-9+/]{43}$/, "a fingerprint as ssh-keygen -l prints it: SHA256:…"),
    );
  if (knownHosts === null && !fingerprints?.length) {
    field.fail(
      "says no key that the host may have",
      "Name a known_hosts file as knownHosts, or list fingerprints: [SHA256:…]; on the host, ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub prints one.",
    );
  }
  return { knownHosts, fingerprints: fingerprints ?? [] };
}

/** Variables by which a line would run other programs, or mean something else, than was judged. */
const DECISIVE = [
  ...["PATH", "ENV", "BASH_ENV", "BASHOPTS", "SHELLOPTS", "IFS", "CDPATH", "GLOBIGNORE", "PS4", "HOME"],
  ...[
    "LD_PRELOAD",
    "LD_LIBRARY_PATH",
    "LD_AUDIT",
    "DYLD_INSERT_LIBRARIES",
    "BASH_FUNC_ls%%",
    "SHELL",
    "TMPDIR",
  ],
];

function readEnvironment(list: Field): string[] {
  return atMost(list, MAX_VARIABLES).map((field) => {
    const pattern = field.matching(/^[A-Za-z_][A-Za-z0-9_]{0,127}\*?$/, "a variable's name, or NAME_*");
    if (DECISIVE.some((name) => mayBeSet([pattern], name))) {
      field.fail(
        "would let an agent change what a judged command line means",
        "List only variables that tell programs about languages and terminals.",
      );
    }
    return pattern;
  });
}

/** Whether a list of `environment` names this variable. */
export function mayBeSet(environment: readonly string[], name: string): boolean {
  return environment.some((pattern) =>
    pattern.endsWith("*") ? name.startsWith(pattern.slice(0, -1)) : name === pattern,
  );
}

function atMost(list: Field, most: number): Field[] {
  const fields = list.list();
  return fields.length <= most
    ? fields
    : list.fail(`has more than ${most} entries`, "List fewer, or use wildcards.");
}
