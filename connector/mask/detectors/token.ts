import type { ByteSet } from "./automaton.ts";
import {
  ALNUM,
  anyCase,
  BASE64,
  BASE64URL,
  bytesOf,
  either,
  glued,
  runEnd,
  WORD,
  word,
} from "./characters.ts";
import type { Anchor, Find, Reach } from "./found.ts";

/** Bytes of a token of which, in a stream, the beginning is waited for; none that is known comes near. */
const LONGEST = 512;

interface Family {
  /** Each with which a token may begin. */
  prefixes: readonly string[];
  /** What stands behind the prefix, and how many of it. */
  bytes: ByteSet;
  least: number;
  most?: number;
}

const UPPER = bytesOf("A-Z0-9");
const HEX = bytesOf("0-9a-f");
const DOTTED = bytesOf("A-Za-z0-9._-");

/** Tokens that say themselves what they are, as their issuers document them. */
const FAMILIES: Record<string, Family> = {
  "AWS access key id": { prefixes: ["AKIA", "ASIA", "ABIA", "ACCA"], bytes: UPPER, least: 16, most: 16 },
  GitHub: { prefixes: ["ghp_", "gho_", "ghu_", "ghs_", "ghr_"], bytes: ALNUM, least: 36 },
  "GitHub, fine-grained": { prefixes: ["github_pat_"], bytes: WORD, least: 50 },
  Slack: {
    prefixes: ["xoxb-", "xoxp-", "xoxa-", "xoxr-", "xoxs-", "xoxe-", "xoxe.", "xapp-"],
    bytes: DOTTED,
    least: 16,
  },
  "Slack webhook": {
    prefixes: ["hooks.slack.com/services/"],
    bytes: bytesOf("A-Za-z0-9/"),
    least: 30,
  },
  Stripe: {
    prefixes: ["sk_live_", "sk_test_", "rk_live_", "rk_test_", "whsec_"],
    bytes: ALNUM,
    least: 16,
  },
  "Google API key": { prefixes: ["AIza"], bytes: BASE64URL, least: 35, most: 35 },
  "Google OAuth": { prefixes: ["ya29.", "GOCSPX-"], bytes: BASE64URL, least: 20 },
  GitLab: {
    prefixes: ["glpat-", "gloas-", "gldt-", "glrt-", "glcbt-", "glptt-", "glft-", "glagent-", "glsoat-"],
    bytes: DOTTED,
    least: 20,
  },
  npm: { prefixes: ["npm_"], bytes: ALNUM, least: 36, most: 36 },
  PyPI: { prefixes: ["pypi-AgE"], bytes: BASE64URL, least: 50 },
  SendGrid: { prefixes: ["SG."], bytes: DOTTED, least: 60 },
  OpenAI: { prefixes: ["sk-proj-", "sk-svcacct-", "sk-admin-"], bytes: BASE64URL, least: 32 },
  Anthropic: { prefixes: ["sk-ant-"], bytes: BASE64URL, least: 32 },
  "Hugging Face": { prefixes: ["hf_"], bytes: ALNUM, least: 34 },
  DigitalOcean: { prefixes: ["dop_v1_", "doo_v1_", "dor_v1_"], bytes: HEX, least: 64, most: 64 },
  Databricks: { prefixes: ["dapi"], bytes: HEX, least: 32, most: 32 },
  Shopify: { prefixes: ["shpat_", "shpss_", "shpca_", "shppa_"], bytes: bytesOf("0-9a-fA-F"), least: 32 },
  Vault: { prefixes: ["hvs.", "hvb."], bytes: BASE64URL, least: 24 },
  Grafana: { prefixes: ["glsa_", "glc_"], bytes: bytesOf("A-Za-z0-9+/_="), least: 32 },
  Docker: { prefixes: ["dckr_pat_"], bytes: BASE64URL, least: 27 },
  Linear: { prefixes: ["lin_api_"], bytes: ALNUM, least: 40 },
  Supabase: { prefixes: ["sbp_"], bytes: HEX, least: 40, most: 40 },
  Tailscale: { prefixes: ["tskey-"], bytes: BASE64URL, least: 20 },
  age: { prefixes: ["AGE-SECRET-KEY-1"], bytes: UPPER, least: 58, most: 58 },
};

function inFamily({ bytes, least, most }: Family): Find {
  return (text, start, end, from, to) => {
    if (glued(text, start, from, WORD)) return null;
    const last = runEnd(text, end, most === undefined ? to : Math.min(to, end + most + 1), bytes);
    const length = last - end;
    if (length < least || (most !== undefined && length > most)) return null;
    return { start, end: trimmed(text, end + least, last), certain: true, more: bytes };
  };
}

/** The end of a sentence is not of a token. */
function trimmed(text: Uint8Array, least: number, end: number): number {
  let last = end;
  while (last > least && text[last - 1] === 0x2e) last -= 1;
  return last;
}

/** Values that look like many others, told by the name that stands before them. */
const NAMED: Record<string, { names: readonly string[]; bytes: ByteSet; length: number; padding: number }> = {
  "AWS secret access key": {
    names: [
      "secret_access_key",
      "secretaccesskey",
      "secret-access-key",
      "secret access key",
      "aws_secret_key",
    ],
    bytes: BASE64,
    length: 40,
    padding: 0,
  },
  "Azure storage account key": {
    names: ["accountkey", "account_key", "storage_key"],
    bytes: BASE64,
    length: 86,
    padding: 2,
  },
  "Azure shared access key": { names: ["sharedaccesskey"], bytes: BASE64, length: 43, padding: 1 },
};

/** Quotes, also escaped ones, and what assigns; of no value itself. */
const BETWEEN = bytesOf(" \t\"'`:=>\\,");
const BETWEEN_MOST = 12;

function named(bytes: ByteSet, length: number, padding: number): Find {
  return (text, _start, end, _from, to) => {
    const start = runEnd(text, end, Math.min(to, end + BETWEEN_MOST), BETWEEN);
    if (start === end) return null;
    const last = runEnd(text, start, Math.min(to, start + length + 1), bytes);
    if (last - start !== length) return null;
    for (let at = last; at < last + padding; at += 1) if (at >= to || text[at] !== EQUALS) return null;
    return { start, end: last + padding, certain: true };
  };
}

const ENTRA_BYTES = bytesOf("A-Za-z0-9_~.-");
/** An application's secret of Microsoft Entra has these three characters after its first three. */
const ENTRA: Anchor = {
  detector: "token",
  steps: word("8Q~"),
  find: (text, at, end, from, to) => {
    const start = at - 3;
    if (start < from) return null;
    const last = runEnd(text, end, Math.min(to, end + 36), ENTRA_BYTES);
    if (runEnd(text, start, at, ENTRA_BYTES) !== at || glued(text, start, from, ENTRA_BYTES)) return null;
    return last - end >= 31 && last - end <= 34 ? { start, end: last, certain: true } : null;
  },
  reach: { before: 3, bytes: ENTRA_BYTES, most: 40 },
};
const EQUALS = 0x3d;

const FAMILY_REACH: Reach = { bytes: bytesOf("A-Za-z0-9._/+=-"), most: LONGEST + 32 };
const NAMED_REACH: Reach = {
  bytes: either(BETWEEN, BASE64, bytesOf("_-")),
  most: 32 + BETWEEN_MOST + 88 + 2,
};

export const TOKENS: Anchor[] = [
  ...Object.values(FAMILIES).flatMap((family) =>
    family.prefixes.map(
      (prefix): Anchor => ({
        detector: "token",
        steps: word(prefix),
        find: inFamily(family),
        reach: FAMILY_REACH,
      }),
    ),
  ),
  ...Object.values(NAMED).flatMap(({ names, bytes, length, padding }) =>
    names.map(
      (name): Anchor => ({
        detector: "token",
        steps: anyCase(name),
        find: named(bytes, length, padding),
        reach: NAMED_REACH,
      }),
    ),
  ),
  ENTRA,
];
