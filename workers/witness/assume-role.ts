import { Sha256 } from "@aws-crypto/sha256-js";
import { SignatureV4 } from "@smithy/signature-v4";
import type { Fetch } from "../approval/post.ts";
import { boundedText } from "../bounded.ts";
import type { AwsKeys } from "./settings.ts";

/** How long a role's credentials are asked for, s: the longest that every role allows. */
const LASTS_S = 3_600;
const MAX_ANSWER = 16 * 1024;

export interface RoleKeys extends AwsKeys {
  /** ms since 1970. */
  expires: number;
}

/** STS refused, or what answered is not STS; `name` is the error's code. Nothing of the answer is in the message. */
export class StsError extends Error {
  override readonly name: string;
  readonly $metadata: { httpStatusCode: number };

  constructor(code: string, status: number) {
    super(`STS answers with HTTP status ${status}`);
    this.name = code;
    this.$metadata = { httpStatusCode: status };
  }
}

/**
 * Credentials of a role: AssumeRole of AWS STS, version 2011-06-15. The SDK's own client reads the answer with a
 * DOMParser, which workerd has not. Throws `StsError`, and what `fetcher` throws.
 */
export async function assumeRole(
  role: { arn: string; stsEndpoint: string },
  region: string,
  keys: AwsKeys,
  { fetcher, now, limitMs }: { fetcher: Fetch; now: number; limitMs: number },
): Promise<RoleKeys> {
  const url = new URL(role.stsEndpoint);
  const body = new URLSearchParams({
    Action: "AssumeRole",
    Version: "2011-06-15",
    RoleArn: role.arn,
    RoleSessionName: "sallyport-witness",
    DurationSeconds: String(LASTS_S),
  }).toString();
  const { accessKeyId, secretAccessKey, sessionToken } = keys;
  const signer = new SignatureV4({
    region,
    service: "sts",
    credentials: { accessKeyId, secretAccessKey, ...(sessionToken !== null && { sessionToken }) },
    sha256: Sha256,
  });
  const signed = await signer.sign(
    {
      method: "POST",
      protocol: url.protocol,
      hostname: url.hostname,
      path: url.pathname,
      query: {},
      headers: { host: url.host, "content-type": "application/x-www-form-urlencoded; charset=utf-8" },
      body,
    },
    { signingDate: new Date(now) },
  );
  const { host: _, ...headers } = signed.headers;
  const signal = AbortSignal.timeout(limitMs);
  const response = await fetcher(url.href, { method: "POST", headers, body, redirect: "manual", signal });
  const answer = await boundedText(response.body, MAX_ANSWER);
  if (response.status !== 200) {
    throw new StsError(element(answer, "Code", /^\w{1,64}$/) ?? "StsError", response.status);
  }
  const made = {
    accessKeyId: element(answer, "AccessKeyId", /^\w{16,128}$/),
    secretAccessKey: element(answer, "SecretAccessKey", BASE64),
    sessionToken: element(answer, "SessionToken", BASE64),
    expires: Date.parse(element(answer, "Expiration", /^\d{4}-\d\d-\d\dT[\d:.]{8,12}Z$/) ?? ""),
  };
  const { expires, ...rest } = made;
  if (Object.values(rest).includes(null) || !(expires > now)) throw new StsError("StsError", response.status);
  return made as RoleKeys;
}

const BASE64 = /^[A-Za-z0-9+/=]{1,8192}$/;

/** The text of the first element of this name. None of those we want has a character that XML would escape. */
function element(xml: string, name: string, form: RegExp): string | null {
  const text = xml.split(`<${name}>`)[1]?.split(`</${name}>`)[0];
  return text !== undefined && form.test(text) ? text : null;
}
