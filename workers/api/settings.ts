import { type Limits, TARGET_KINDS } from "../../protocol/control.ts";
import type {
  ApprovalSettings,
  EdgeLimits,
  Issuer,
  Settings,
  SlackUser,
  Target,
} from "../../protocol/directory.ts";
import { MAX_TEXT } from "../../protocol/policy/policy-text.ts";
import {
  MAX_RECIPIENT,
  MAX_RECIPIENTS,
  type RecordingSettings,
} from "../../protocol/recording/encryption/settings.ts";
import {
  MAX_KEEP_MS,
  MIN_KEEP_MS,
  type RetentionRule,
  type RetentionSettings,
} from "../../protocol/retention.ts";
import { SLACK_USER } from "../approval/slack-payload.ts";
import { MAX_OPEN_SESSIONS } from "../directory/open-sessions.ts";
import { BOOTSTRAP } from "../identity/authenticate.ts";
import { issuerUrl } from "../identity/issuer-url.ts";
import { name } from "./names.ts";
import { flag, list, object, oneOf, pattern, record, type Shape, text, whole } from "./shape.ts";

const SECOND = 1_000;
const DAY = 24 * 60 * 60 * SECOND;
const MAX_TARGETS = 1_000;
const MAX_ISSUERS = 32;
const MAX_PATTERNS = 200;
const MAX_SLACK_USERS = 1_000;
const MAX_GROUPS = 100;

/** Algorithms whose verification key is public: with HS256 the published key would be the secret. */
const ALGORITHMS = [
  ...["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"],
  ...["ES256", "ES384", "ES512", "EdDSA", "Ed25519"],
] as const;

/** Prefixes of principals that are not an issuer's. */
const RESERVED: ReadonlySet<string> = new Set(["service", "connector", BOOTSTRAP]);

const who = pattern(
  /^(group:[^\p{Cc}]{1,255}|(?!group:)[!-~]{1,255})$/u,
  "a principal or group:NAME, either with * as a wildcard",
);

const issuerText: Shape<string> = (value, at, tell) => {
  if (typeof value !== "string" || !issuerUrl(value)) {
    tell(`${at} must be an https URL without user, query or fragment (http on a loopback host only)`);
  }
  return value as string;
};

const claim = pattern(/^[^\p{Cc}]{1,200}$/u, "a claim's name");

const target: Shape<Target> = object(
  {
    name,
    kind: oneOf(...TARGET_KINDS),
    connector: name,
    description: text(1000),
    allow: list(who, MAX_PATTERNS),
  },
  {},
);

const issuer: Shape<Issuer> = object(
  {
    name,
    issuer: issuerText,
    audience: pattern(/^[!-~]{1,500}$/, "an audience: 1-500 printable characters without spaces"),
    algorithms: list(oneOf(...ALGORITHMS), ALGORITHMS.length),
    principalClaim: claim,
    groupsClaim: claim,
    requiredClaims: record(claim, text(500), 20),
    skewSeconds: whole(0, 120),
  },
  { clientId: pattern(/^[!-~]{1,255}$/, "a client id") },
);

const limits: Shape<Partial<Limits & EdgeLimits>> = object(
  {},
  {
    idleMs: whole(10 * SECOND, 30 * DAY),
    maxMs: whole(10 * SECOND, 30 * DAY),
    maxBytes: whole(1024 ** 2, 1024 ** 4),
    resumeMs: whole(SECOND, 300 * SECOND),
    sessions: whole(1, MAX_OPEN_SESSIONS),
    sessionsPerPrincipal: whole(1, MAX_OPEN_SESSIONS),
  },
);

/** A principal as an issuer or a token names it: no pattern, and no group. */
const principal = pattern(/^(?!group:)[!-~]{1,255}$/, "a principal");

const slackUser: Shape<SlackUser> = object(
  {
    id: pattern(SLACK_USER, "a member ID of Slack, such as U024BE7LH"),
    principal,
    groups: list(pattern(/^[^\p{Cc}]{1,255}$/u, "a group's name"), MAX_GROUPS),
  },
  {},
);

const approvals: Shape<ApprovalSettings> = object(
  { slack: object({ users: list(slackUser, MAX_SLACK_USERS) }, {}) },
  {},
);

/** How long something is kept, ms; null for ever. */
const keep: Shape<number | null> = (value, at, tell) =>
  value === null ? null : whole(MIN_KEEP_MS, MAX_KEEP_MS)(value, at, tell);

const retentionRule: Shape<RetentionRule> = (value, at, tell) => {
  const rule = object(
    { keep },
    {
      target: pattern(/^[a-z0-9*-]{1,63}$/, "a target's name, perhaps with * as a wildcard"),
      principal: who,
      label: pattern(/^[^\p{Cc}]{1,200}$/u, "a label"),
    },
  )(value, at, tell);
  if (rule.target === undefined && rule.principal === undefined && rule.label === undefined)
    tell(`${at} must name a target, a principal or a label; what all others are kept is the default`);
  return rule;
};

const retention: Shape<RetentionSettings> = object(
  { default: keep, rules: list(retentionRule, MAX_PATTERNS) },
  {},
);

/** Texts within bounds; `recipientFaults` says more. */
const recordings: Shape<RecordingSettings> = object(
  { recipients: list(text(MAX_RECIPIENT), MAX_RECIPIENTS) },
  {},
);

/** Any text within bounds; `checkPolicies` says more, with line and column. */
const policies: Shape<string> = (value, at, tell) => {
  if (typeof value !== "string" || value.length > MAX_TEXT || !value.isWellFormed()) {
    tell(`${at} must be a text of at most ${MAX_TEXT / 1024} KiB`);
  }
  return value as string;
};

/** Settings that hold together: names and issuers are unique, nothing is open to everyone by mistake. */
const settings: Shape<Settings> = (value, at, tell) => {
  let sound = true;
  const result = object(
    {
      targets: list(target, MAX_TARGETS),
      issuers: list(issuer, MAX_ISSUERS),
      administrators: list(who, MAX_PATTERNS),
      limits,
      policies,
    },
    { approvals, retention, recordings },
  )(value, at, (problem) => {
    sound = false;
    tell(problem);
  });
  if (!sound) return result;
  unique(result.targets, "name", `${at}.targets`, tell);
  unique(result.issuers, "name", `${at}.issuers`, tell);
  unique(result.issuers, "issuer", `${at}.issuers`, tell);
  for (const [index, one] of result.issuers.entries()) {
    if (RESERVED.has(one.name)) tell(`${at}.issuers[${index}].name must not be ${one.name}: it is reserved`);
    if (one.algorithms.length === 0) tell(`${at}.issuers[${index}].algorithms must name one at least`);
  }
  const users = result.approvals?.slack.users ?? [];
  unique(users, "id", `${at}.approvals.slack.users`, tell);
  for (const [index, one] of users.entries()) {
    if (one.principal === BOOTSTRAP) {
      tell(
        `${at}.approvals.slack.users[${index}].principal must not be ${BOOTSTRAP}: it is nobody in particular`,
      );
    }
  }
  for (const [index, one] of result.administrators.entries()) {
    if (/^(group:)?\**$/.test(one))
      tell(`${at}.administrators[${index}] would make everyone an administrator`);
  }
  return result;
};

/** Bytes of the body of `POST /v1/apply`: policies, each character escaped at worst, and everything else. */
export const MAX_APPLY = 2 * 1024 * 1024;

/** The body of `POST /v1/apply`. */
export const Apply = object({ settings, dryRun: flag }, {});

function unique<T>(items: T[], member: keyof T & string, at: string, tell: (problem: string) => void): void {
  const seen = new Map<T[keyof T & string], number>();
  for (const [index, item] of items.entries()) {
    const first = seen.get(item[member]);
    if (first !== undefined) tell(`${at}[${index}].${member} is the same as ${at}[${first}].${member}`);
    else seen.set(item[member], index);
  }
}
