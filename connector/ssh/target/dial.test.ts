import assert from "node:assert/strict";
import { once } from "node:events";
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { after, before, describe, type TestContext, test } from "node:test";
import ssh2, { type ServerConfig } from "ssh2";
import { SallyportError } from "../../../protocol/errors.ts";
import { fingerprint, parsePublicKey } from "../../../protocol/ssh/public-key.ts";
import { certify, makeKey, type SshServer, startSshServer } from "../../../test/ssh-server.ts";
import { unavailable } from "../../../test/system-packages.ts";
import { withoutSha1 } from "./certificate.ts";
import type { SshCredentials, SshTargetConfig } from "./config.ts";
import { DIAL_LIMITS, dialTarget } from "./dial.ts";
import type { SshTarget } from "./target.ts";
import { keyFile, listenOnce, targetAt } from "./testing.ts";

const skip = unavailable("openssh-server");
const never = new AbortController().signal;
const WORDS = "swordfish-7";

let server: SshServer;
const opened: SshTarget[] = [];

before(async () => {
  if (!skip) server = await startSshServer({ hostKeys: ["ed25519", "rsa", "ecdsa"] });
});
after(async () => {
  for (const target of opened) target.destroy();
  await server?.stop();
});

async function dial(config: SshTargetConfig, limits = DIAL_LIMITS): Promise<SshTarget> {
  const target = await dialTarget(config, config.accounts[0].name, never, limits);
  opened.push(target);
  return target;
}

/** What `echo` answers there. */
async function works(target: SshTarget): Promise<void> {
  const output = await new Promise<string>((resolve, reject) => {
    target.client.exec("echo here", (error, channel) => {
      if (error) return reject(error);
      let text = "";
      channel.on("data", (chunk: Buffer) => (text += chunk));
      channel.on("close", () => resolve(text));
    });
  });
  assert.equal(output, "here\n");
}

/** The error of a target that can't be had; only `invalid_config` may say what stays with the connector. */
async function refusal(config: SshTargetConfig, limits = DIAL_LIMITS): Promise<SallyportError> {
  try {
    await dial(config, limits);
  } catch (error) {
    assert.ok(error instanceof SallyportError, String(error));
    assert.ok(error.hint, "an error says what to do");
    const told = `${error.message} ${error.hint}`;
    assert.ok(!told.includes(WORDS));
    if (error.code !== "invalid_config") {
      for (const secret of [server.folder, config.host, String(config.port)])
        assert.ok(!told.includes(secret), told);
    }
    return error;
  }
  assert.fail("it was dialled");
}

function withPassphrase(name: string, passphrase: string | null): SshCredentials {
  process.env.SALLYPORT_TEST_PASSPHRASE = passphrase ?? "";
  const key = keyFile(join(server.folder, name)).key!;
  return {
    key: { ...key, passphrase: passphrase === null ? null : { env: "SALLYPORT_TEST_PASSPHRASE" } },
    password: null,
  };
}

describe("the login at a target", { skip }, () => {
  test("goes by a key", async () => {
    const target = await dial(targetAt(server));
    assert.match(target.software, /^OpenSSH_/);
    assert.equal(target.hostKey, fingerprint(parsePublicKey(server.hostKeys[0]!)!.blob));
    await works(target);
  });

  for (const type of ["ed25519", "rsa", "ecdsa"] as const) {
    test(`goes by a certificate for an ${type} key, and not by that key alone`, async () => {
      const path = join(server.folder, `certified-${type}`);
      makeKey(path, type);
      const certificate = certify(path, server.userCa, server.user);
      await works(await dial(targetAt(server, { credentials: keyFile(path, certificate) })));
      const error = await refusal(targetAt(server, { credentials: keyFile(path) }));
      assert.equal(error.code, "target_refused");
      assert.match(error.message, /does not take the connector's credentials/);
    });
  }

  test("goes by a key with a passphrase, and says what is wrong with it", async () => {
    const path = join(server.folder, "encrypted");
    makeKey(path, "ed25519", WORDS);
    const certificate = certify(path, server.userCa, server.user);
    const right = withPassphrase("encrypted", WORDS);
    const credentials = { ...right, key: { ...right.key!, certificate } };
    await works(await dial(targetAt(server, { credentials })));
    const wrong = await refusal(targetAt(server, { credentials: withPassphrase("encrypted", "wrong") }));
    assert.match(wrong.message, /can't be opened with its passphrase/);
    const none = await refusal(targetAt(server, { credentials: withPassphrase("encrypted", null) }));
    assert.match(none.message, /the key of target web is encrypted/);
    assert.equal(none.code, "invalid_config");
  });

  test("takes a key anew when it was replaced", async () => {
    const path = join(server.folder, "rotated");
    makeKey(path, "ed25519");
    const config = targetAt(server, { credentials: keyFile(path) });
    assert.equal((await refusal(config)).code, "target_refused");
    copyFileSync(server.clientKey, path);
    await works(await dial(config));
  });

  test("is refused before it begins with what is no key or no certificate for it", async () => {
    const path = join(server.folder, "other");
    makeKey(path, "ed25519");
    const write = (name: string, text: string) => {
      const file = join(server.folder, name);
      writeFileSync(file, text);
      return file;
    };
    const certificate = certify(path, server.userCa, server.user, "-V", "-2d:-1d");
    const FAULTS: [SshCredentials, RegExp][] = [
      [keyFile(write("garbage", WORDS)), /is no private key that can be read/],
      [keyFile(`${server.clientKey}.pub`), /is no private key that can be read/],
      [keyFile(join(server.folder, "absent")), /can't be opened \(ENOENT\)/],
      [keyFile(path, certificate), /has expired/],
      [keyFile(server.clientKey, certificate), /is for another key/],
      [keyFile(path, write("no-cert", WORDS)), /is no OpenSSH certificate/],
      [keyFile(path, `${path}.pub`), /is no OpenSSH certificate/],
      [
        keyFile(path, write("cut", readFileSync(certificate, "utf8").slice(0, 200))),
        /is no OpenSSH certificate/,
      ],
      [keyFile(path, join(server.folder, "absent")), /can't be opened \(ENOENT\)/],
    ];
    for (const [credentials, message] of FAULTS) {
      const error = await refusal(targetAt(server, { credentials }));
      assert.equal(error.code, "invalid_config");
      assert.match(error.message, message);
    }
    const host = certify(path, server.userCa, server.user, "-h");
    assert.match(
      (await refusal(targetAt(server, { credentials: keyFile(path, host) }))).message,
      /is a host's certificate/,
    );
  });
});

describe("a host's key", { skip }, () => {
  const pin = (i: number) => fingerprint(parsePublicKey(server.hostKeys[i]!)!.blob);
  const known = (name: string, lines: (host: string) => string) => {
    const file = join(server.folder, name);
    writeFileSync(file, lines(`[${server.host}]:${server.port}`));
    return { hostKeys: { knownHosts: file, fingerprints: [] } };
  };

  test("is accepted by its fingerprint", async () => {
    await works(await dial(targetAt(server, { hostKeys: { knownHosts: null, fingerprints: [pin(0)] } })));
  });

  test("is asked for in the type that is known", async () => {
    for (const i of [1, 2]) {
      const config = targetAt(
        server,
        known(`known-${i}`, (host) => `${host} ${server.hostKeys[i]}\n`),
      );
      assert.equal((await dial(config)).hostKey, pin(i));
    }
  });

  test("that is unknown is refused, with the fingerprint and both ways to accept it", async () => {
    const error = await refusal(
      targetAt(
        server,
        known("empty", () => ""),
      ),
    );
    assert.equal(error.code, "target_refused");
    assert.ok(error.message.includes(pin(0)), error.message);
    assert.match(error.hint!, /connection\.hostKeys\.fingerprints/);
    assert.ok(error.hint!.includes(server.hostKeys[0]!.split(" ").slice(0, 2).join(" ")), error.hint);
  });

  test("that has changed is refused loudly, by file and by fingerprint", async () => {
    const other = join(server.folder, "other-host");
    makeKey(other, "ed25519");
    const line = readFileSync(`${other}.pub`, "utf8");
    const changed = await refusal(
      targetAt(
        server,
        known("changed", (host) => `${host} ${line}`),
      ),
    );
    assert.match(changed.message, /THE HOST KEY OF TARGET web IS NOT THE ONE THAT IS KNOWN/);
    const hostKeys = { knownHosts: null, fingerprints: [`SHA256:${"A".repeat(43)}`] };
    assert.match((await refusal(targetAt(server, { hostKeys }))).message, /IS NOT THE ONE/);
  });

  test("that is revoked is refused, though it is known and pinned", async () => {
    const config = known(
      "revoked",
      (host) => `${host} ${server.hostKeys[0]}\n@revoked * ${server.hostKeys[0]}\n`,
    );
    const hostKeys = { ...config.hostKeys, fingerprints: [pin(0)] };
    assert.match((await refusal(targetAt(server, { hostKeys }))).message, /revoked/);
  });

  test("that only an authority vouches for is refused, and it says why", async () => {
    const config = known("authority", (host) => `@cert-authority ${host} ${server.hostKeys[0]}\n`);
    assert.match((await refusal(targetAt(server, config))).message, /host certificates are not supported/);
  });

  test("is checked before anything secret is sent", async (context) => {
    const tried: string[] = [];
    const config = await standIn(context, (client) =>
      client.on("authentication", (attempt) => {
        tried.push(attempt.method);
        attempt.accept();
      }),
    );
    const hostKeys = { knownHosts: null, fingerprints: [`SHA256:${"A".repeat(43)}`] };
    assert.equal((await refusal({ ...config, hostKeys })).code, "target_refused");
    assert.deepEqual(tried, []);
  });
});

/** A target at a server of ssh2's that takes a password. */
async function standIn(
  context: TestContext,
  serve: (client: ssh2.Connection) => void,
  options: Partial<ServerConfig> = {},
): Promise<SshTargetConfig> {
  const stand = new ssh2.Server(
    { hostKeys: [readFileSync(join(server.folder, "host-ed25519"))], ...options },
    (client) => {
      client.on("error", () => {});
      serve(client);
    },
  );
  const place = await listenOnce(context, (socket) => stand.injectSocket(socket));
  process.env.SALLYPORT_TEST_PASSWORD = WORDS;
  const fingerprints = [fingerprint(parsePublicKey(server.hostKeys[0]!)!.blob)];
  return {
    ...targetAt(server, { credentials: { key: null, password: { env: "SALLYPORT_TEST_PASSWORD" } } }),
    ...place,
    hostKeys: { knownHosts: null, fingerprints },
  };
}

describe("a password", { skip }, () => {
  test("is given where it is asked for", async (context) => {
    const config = await standIn(context, (client) =>
      client.on("authentication", (attempt) =>
        attempt.method === "password" && attempt.password === WORDS ? attempt.accept() : attempt.reject(),
      ),
    );
    await dial(config);
  });

  test("answers one hidden question, and no other", async (context) => {
    const answers: string[][] = [];
    const asking = (prompts: { prompt: string; echo: boolean }[]) =>
      standIn(context, (client) =>
        client.on("authentication", (attempt) => {
          if (attempt.method !== "keyboard-interactive") return attempt.reject(["keyboard-interactive"]);
          attempt.prompt(prompts, (given) => {
            answers.push(given);
            if (given[0] === WORDS) attempt.accept();
            else attempt.reject();
          });
        }),
      );
    await dial(await asking([{ prompt: "Password: ", echo: false }]));
    await refusal(await asking([{ prompt: "Your name: ", echo: true }]));
    await refusal(
      await asking([
        { prompt: "Password: ", echo: false },
        { prompt: "Code: ", echo: false },
      ]),
    );
    assert.deepEqual(answers, [[WORDS], [""], ["", ""]]);
  });
});

describe("algorithms", { skip }, () => {
  test("of old are refused with how to permit them, and taken where they are permitted", async (context) => {
    const old = await startSshServer({
      hostKeys: ["rsa"],
      config: ["KexAlgorithms diffie-hellman-group14-sha1", "Ciphers aes128-cbc", "MACs hmac-sha1"],
    });
    context.after(() => old.stop());
    const error = await refusal(targetAt(old));
    assert.equal(error.code, "target_refused");
    assert.match(error.message, /no key exchange algorithm in common/);
    assert.match(error.hint!, /algorithms: compatible/);
    await works(await dial(targetAt(old, { algorithms: "compatible" })));
  });

  test("never include a signature by SHA-1, whatever the server says it takes", async (context) => {
    const strict = await startSshServer({ config: ["PubkeyAcceptedAlgorithms rsa-sha2-512"] });
    context.after(() => strict.stop());
    const path = join(strict.folder, "rsa");
    makeKey(path, "rsa");
    writeFileSync(join(strict.folder, "authorized_keys"), readFileSync(`${path}.pub`));
    await works(await dial(targetAt(strict, { credentials: keyFile(path) })));
    const key = ssh2.utils.parseKey(readFileSync(path));
    assert.ok(!(key instanceof Error));
    const data = Buffer.from("what is signed");
    const signature = withoutSha1(key).sign(data, "sha1");
    assert.deepEqual(
      ["sha1", "sha512"].map((hash) => key.verify(data, signature, hash)),
      [false, true],
    );
  });

  test("are offered with strict key exchange and without anything weak", async (context) => {
    const offer = Promise.withResolvers<string>();
    const place = await listenOnce(context, (socket) => {
      socket.write("SSH-2.0-Test\r\n");
      let text = "";
      socket.on("data", (chunk) => {
        text += chunk.toString("latin1");
        if (text.includes("zlib") || text.includes("none")) offer.resolve(text);
      });
    });
    const dialled = refusal({ ...targetAt(server), ...place }, { ...DIAL_LIMITS, loginMs: 1_000 });
    const text = await offer.promise;
    assert.match(text, /kex-strict-c-v00@openssh\.com/);
    assert.match(text, /aes128-gcm@openssh\.com,aes256-gcm/);
    assert.doesNotMatch(text, /sha1|cbc|md5|ssh-dss|ssh-rsa|arcfour|zlib|group1-/);
    assert.equal((await dialled).code, "target_unreachable");
  });
});

describe("a target that does not answer", { skip }, () => {
  const short = { ...DIAL_LIMITS, loginMs: 100 };

  test("is given up after the time limit", async (context) => {
    const place = await listenOnce(context, () => {});
    const error = await refusal({ ...targetAt(server), ...place }, short);
    assert.equal(error.code, "target_unreachable");
    assert.match(error.message, /was not ready within 0\.1 s/);
  });

  test("at all is unreachable", async (context) => {
    const place = await listenOnce(context, () => {});
    const error = await refusal({ ...targetAt(server), ...place, port: 1 });
    assert.equal(error.code, "target_unreachable");
    assert.match(error.message, /ECONNREFUSED/);
  });

  test("is given up when nobody wants it any more", async (context) => {
    const arrived = Promise.withResolvers<Socket>();
    const place = await listenOnce(context, arrived.resolve);
    const giveUp = new AbortController();
    const config = { ...targetAt(server), ...place };
    const dialled = dialTarget(config, server.user, giveUp.signal);
    const closed = once((await arrived.promise).resume(), "close");
    giveUp.abort(new SallyportError("session_ended", "the agent left"));
    await assert.rejects(dialled, /the agent left/);
    await closed;
  });

  test("in the end is taken for dead", async (context) => {
    const through: Socket[] = [];
    const place = await listenOnce(context, (socket) => {
      const inner = connect(server.port, server.host);
      inner.on("error", () => {});
      socket.pipe(inner).pipe(socket);
      through.push(socket, inner);
    });
    const hostKeys = {
      knownHosts: null,
      fingerprints: [fingerprint(parsePublicKey(server.hostKeys[0]!)!.blob)],
    };
    const target = await dial(
      { ...targetAt(server, { hostKeys }), ...place },
      { ...DIAL_LIMITS, keepAliveMs: 20 },
    );
    await works(target);
    for (const socket of through) socket.unpipe().pause();
    const error = await target.closed;
    assert.equal(error.code, "target_closed");
    assert.match(error.message, /does not answer any more/);
    for (const socket of through) socket.destroy();
  });

  test("as an SSH server is refused", async (context) => {
    for (const words of [
      "HTTP/1.1 400 Bad Request\r\n\r\n",
      "SSH-1.5-old\r\n",
      "SSH-2.0-x\r\n\0\0\0\0\0\0\0\0\0",
    ]) {
      const place = await listenOnce(context, (socket) => socket.end(words));
      const error = await refusal({ ...targetAt(server), ...place });
      assert.match(error.code, /^target_/, words);
    }
  });
});
