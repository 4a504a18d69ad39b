import { createHash } from "node:crypto";

/**
 * The data of the channel binding tls-server-end-point (RFC 5929 section 4): the hash of the server's
 * certificate, by the hash function of the certificate's signature, or SHA-256 in place of MD5 and SHA-1.
 * Undefined where the signature has no single hash function (Ed25519): there the binding isn't defined.
 */
export function tlsServerEndPoint(certificate: Uint8Array): Buffer | undefined {
  const hash = signatureHash(certificate);
  return hash === undefined ? undefined : createHash(hash).update(certificate).digest();
}

/** Hash functions of signature algorithms by object identifier, in hexadecimal DER. */
const SIGNATURES: Record<string, string> = {
  "2a864886f70d010104": "sha256", // md5WithRSAEncryption
  "2a864886f70d010105": "sha256", // sha1WithRSAEncryption
  "2a864886f70d01010e": "sha224", // sha224WithRSAEncryption
  "2a864886f70d01010b": "sha256", // sha256WithRSAEncryption
  "2a864886f70d01010c": "sha384", // sha384WithRSAEncryption
  "2a864886f70d01010d": "sha512", // sha512WithRSAEncryption
  "2a8648ce3d0401": "sha256", // ecdsa-with-SHA1
  "2a8648ce3d040301": "sha224", // ecdsa-with-SHA224
  "2a8648ce3d040302": "sha256", // ecdsa-with-SHA256
  "2a8648ce3d040303": "sha384", // ecdsa-with-SHA384
  "2a8648ce3d040304": "sha512", // ecdsa-with-SHA512
};
const RSASSA_PSS = "2a864886f70d01010a";

/** Hash functions by object identifier, which RSASSA-PSS names in its parameters. */
const HASHES: Record<string, string> = {
  "2b0e03021a": "sha256", // SHA-1
  "608648016503040204": "sha224",
  "608648016503040201": "sha256",
  "608648016503040202": "sha384",
  "608648016503040203": "sha512",
};

const SEQUENCE = 0x30;
const OBJECT_IDENTIFIER = 0x06;
const CONTEXT_0 = 0xa0;

/** Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm SEQUENCE { OID, parameters }, signature } */
function signatureHash(certificate: Uint8Array): string | undefined {
  const [, algorithm] = children(children(certificate)[0]?.content);
  const [identifier, parameters] = children(algorithm?.content);
  if (identifier?.tag !== OBJECT_IDENTIFIER) return undefined;
  const name = hex(identifier.content);
  return name === RSASSA_PSS ? pssHash(parameters) : SIGNATURES[name];
}

/** RSASSA-PSS-params ::= SEQUENCE { hashAlgorithm [0] SEQUENCE { OID, … } DEFAULT sha1, … } (RFC 4055) */
function pssHash(parameters: Element | undefined): string | undefined {
  if (parameters?.tag !== SEQUENCE) return undefined;
  const [first] = children(parameters.content);
  if (first?.tag !== CONTEXT_0) return "sha256";
  const [identifier] = children(children(first.content)[0]?.content);
  return identifier?.tag === OBJECT_IDENTIFIER ? HASHES[hex(identifier.content)] : undefined;
}

interface Element {
  tag: number;
  content: Uint8Array;
}

/** The DER elements that stand in `bytes`, up to the first that isn't whole. */
function children(bytes: Uint8Array = new Uint8Array(0)): Element[] {
  const elements: Element[] = [];
  let at = 0;
  while (at + 2 <= bytes.length) {
    const tag = bytes[at]!;
    let length = bytes[at + 1]!;
    at += 2;
    if (length >= 0x80) {
      const size = length & 0x7f;
      if (size > 4 || at + size > bytes.length) break;
      length = bytes.subarray(at, at + size).reduce((value, byte) => value * 256 + byte, 0);
      at += size;
    }
    if (at + length > bytes.length) break;
    elements.push({ tag, content: bytes.subarray(at, at + length) });
    at += length;
  }
  return elements;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
