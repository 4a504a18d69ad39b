import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { SallyportError } from "../../../protocol/errors.ts";
import { parseConnectorConfig } from "../../config.ts";
import { DEFAULT_DETECTORS } from "../../mask/detectors/modes.ts";
import { mayBeSet } from "./config.ts";

const FILE = "/etc/sallyport/sallyport.yaml";
const PIN = `SHA256:${"A".repeat(43)}`;

const WHOLE = `
connector: {name: main}
targets:
  - name: web
    kind: ssh
    connector: main
    allow: [service/*]
    connection:
      host: web.internal
      port: 2222
      accounts:
        - {name: deploy, allow: [service/ci, "group:ops"]}
        - {name: admin, allow: [corp/*], credentials: {password: {env: ADMIN_PASSWORD}}}
      credentials: {key: {file: web-key}, passphrase: {env: PASSPHRASE}, certificate: web-key-cert.pub}
      hostKeys: {knownHosts: known_hosts, fingerprints: [${PIN}]}
      environment: [TZ, GIT_*]
      algorithms: compatible
    detectors: {email: mask}
  - name: small
    kind: ssh
    connector: main
    connection:
      host: "::1"
      accounts: [{name: root, allow: []}]
      credentials: {key: {file: /k}}
      hostKeys: {knownHosts: /kh}
`;

function changed(from: string, to: string): string {
  assert.ok(WHOLE.includes(from), from);
  return WHOLE.replace(from, to);
}

function refusal(text: string): SallyportError {
  try {
    parseConnectorConfig(text, FILE);
  } catch (error) {
    assert.ok(error instanceof SallyportError, String(error));
    assert.equal(error.code, "invalid_config");
    return error;
  }
  assert.fail("it was accepted");
}

describe("an SSH target in the connector's file", () => {
  test("is read whole, paths relative to the file, with strict defaults", () => {
    const key = {
      secret: { file: "/etc/sallyport/web-key" },
      passphrase: { env: "PASSPHRASE" },
      certificate: "/etc/sallyport/web-key-cert.pub",
    };
    assert.deepEqual(parseConnectorConfig(WHOLE, FILE).targets, [
      {
        name: "web",
        kind: "ssh",
        host: "web.internal",
        port: 2222,
        accounts: [
          { name: "deploy", allow: ["service/ci", "group:ops"], credentials: { key, password: null } },
          {
            name: "admin",
            allow: ["corp/*"],
            credentials: { key: null, password: { env: "ADMIN_PASSWORD" } },
          },
        ],
        hostKeys: { knownHosts: "/etc/sallyport/known_hosts", fingerprints: [PIN] },
        environment: ["TZ", "GIT_*"],
        algorithms: "compatible",
        detectors: { ...DEFAULT_DETECTORS, email: "mask" },
      },
      {
        name: "small",
        kind: "ssh",
        host: "::1",
        port: 22,
        accounts: [
          {
            name: "root",
            allow: [],
            credentials: {
              key: { secret: { file: "/k" }, passphrase: null, certificate: null },
              password: null,
            },
          },
        ],
        hostKeys: { knownHosts: "/kh", fingerprints: [] },
        environment: ["LANG", "LC_*"],
        algorithms: "modern",
        detectors: DEFAULT_DETECTORS,
      },
    ]);
  });

  const FAULTS: [claim: string, text: string, message: RegExp, hint: RegExp][] = [
    [
      "a literal password",
      changed("{env: ADMIN_PASSWORD}", "hunter2"),
      /accounts\[1\]\.credentials\.password is not a mapping/,
      /env: NAME/,
    ],
    ["a literal key", changed("{file: web-key}", "hunter2"), /credentials\.key is not a mapping/, /env/],
    [
      "no accounts",
      changed("[{name: root, allow: []}]", "[]"),
      /:\d+:\d+: targets\[1\].*accounts is empty/,
      /who may/,
    ],
    [
      "an account twice",
      changed("name: admin", "name: deploy"),
      /accounts\[1\]\.name is there twice/,
      /once/,
    ],
    [
      "an account that ssh would take for an option",
      changed("name: admin", 'name: "-oProxyCommand=x"'),
      /accounts\[1\]\.name is not a login name/,
      /./,
    ],
    [
      "an account with the default's name that isn't the first",
      changed("name: admin", "name: sallyport"),
      /stands for the first/,
      /first/,
    ],
    [
      "an account without credentials",
      changed("      credentials: {key: {file: /k}}\n", ""),
      /accounts\[0\] has no credentials/,
      /credentials/,
    ],
    [
      "credentials with neither key nor password",
      changed("{key: {file: /k}}", "{certificate: x}"),
      /neither key nor password/,
      /key/,
    ],
    [
      "a passphrase without a key",
      changed("{password: {env: ADMIN_PASSWORD}}", "{password: {env: A}, passphrase: {env: B}}"),
      /but no key/,
      /key/,
    ],
    [
      "no host key",
      changed("{knownHosts: /kh}", "{fingerprints: []}"),
      /says no key that the host may have/,
      /ssh-keygen/,
    ],
    ["a fingerprint by MD5", changed(PIN, "MD5:aa:bb"), /fingerprints\[0\] is not a fingerprint/, /SHA256/],
    ["every variable", changed("GIT_*", '"*"'), /environment\[1\] is not a variable/, /./],
    ["a variable that chooses programs", changed("TZ", "PATH"), /environment\[0\] would let/, /languages/],
    ["a pattern that holds such a one", changed("GIT_*", "LD_*"), /environment\[1\] would let/, /languages/],
    [
      "labels",
      changed("    detectors: {e", "    labels: {a.b: c}\n    detectors: {e"),
      /is for databases/,
      /./,
    ],
    ["an unknown key", changed("port: 2222", "prot: 2222"), /prot is not known here/, /port/],
    ["an unknown level", changed("compatible", "ancient"), /not one of modern, compatible/, /./],
  ];
  for (const [claim, text, message, hint] of FAULTS) {
    test(`is refused with ${claim}, and says where and what to do`, () => {
      const error = refusal(text);
      assert.match(error.message, message);
      assert.match(error.hint ?? "", hint);
      assert.doesNotMatch(`${error.message} ${error.hint}`, /hunter2/);
    });
  }

  test("names the variables that may be set", () => {
    for (const name of ["LANG", "LC_ALL", "LC_"]) assert.ok(mayBeSet(["LANG", "LC_*"], name), name);
    for (const name of ["LANGUAGE", "LC", "lang", "", "XLC_ALL"])
      assert.ok(!mayBeSet(["LANG", "LC_*"], name), name);
  });
});
