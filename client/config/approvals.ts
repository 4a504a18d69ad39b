import type { ApprovalSettings } from "../../protocol/directory.ts";
import type { Field } from "../../protocol/document.ts";
import { resolveSecret, type SecretReference, secretReference } from "../../protocol/secrets.ts";

/** Channels for approvals of an edge that one runs oneself; `edge.approvals` of the file. All of it is secret. */
export interface EdgeApprovals {
  /** `signingSecret`: null for a webhook whose messages have no buttons. */
  slack: { webhook: SecretReference; signingSecret: SecretReference | null } | null;
  webhook: { url: SecretReference; secret: SecretReference } | null;
}

export const NO_CHANNELS: EdgeApprovals = { slack: null, webhook: null };

/** Reads `edge.approvals`; paths of secrets are relative to `folder`. Throws `invalid_config`. */
export function edgeApprovals(field: Field, folder: string): EdgeApprovals {
  const secret = (one: Field) => secretReference(one, folder);
  field.mapping(["slack", "webhook"]);
  return {
    slack: field.get("slack").optional((slack) => {
      slack.mapping(["webhook", "signingSecret"]);
      return {
        webhook: required(slack.get("webhook"), secret),
        signingSecret: slack.get("signingSecret").optional(secret),
      };
    }),
    webhook: field.get("webhook").optional((webhook) => {
      webhook.mapping(["url", "secret"]);
      return { url: required(webhook.get("url"), secret), secret: required(webhook.get("secret"), secret) };
    }),
  };
}

/** Reads `approvals`: who a user of Slack is. The edge judges the names. Throws `invalid_config`. */
export function approvalSettings(field: Field): ApprovalSettings {
  field.mapping(["slack"]);
  const slack = field.get("slack").optional((one) => one.mapping(["users"]));
  const users = slack?.get("users").optional((one) => one.list()) ?? [];
  return {
    slack: {
      users: users.map((user) => {
        user.mapping(["id", "principal", "groups"]);
        const groups = user.get("groups").optional((one) => one.list()) ?? [];
        return {
          id: user.get("id").string(),
          principal: user.get("principal").string(),
          groups: groups.map((one) => one.string()),
        };
      }),
    },
  };
}

/** Reads the secrets now, as bindings of the edge's Worker. Throws `invalid_config`, with no word of what they hold. */
export async function approvalBindings({ slack, webhook }: EdgeApprovals): Promise<Record<string, string>> {
  const sources: [name: string, place: string, reference: SecretReference | null | undefined][] = [
    ["SLACK_WEBHOOK_URL", "edge.approvals.slack.webhook", slack?.webhook],
    ["SLACK_SIGNING_SECRET", "edge.approvals.slack.signingSecret", slack?.signingSecret],
    ["APPROVAL_WEBHOOK_URL", "edge.approvals.webhook.url", webhook?.url],
    ["APPROVAL_WEBHOOK_SECRET", "edge.approvals.webhook.secret", webhook?.secret],
  ];
  const bindings: Record<string, string> = {};
  for (const [name, place, reference] of sources) {
    if (reference) bindings[name] = await resolveSecret(reference, place);
  }
  return bindings;
}

/** Environment variables in which secrets of the channels stand: for the edge, and nobody whom it starts. */
export function channelVariables({ slack, webhook }: EdgeApprovals): string[] {
  const references = [slack?.webhook, slack?.signingSecret, webhook?.url, webhook?.secret];
  return references.flatMap((reference) => (reference && "env" in reference ? [reference.env] : []));
}

function required<T>(field: Field, read: (field: Field) => T): T {
  return (
    field.optional(read) ??
    field.fail("is missing", "Write where it is: {env: NAME}, {file: PATH} or {command: [PROGRAM, …]}.")
  );
}
