import { postableUrl } from "../approval/post.ts";

/** Where the witness is, and as whom the edge writes there. */
export interface WitnessSettings {
  table: string;
  region: string;
  /** Another endpoint than the region's, such as a VPC's; null for the region's. */
  endpoint: string | null;
  keys: AwsKeys;
  /** The role that these keys assume; null where they may write themselves. */
  role: { arn: string; stsEndpoint: string } | null;
}

export interface AwsKeys {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken: string | null;
}

/** The texts of the environment that are about the witness. */
export interface WitnessEnv {
  /** The witness's table in DynamoDB and its region; unset, there is no witness. See docs/witness.md. */
  WITNESS_TABLE?: string;
  WITNESS_REGION?: string;
  /** Other endpoints of DynamoDB and of AWS STS than the region's. */
  WITNESS_ENDPOINT?: string;
  WITNESS_STS_ENDPOINT?: string;
  /** The role that the keys assume for the witness; unset, they write themselves. */
  WITNESS_ROLE_ARN?: string;
  /** With which the edge writes to the witness; secrets. */
  AWS_ACCESS_KEY_ID?: string;
  AWS_SECRET_ACCESS_KEY?: string;
  AWS_SESSION_TOKEN?: string;
}

/** Tables' names as DynamoDB takes them; regions; a role's ARN as IAM makes it. */
const TABLE = /^[\w.-]{3,255}$/;
const REGION = /^[a-z]{2}(?:-[a-z]{1,12}){1,3}-\d{1,2}$/;
const ROLE = /^arn:aws[a-z-]{0,20}:iam::\d{12}:role\/[\w+=,.@/-]{1,512}$/;
/** No header of a request may be made of anything else. */
const KEY_ID = /^\w{1,128}$/;
const SECRET = /^[\x21-\x7e]{1,4096}$/;

/**
 * The settings of the environment: null where there are none, and words for what can't be used. No value of a secret is
 * among the words.
 */
export function witnessSettings(env: WitnessEnv): WitnessSettings | { problem: string } | null {
  const { WITNESS_TABLE: table = "", WITNESS_REGION: region = "" } = env;
  if (table === "" && region === "") return null;
  if (!TABLE.test(table)) return { problem: "WITNESS_TABLE is not the name of a table." };
  if (!REGION.test(region)) return { problem: "WITNESS_REGION is not a region, such as eu-central-1." };
  const endpoint = endpointOf(env.WITNESS_ENDPOINT);
  const stsEndpoint = endpointOf(env.WITNESS_STS_ENDPOINT);
  if (endpoint === undefined || stsEndpoint === undefined) {
    const name = endpoint === undefined ? "WITNESS_ENDPOINT" : "WITNESS_STS_ENDPOINT";
    return { problem: `${name} is not an https URL; http is for this machine alone.` };
  }
  const { AWS_ACCESS_KEY_ID: accessKeyId = "", AWS_SECRET_ACCESS_KEY: secretAccessKey = "" } = env;
  const sessionToken = env.AWS_SESSION_TOKEN || null;
  if (!KEY_ID.test(accessKeyId)) return { problem: "AWS_ACCESS_KEY_ID is not set, or is none." };
  if (!SECRET.test(secretAccessKey)) return { problem: "AWS_SECRET_ACCESS_KEY is not set, or is none." };
  if (sessionToken !== null && !SECRET.test(sessionToken)) return { problem: "AWS_SESSION_TOKEN is none." };
  const arn = env.WITNESS_ROLE_ARN || null;
  if (arn !== null && !ROLE.test(arn)) return { problem: "WITNESS_ROLE_ARN is not the ARN of a role." };
  return {
    table,
    region,
    endpoint,
    keys: { accessKeyId, secretAccessKey, sessionToken },
    role: arn === null ? null : { arn, stsEndpoint: stsEndpoint ?? regionalSts(region) },
  };
}

/** Of China's regions the domain is another. */
function regionalSts(region: string): string {
  return `https://sts.${region}.amazonaws.com${region.startsWith("cn-") ? ".cn" : ""}`;
}

/** Null for an endpoint that isn't set; undefined for one that can't be used. */
function endpointOf(text: string | undefined): string | null | undefined {
  if (text === undefined || text === "") return null;
  const url = postableUrl(text);
  return url === null || url.search !== "" || url.hash !== "" ? undefined : url.href;
}
