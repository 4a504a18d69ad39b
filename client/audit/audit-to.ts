import { createHash } from "node:crypto";
import { SallyportError } from "../../protocol/errors.ts";
import { nodeCedar } from "../../protocol/policy/node-cedar.ts";
import { PolicySet } from "../../protocol/policy/policy-set.ts";
import { type Keys, parseKeys } from "../../protocol/recording/keys.ts";
import { loadParser } from "../../protocol/sql/parser.ts";
import type { EdgeApi } from "../edge-api.ts";
import { readPolicyFile } from "../policy/policy-file.ts";
import { type Selection, selectSessions } from "../policy-replay/sources.ts";
import { type IdentitySource, identitiesIn } from "../recordings/identity.ts";
import { downloaded, fileBytes } from "../recordings/source.ts";
import { unpacked } from "../recordings/unpacked.ts";
import { readKeys } from "../recordings/verify.ts";
import { progress } from "../terminal.ts";
import { type AuditSource, audit } from "./audit.ts";
import { readLabels } from "./labels.ts";
import { type AuditVerdict, reportJson, reportMarkdown, verdictOf } from "./report.ts";
import { Results } from "./results.ts";

/** What `audit` was asked. Times in ms since 1970. */
export interface AuditRequest {
  since?: number;
  until?: number;
  target?: string;
  principal?: string;
  recording: string[];
  keys?: string;
  policy?: string;
  policyHistory: string[];
  settings?: string;
  identity?: string;
  format: "markdown" | "json";
}

const STATUS = { conforms: 0, incomplete: 7, deviates: 10 } as const satisfies Record<AuditVerdict, number>;

/** Audits, and answers the report and the exit status. Throws for files that can't be read, and what the edge answers. */
export async function auditTo(
  request: AuditRequest,
  edge: { api: () => EdgeApi; from: string },
): Promise<{ text: string; status: number }> {
  const { since = Number.NEGATIVE_INFINITY, until = Number.POSITIVE_INFINITY, target, principal } = request;
  const isOffline = request.recording.length > 0;
  const identities = identitiesIn(request.identity);
  const instead = request.policy === undefined ? null : policiesOf(readPolicyFile(request.policy));
  const history = new Map(
    request.policyHistory.map((file) => {
      const text = readPolicyFile(file);
      return [createHash("sha256").update(text).digest("hex"), text];
    }),
  );
  const labels = request.settings === undefined ? null : readLabels(request.settings);
  const keys = request.keys === undefined ? await keysOf(edge.api()) : await readKeys(request.keys);
  await loadParser();
  const sources = isOffline
    ? request.recording.map(
        (file): AuditSource => ({ name: file, bytes: () => unpacked(fileBytes(file), identities) }),
      )
    : await sessionsOf(edge.api(), {
        ...{ since, until },
        ...(target !== undefined && { target }),
        ...(principal !== undefined && { principal }),
        identities,
      });
  const results = new Results();
  let clear = () => {};
  const now = Date.now();
  await audit(
    sources,
    {
      ...{ keys, instead, labels, since, until, now },
      async policies(version) {
        const text = history.get(version) ?? (isOffline ? null : await policyText(edge.api(), version));
        return text === null ? null : oldPoliciesOf(text);
      },
      reading(number, name) {
        clear();
        clear = progress(`auditing recording ${number} of ${sources.length}: ${name}`);
      },
    },
    results,
  );
  clear();
  const scope = {
    ...{ at: now, from: edge.from, since, until, sessions: sources.length },
    target: target ?? null,
    principal: principal ?? null,
    insteadOf: instead?.version ?? null,
  };
  const all = results.all();
  const text =
    request.format === "json"
      ? `${JSON.stringify(reportJson(scope, all), null, 2)}\n`
      : reportMarkdown(scope, all);
  return { text, status: STATUS[verdictOf(all)] };
}

async function sessionsOf(
  api: EdgeApi,
  { identities, ...selection }: Selection & { identities: IdentitySource },
): Promise<AuditSource[]> {
  const selected = await selectSessions(api, selection, identities);
  return selected.map(({ name }) => ({ name, bytes: () => unpacked(downloaded(api, name), identities) }));
}

async function keysOf(api: EdgeApi): Promise<Keys> {
  return parseKeys(await api.get("/v1/keys"));
}

/** The text of a version, which must have that SHA-256; null where the edge has it no more, or another. */
async function policyText(api: EdgeApi, version: string): Promise<string | null> {
  if (!/^[0-9a-f]{64}$/.test(version)) return null;
  try {
    const { text } = await api.get<{ text: string }>(`/v1/policies/${version}`);
    return createHash("sha256").update(text).digest("hex") === version ? text : null;
  } catch (error) {
    if (error instanceof SallyportError && error.code === "not_found") return null;
    throw error;
  }
}

/** Null for a text that was good once, and isn't by the schema of today. */
function oldPoliciesOf(text: string): PolicySet | null {
  try {
    return policiesOf(text);
  } catch (error) {
    if (error instanceof SallyportError) return null;
    throw error;
  }
}

function policiesOf(text: string): PolicySet {
  return PolicySet.load(nodeCedar(), text);
}
