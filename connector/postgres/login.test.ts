import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import pg from "pg";
import { parseBackendKeyData, parseErrorFields, query, terminate } from "../../protocol/postgres/messages.ts";
import { createAuthority } from "../../test/certificates.ts";
import { type PostgresServer, startPostgres } from "../../test/postgres-server.ts";
import type { PostgresTargetConfig } from "../config.ts";
import type { TlsConfig } from "../target-tls.ts";
import { serve, targetConfig, testDeps } from "./test-stream.ts";

const ca = createAuthority();
const stranger = createAuthority("Another CA");
const certificate = ca.issue({
  name: "db",
  alternatives: ["DNS:db.internal", "IP:127.0.0.1"],
  digest: "-sha384",
});
const client = ca.issue({ name: "certified" });
const foreignClient = stranger.issue({ name: "certified" });

/** Passwords that SASLprep changes, and one that it leaves as it is. */
const UNICODE = { u1: "I\u{ad}X", u2: "u\u0308ber\u{a0}x", u3: "\u{2168}\u0007", u4: "\u{1f600}\u{aa}" };

const ROLES = `
  SET password_encryption = 'scram-sha-256';
  CREATE ROLE scram LOGIN PASSWORD 'pencil';
  CREATE ROLE cleartext LOGIN PASSWORD 'pencil';
  ${Object.entries(UNICODE)
    .map(([role, password]) => `CREATE ROLE ${role} LOGIN PASSWORD '${password}';`)
    .join("\n")}
  CREATE ROLE trusted LOGIN; CREATE ROLE certified LOGIN;
  SET password_encryption = 'md5';
  CREATE ROLE hashed LOGIN PASSWORD 'pencil'`;
const HBA = ["cleartext password", "hashed md5", "trusted trust"].map((line) => {
  const [role, method] = line.split(" ");
  return `host all ${role} 127.0.0.1/32 ${method}`;
});

let secure: PostgresServer;
let plain: PostgresServer;

before(async () => {
  process.env.LOGIN_TEST_PENCIL = "pencil";
  process.env.LOGIN_TEST_WRONG = "hunter2";
  for (const [role, password] of Object.entries(UNICODE)) process.env[`LOGIN_TEST_${role}`] = password;
  const onlyTls = ["hostssl all certified 127.0.0.1/32 cert", "hostssl all scram 127.0.0.1/32 scram-sha-256"];
  const hba = [...onlyTls, "host all scram 127.0.0.1/32 reject", ...HBA];
  [secure, plain] = await Promise.all([
    startPostgres({ tls: { ...certificate, ca: ca.certificate }, hba }),
    startPostgres({ hba: HBA }),
  ]);
  for (const { host, port, superuser: user, password } of [secure, plain]) {
    const admin = new pg.Client({ host, port, user, password, database: "postgres" });
    await admin.connect();
    await admin.query(ROLES);
    await admin.end();
  }
});

after(async () => {
  await Promise.all([secure?.stop(), plain?.stop()]);
  for (const authority of [ca, stranger]) authority.remove();
});

type Verified = Exclude<TlsConfig, { mode: "disable" }>;

function tls(parts: Partial<Verified> = {}): Verified {
  return { mode: "verify-full", ca: ca.certificate, serverName: null, client: null, ...parts };
}

const PENCIL = { env: "LOGIN_TEST_PENCIL" };

function overTls(user: string, parts: Partial<PostgresTargetConfig> = {}): PostgresTargetConfig {
  return targetConfig({ port: secure.port, user, password: PENCIL, tls: tls(), ...parts });
}

function withoutTls(user: string, parts: Partial<PostgresTargetConfig> = {}): PostgresTargetConfig {
  return targetConfig({ port: plain.port, user, password: PENCIL, ...parts });
}

async function accepted(target: PostgresTargetConfig): Promise<void> {
  const agent = serve(target);
  await agent.open();
  const encrypted = target.tls.mode !== "disable";
  const [row] = await agent.rows("SELECT current_user, ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()");
  assert.deepEqual(row, [target.user, encrypted ? "t" : "f"]);
  agent.say(terminate());
  await agent.until(() => agent.closed?.code === "closed");
}

interface Refused {
  sqlstate: string;
  message: string;
  hint: string;
  logged: string;
}

async function refused(target: PostgresTargetConfig, deps = testDeps()): Promise<Refused> {
  const agent = serve(target, deps);
  agent.startup();
  const fields = await agent.refusal();
  assert.equal(fields.get("S"), "FATAL");
  const message = fields.get("M") ?? "";
  const event = agent.events.at(-1);
  assert.equal(event?.event === "refused" && event.message, message, "the recording says it too");
  const logged = deps.logged.join("\n");
  for (const text of [message, logged, fields.get("H") ?? ""]) assert.doesNotMatch(text, /pencil|hunter2/);
  assert.doesNotMatch(message, /127\.0\.0\.1|\//, "an agent is told neither address nor path");
  return { sqlstate: fields.get("C") ?? "", message, hint: fields.get("H") ?? "", logged };
}

describe("TLS", () => {
  test("verify-full accepts the host's address, or the configured name, in the certificate", async () => {
    await accepted(overTls("scram"));
    await accepted(overTls("scram", { tls: tls({ serverName: "db.internal" }) }));
  });

  test("verify-full refuses another name; verify-ca does not ask for it", async () => {
    const other = overTls("scram", { tls: tls({ serverName: "other.internal" }) });
    const { sqlstate, message, hint } = await refused(other);
    assert.equal(sqlstate, "08004");
    assert.match(message, /certificate is for another name/);
    assert.match(hint, /serverName/);
    await accepted(overTls("scram", { tls: tls({ mode: "verify-ca", serverName: "other.internal" }) }));
  });

  test("a certificate of an unknown authority is refused, in either mode, with the system's authorities too", async () => {
    for (const mode of ["verify-full", "verify-ca"] as const) {
      for (const authority of [stranger.certificate, null]) {
        const { message } = await refused(overTls("scram", { tls: tls({ mode, ca: authority }) }));
        assert.match(message, /authority that is not trusted/);
      }
    }
  });

  test("a server without TLS is refused, never spoken to in clear", async () => {
    const { message, hint } = await refused(withoutTls("scram", { tls: tls() }));
    assert.match(message, /does not offer TLS/);
    assert.match(hint, /tls: \{mode: disable\}/);
  });

  test("a client certificate logs in where the server asks for one, and only the right one", async () => {
    const identity = { certificate: client.certificate, key: { file: client.key } };
    await accepted(overTls("certified", { password: null, tls: tls({ client: identity }) }));
    await refused(overTls("certified", { password: null }));
    const foreign = { certificate: foreignClient.certificate, key: { file: foreignClient.key } };
    await refused(overTls("certified", { password: null, tls: tls({ client: foreign }) }));
  });

  test("files that aren't there are told to the operator, not to the agent", async () => {
    const { message, logged } = await refused(overTls("scram", { tls: tls({ ca: "/absent/ca.pem" }) }));
    assert.match(message, /can't use its configuration/);
    assert.match(logged, /tls\.ca of target orders can't be read/);
  });

  test("a cancel goes over TLS as the session does", async () => {
    const deps = testDeps();
    const agent = serve(overTls("scram"), deps);
    const greeting = await agent.open();
    const { processId, secret } = parseBackendKeyData(greeting.at(-2)!.body);
    agent.say(query("SELECT pg_sleep(60)"));
    assert.ok(deps.cancels.cancelHere(agent.facts.principal, "orders", processId, secret));
    const error = (await agent.take("ErrorResponse")).at(-1);
    assert.equal(parseErrorFields(error!.body, "ErrorResponse").get("C"), "57014");
    assert.deepEqual(deps.logged, []);
  });
});

describe("authentication by", () => {
  test("SCRAM-SHA-256 without TLS", async () => await accepted(withoutTls("scram")));
  test("SCRAM-SHA-256-PLUS, demanded or preferred", async () => {
    await accepted(overTls("scram", { channelBinding: "require" }));
    await accepted(overTls("scram", { channelBinding: "prefer" }));
  });
  test("SCRAM-SHA-256 over TLS with channel binding disabled", async () => {
    await accepted(overTls("scram", { channelBinding: "disable" }));
  });
  for (const role of Object.keys(UNICODE)) {
    test(`a password that isn't ASCII (${role})`, async () => {
      await accepted(withoutTls(role, { password: { env: `LOGIN_TEST_${role}` } }));
    });
  }
  test("MD5", async () => await accepted(withoutTls("hashed")));
  test("nothing, where the server trusts", async () => {
    await accepted(withoutTls("trusted", { password: null }));
  });
  test("clear text over TLS, and never without it", async () => {
    await accepted(overTls("cleartext"));
    const { message, hint } = await refused(withoutTls("cleartext"));
    assert.match(message, /clear text without TLS/);
    assert.match(hint, /scram-sha-256/);
  });
  test("anything but SCRAM-SHA-256-PLUS is refused where channel binding is demanded", async () => {
    for (const user of ["hashed", "cleartext", "trusted"]) {
      const { message } = await refused(overTls(user, { channelBinding: "require" }));
      assert.match(message, /does not bind its authentication/, user);
    }
  });
});

describe("a login fails clearly", () => {
  for (const user of ["scram", "hashed", "cleartext"]) {
    test(`with a wrong password (${user})`, async () => {
      const { sqlstate, message, hint } = await refused(
        overTls(user, { password: { env: "LOGIN_TEST_WRONG" } }),
      );
      assert.equal(sqlstate, "08004", "28P01 would make a client ask for a password");
      assert.match(message, /password authentication failed .*\(SQLSTATE 28P01\)/);
      assert.match(hint, /operator/);
    });
  }
  test("without a password that is asked for", async () => {
    assert.match((await refused(withoutTls("scram", { password: null }))).hint, /Add `password`/);
  });
  test("without the secret that the reference names: the operator is told which", async () => {
    const { sqlstate, message, logged } = await refused(
      withoutTls("scram", { password: { env: "LOGIN_TEST_UNSET" } }),
    );
    assert.equal(sqlstate, "F0000");
    assert.doesNotMatch(message, /UNSET/);
    assert.match(logged, /LOGIN_TEST_UNSET is not set/);
  });
  test("where the server has no such database: its own SQLSTATE", async () => {
    const { sqlstate, message } = await refused(withoutTls("scram", { databases: ["absent"] }));
    assert.equal(sqlstate, "3D000");
    assert.match(message, /database "absent" does not exist/);
  });
  test("where the server demands TLS that is disabled", async () => {
    const target = overTls("scram", { tls: { mode: "disable" } });
    const agent = serve(target);
    agent.startup();
    assert.match((await agent.refusal()).get("M") ?? "", /pg_hba\.conf/);
  });
  test("where nothing listens", async () => {
    const { sqlstate, message, logged } = await refused(targetConfig({ port: 1 }));
    assert.equal(sqlstate, "08001");
    assert.match(message, /can't be reached .*\(ECONNREFUSED\)/);
    assert.match(logged, /127\.0\.0\.1/);
  });
  test("where the host has no address", async () => {
    assert.match((await refused(targetConfig({ host: "absent.invalid" }))).message, /ENOTFOUND|EAI_AGAIN/);
  });
});
