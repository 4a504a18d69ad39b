import { createHash } from "node:crypto";
import { Sha256 } from "@aws-crypto/sha256-js";
import { SignatureV4 } from "@smithy/signature-v4";
import { SallyportError } from "../../../protocol/errors.ts";
import type { Fields } from "../../../protocol/http/head.ts";

/** An account of AWS, or of what speaks as AWS does. */
export interface SigV4Keys {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken: string | null;
}

export interface Signable {
  method: string;
  /** Path and query, as they go to the target. */
  path: string;
  /** The value of the field `Host`. */
  host: string;
  /** The agent's, without the credential's own. */
  fields: Fields;
  /** Null for one that is streamed. */
  body: Uint8Array | null;
}

/** S3 and its kin: they want the hash of the body as a field, take a body that isn't signed, and encode paths once. */
export function isS3(service: string): boolean {
  return /^s3(?:$|-)/.test(service);
}

/** The fields of an agent's request that are signed beside `host`. */
const SIGNED = /^(?:content-type|content-md5|x-amz-.*)$/;

/**
 * The fields with which AWS Signature Version 4 signs a request: `authorization`, `x-amz-date`, with a session token
 * `x-amz-security-token`, for S3 `x-amz-content-sha256`. A streamed body is `UNSIGNED-PAYLOAD`, so only what TLS protects
 * may be streamed. Throws `invalid_request` for a path or query that is not UTF-8.
 */
export async function signedFields(
  keys: SigV4Keys,
  scope: { region: string; service: string },
  request: Signable,
  now: Date,
): Promise<Fields> {
  const s3 = isS3(scope.service);
  const signer = new SignatureV4({
    ...scope,
    credentials: {
      accessKeyId: keys.accessKeyId,
      secretAccessKey: keys.secretAccessKey,
      ...(keys.sessionToken !== null && { sessionToken: keys.sessionToken }),
    },
    sha256: Sha256,
    uriEscapePath: !s3,
    applyChecksum: false,
  });
  const mark = request.path.indexOf("?");
  const path = mark < 0 ? request.path : request.path.slice(0, mark);
  const own: Record<string, string> = {
    "x-amz-content-sha256":
      request.body === null ? "UNSIGNED-PAYLOAD" : createHash("sha256").update(request.body).digest("hex"),
  };
  const headers = signedBeside(request);
  const signed = await signer.sign(
    {
      method: request.method,
      protocol: "https:",
      hostname: request.host,
      path: s3 ? encodedOnce(path) : path,
      query: queryOf(mark < 0 ? "" : request.path.slice(mark + 1)),
      headers: { ...headers, ...own, host: request.host },
      body: undefined,
    },
    // The hash tells the signer what the body is; only S3 wants it as a field, too.
    { signingDate: now, ...(!s3 && { unsignableHeaders: new Set(["x-amz-content-sha256"]) }) },
  );
  return Object.entries(signed.headers)
    .map(([name, value]) => [name.toLowerCase(), value] as const)
    .filter(
      ([name]) =>
        name === "authorization" ||
        name === "x-amz-date" ||
        name === "x-amz-security-token" ||
        (s3 && name === "x-amz-content-sha256"),
    );
}

/** Lines of one name are one, as the canonical form has them. */
function signedBeside({ fields }: Signable): Record<string, string> {
  const headers: Record<string, string> = Object.create(null);
  for (const [name, value] of fields) {
    if (!SIGNED.test(name)) continue;
    headers[name] = name in headers ? `${headers[name]},${value}` : value;
  }
  return headers;
}

function encodedOnce(path: string): string {
  return path
    .split("/")
    .map((segment) => encodeURIComponent(decoded(segment)).replace(/[!'()*]/g, hex))
    .join("/");
}

function hex(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}

/** Parameters of one name stand together, as the signer wants them. `+` is a blank, as AWS's own signers read it. */
function queryOf(query: string): Record<string, string[]> {
  const parameters: Record<string, string[]> = Object.create(null);
  for (const piece of query.split("&")) {
    if (piece === "") continue;
    const equals = piece.indexOf("=");
    const name = decoded((equals < 0 ? piece : piece.slice(0, equals)).replaceAll("+", " "));
    // The signer would lose it, and the target refuse the signature.
    if (name === "__proto__") {
      throw new SallyportError(
        "invalid_request",
        "the request's query has a parameter that can't be signed",
        "Leave out __proto__.",
      );
    }
    const value = equals < 0 ? "" : decoded(piece.slice(equals + 1).replaceAll("+", " "));
    parameters[name] ??= [];
    parameters[name].push(value);
  }
  return parameters;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new SallyportError(
      "invalid_request",
      "the request's target has escapes that are not UTF-8, so it can't be signed",
      "Encode characters of the path and the query as UTF-8.",
    );
  }
}
