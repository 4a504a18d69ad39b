import { Hono } from "hono";
import { SallyportError } from "../../protocol/errors.ts";
import { answerApproval, findApproval } from "../approval/answer.ts";
import { approvalLink } from "../approval/link.ts";
import { post } from "../approval/post.ts";
import { type InteractionHost, interaction } from "../approval/slack-interaction.ts";
import { MAX_CALL } from "../approval/slack-payload.ts";
import { SIGNATURE_HEADER, slackSignature, TIMESTAMP_HEADER } from "../approval/slack-signature.ts";
import { approvalHost } from "../approval/stub.ts";
import { boundedText } from "../bounded.ts";
import { loadSettings } from "../directory/settings.ts";
import { rememberCall } from "../directory/slack-calls.ts";
import type { Env } from "../environment.ts";

/** Slack gives an app 3 s; who clicked is told later how it went. */
const ANSWER_WITHIN_MS = 2_000;

/** What Slack calls. There is no bearer token: Slack's signature is the proof. */
export const slackRoutes = new Hono<{ Bindings: Env }>().post("/interactions", async (c) => {
  const secret = c.env.SLACK_SIGNING_SECRET;
  if (!secret)
    throw new SallyportError("not_found", "nobody hears Slack here: SLACK_SIGNING_SECRET is not set");
  const now = Date.now();
  const body = await boundedText(c.req.raw.body, MAX_CALL);
  const signature = c.req.header(SIGNATURE_HEADER) ?? "";
  const signed = { timestamp: c.req.header(TIMESTAMP_HEADER) ?? null, signature };
  const state = slackSignature(secret, signed, body, now);
  const call = { body, signature, state, webhook: c.env.SLACK_WEBHOOK_URL };
  const rest = await interaction(call, interactionHost(c.env, now), now);
  if (rest !== null) {
    const work = rest();
    c.executionCtx.waitUntil(work);
    await Promise.race([work, new Promise((resolve) => setTimeout(resolve, ANSWER_WITHIN_MS))]);
  }
  return c.body(null, 200);
});

function interactionHost(env: Env, now: number): InteractionHost {
  return {
    users: async () => (await loadSettings(env.DIRECTORY)).approvals.slack.users,
    firstTime: (signature, until) => rememberCall(env.DIRECTORY, signature, until, now),
    answer: (id, identity, answer) =>
      answerApproval(env, id, { identity, answer, channel: "slack", reason: null }),
    async reject(id, by, reason) {
      if (await findApproval(env, id)) await approvalHost(env, id).rejectAnswer(id, by, "slack", reason);
    },
    keepResponseUrl: (id, url) => approvalHost(env, id).keepResponseUrl(id, url),
    find: (id) => findApproval(env, id),
    async respond(url, message) {
      await post((address, init) => fetch(address, init), url, JSON.stringify(message));
    },
    look: (id) => ({ link: approvalLink(env, id), buttons: true, short: false }),
  };
}
