import assert from "node:assert/strict";
import { createHash, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { after, describe, test } from "node:test";
import fc from "fast-check";
import { SEED } from "../../protocol/seeded.ts";
import { createAuthority } from "../../test/certificates.ts";
import { tlsServerEndPoint } from "./channel-binding.ts";

console.log(`channel binding fuzz: SEED=${SEED}`);

const RSA = ["rsa:2048"];
const ecdsa = createAuthority();
const rsa = createAuthority("RSA", RSA);
const pss = createAuthority("PSS", RSA, ["-sigopt", "rsa_padding_mode:pss"]);
const ed25519 = createAuthority("Ed25519", ["ed25519"]);
after(() => {
  for (const authority of [ecdsa, rsa, pss, ed25519]) authority.remove();
});

function certificate(authority: typeof ecdsa, digest?: string): Buffer {
  const { certificate } = authority.issue({ name: "db", ...(digest === undefined ? {} : { digest }) });
  return new X509Certificate(readFileSync(certificate)).raw;
}

describe("tls-server-end-point hashes the certificate with", () => {
  for (const [claim, raw, hash] of [
    ["SHA-256 for ECDSA with SHA-256", certificate(ecdsa), "sha256"],
    ["SHA-384 for ECDSA with SHA-384", certificate(ecdsa, "-sha384"), "sha384"],
    ["SHA-512 for ECDSA with SHA-512", certificate(ecdsa, "-sha512"), "sha512"],
    ["SHA-256 in place of SHA-1", certificate(rsa, "-sha1"), "sha256"],
    ["SHA-256 for RSA with SHA-256", certificate(rsa), "sha256"],
    ["SHA-512 for RSA with SHA-512", certificate(rsa, "-sha512"), "sha512"],
    ["SHA-384 for RSASSA-PSS with SHA-384", certificate(pss, "-sha384"), "sha384"],
    ["SHA-256 in place of RSASSA-PSS's default", certificate(pss, "-sha1"), "sha256"],
  ] as const) {
    test(claim, () => assert.deepEqual(tlsServerEndPoint(raw), createHash(hash).update(raw).digest()));
  }

  test("nothing where the signature has no hash of its own", () => {
    assert.equal(tlsServerEndPoint(certificate(ed25519, "")), undefined);
  });

  test("nothing, and no failure, for what is no certificate", () => {
    const raw = certificate(ecdsa);
    const edit = fc.record({ at: fc.nat({ max: raw.length - 1 }), byte: fc.nat({ max: 255 }) });
    fc.assert(
      fc.property(fc.array(edit, { maxLength: 5 }), fc.nat({ max: raw.length }), (edits, length) => {
        const bent = Buffer.from(raw.subarray(0, length));
        for (const { at, byte } of edits) if (at < length) bent[at] = byte;
        tlsServerEndPoint(bent);
      }),
      { seed: SEED, numRuns: 2000 },
    );
  });
});
