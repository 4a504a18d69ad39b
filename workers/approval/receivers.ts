import { indexApproval } from "../directory/approvals.ts";
import type { Env } from "../environment.ts";
import { wakeLedger } from "../ledger/stub.ts";
import type { Sql } from "../session/log.ts";
import type { Receiver } from "./outbox.ts";
import type { Fetch } from "./post.ts";
import { SlackReceiver } from "./slack.ts";
import { WebhookReceiver } from "./webhook.ts";

/** Everybody who is told of approvals: the directory's index, and the channels that have a binding. */
export function receiversOf(env: Env, sql: Sql, fetcher: Fetch): Receiver[] {
  return [
    indexReceiver(env),
    ...(env.SLACK_WEBHOOK_URL ? [new SlackReceiver(env, sql, fetcher)] : []),
    ...(env.APPROVAL_WEBHOOK_URL ? [new WebhookReceiver(env, fetcher)] : []),
  ];
}

/** Without its row in the index nobody finds the approval: it is never given up. */
function indexReceiver(env: Env): Receiver {
  return {
    channel: "index",
    newestOnly: true,
    maxAttempts: Number.POSITIVE_INFINITY,
    async send({ approval }) {
      await indexApproval(env.DIRECTORY, approval);
      void wakeLedger(env);
      return { outcome: "delivered", detail: "" };
    },
  };
}
