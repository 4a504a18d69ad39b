import assert from "node:assert/strict";
import { createHash, createHmac, pbkdf2Sync } from "node:crypto";
import { describe, test } from "node:test";
import { SallyportError } from "../../protocol/errors.ts";
import { type Binding, MAX_ITERATIONS, MIN_ITERATIONS, ScramExchange } from "./scram.ts";

const NONCE = "rOprNGfwEbeRWgbNEkqO";
const PLAIN: Binding = { mechanism: "SCRAM-SHA-256", possible: false };
const SALT = "W22ZaJ0SNY7soEsUEjb6gQ==";
const FIRST = `r=${NONCE}%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=${SALT},i=4096`;

const hmac = (key: Uint8Array, text: string) => createHmac("sha256", key).update(text).digest();

/** What a server that knows the password does with the client's messages. */
function server(password: string, clientFirst: string, clientFinal: string) {
  const salted = pbkdf2Sync(password, Buffer.from(SALT, "base64"), 4096, 32, "sha256");
  const [withoutProof = "", proof = ""] = clientFinal.split(",p=");
  const signed = `${clientFirst.replace(/^[^,]*,,/, "")},${FIRST},${withoutProof}`;
  const stored = createHash("sha256").update(hmac(salted, "Client Key")).digest();
  const signature = hmac(stored, signed);
  const clientKey = Buffer.from(proof, "base64").map((byte, i) => byte ^ signature[i]!);
  return {
    accepts: createHash("sha256").update(clientKey).digest().equals(stored),
    final: `v=${hmac(hmac(salted, "Server Key"), signed).toString("base64")}`,
  };
}

async function refuses(step: () => unknown, message: RegExp): Promise<void> {
  await assert.rejects(
    async () => await step(),
    (error) => {
      assert.ok(error instanceof SallyportError, String(error));
      assert.equal(error.code, "target_refused");
      assert.match(error.message, message);
      assert.doesNotMatch(error.message, /pencil/);
      return true;
    },
  );
}

describe("SCRAM-SHA-256", () => {
  test("proves the password, and takes the server's proof", async () => {
    const exchange = new ScramExchange("pencil", NONCE, PLAIN);
    const final = await exchange.final(FIRST);
    const { accepts, final: serverFinal } = server("pencil", exchange.first(), final);
    assert.ok(accepts);
    exchange.verify(serverFinal);
  });

  test("computes what RFC 7677 section 3 shows, but for the user name", () => {
    // The RFC's exchange, through the verifying half of this test: it must agree with the RFC before it may judge.
    const clientFinal =
      "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";
    const { accepts, final } = server("pencil", `n,,n=user,r=${NONCE}`, clientFinal);
    assert.ok(accepts);
    assert.equal(final, "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
  });

  test("tells the server whether it could have bound to TLS", () => {
    const header = (binding: Binding) => new ScramExchange("x", NONCE, binding).first().split("n=")[0];
    assert.equal(header(PLAIN), "n,,");
    assert.equal(header({ mechanism: "SCRAM-SHA-256", possible: true }), "y,,");
    const endPoint = Buffer.alloc(32);
    assert.equal(header({ mechanism: "SCRAM-SHA-256-PLUS", endPoint }), "p=tls-server-end-point,,");
  });

  test("binds to the certificate", async () => {
    const endPoint = Buffer.from("certificate hash");
    const exchange = new ScramExchange("pencil", NONCE, { mechanism: "SCRAM-SHA-256-PLUS", endPoint });
    const [, binding = ""] = /^c=([^,]*),/.exec(await exchange.final(FIRST)) ?? [];
    assert.equal(Buffer.from(binding, "base64").toString(), "p=tls-server-end-point,,certificate hash");
  });

  test("refuses a server that signs with another password, or not at all", async () => {
    const exchange = new ScramExchange("pencil", NONCE, PLAIN);
    const final = await exchange.final(FIRST);
    const other = server("pen", exchange.first(), final);
    assert.equal(other.accepts, false);
    await refuses(() => exchange.verify(other.final), /signature is wrong/);
    for (const text of ["e=invalid-proof", "v=", "v=AAAA", "", `v=${"A".repeat(44)}`]) {
      await refuses(() => exchange.verify(text), /no signature/);
    }
  });

  test("refuses a signature before there was an exchange", async () => {
    await refuses(() => new ScramExchange("x", NONCE, PLAIN).verify(`v=${"A".repeat(43)}=`), /no signature/);
  });

  const answer = (text: string) => () => new ScramExchange("pencil", NONCE, PLAIN).final(text);

  test("refuses a nonce that is not a continuation of its own", async () => {
    await refuses(answer(`r=other,s=${SALT},i=4096`), /nonce/);
    await refuses(answer(`r=${NONCE},s=${SALT},i=4096`), /nonce/);
  });

  test("refuses iteration counts that make guessing cheap or the connector busy", async () => {
    for (const count of [MIN_ITERATIONS - 1, MAX_ITERATIONS + 1, 1, 2 ** 32]) {
      await refuses(answer(`r=${NONCE}x,s=${SALT},i=${count}`), /iterations/);
    }
  });

  test("refuses first messages of another form, mandatory extensions included", async () => {
    for (const text of [
      "",
      `m=x,r=${NONCE}x,s=${SALT},i=4096`,
      `r=${NONCE}x,i=4096,s=${SALT}`,
      `r=${NONCE}x,s=,i=4096`,
      `r=${NONCE}x,s=${SALT},i=04096`,
      `r=${NONCE}x,s=${SALT},i=4096x`,
      `r=${NONCE}x,s=${SALT}`,
    ]) {
      await refuses(answer(text), /first message/);
    }
    await answer(`r=${NONCE}x,s=${SALT},i=4096,x=an optional extension`)();
  });
});
