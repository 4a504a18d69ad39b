import { createHmac, randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { messageProblem, readable } from "./slack-blocks.ts";

/** How the stand-in behaves. `lost`: it takes a message, and drops the connection before it says so. */
export type SlackMode =
  | { mode: "ok" | "down" | "lost" }
  | { mode: "slow"; ms: number }
  | { mode: "status"; status: number; retryAfterS?: number };

/** A message in the channel. */
export interface StandInMessage {
  ts: string;
  text: string;
  blocks: unknown[];
  /** How often it was replaced. */
  replaced: number;
}

/** What a button sends when it is clicked. */
export interface Button {
  action_id: string;
  value: string;
  text: { text: string };
}

export interface SlackStandIn {
  /** The incoming webhook. */
  webhook: string;
  signingSecret: string;
  /** Everything in the channel, oldest first. */
  messages: StandInMessage[];
  /** What users were told with nobody else to see. */
  ephemeral: { user: string; text: string }[];
  /** Calls of the webhook and of response_urls, refused ones included. */
  calls: { path: string; status: number; word: string }[];
  behave(mode: SlackMode): void;
  /** Where interactions are sent to. */
  interactions: URL | undefined;
  /** The signed request of a click, as the edge would get it. */
  clickRequest(click: Click): { headers: Record<string, string>; body: string };
  /** Clicks, and answers what the edge answered. */
  click(click: Click): Promise<{ status: number; body: string }>;
  /** Resolves when the condition holds; it is asked after each call. */
  until(condition: () => boolean): Promise<void>;
  stop(): Promise<void>;
}

export interface Click {
  user: string;
  button: "Approve" | "Deny";
  /** Which message, by index; the last that has this button. */
  message?: number;
  /** Of another message than the one clicked, for attacks. */
  value?: string;
  responseUrl?: string;
  /** Seconds since 1970. */
  timestamp?: number;
  secret?: string;
}

const MAX_BODY = 1024 * 1024;
const RESPONSE_USES = 5;
const RESPONSE_MS = 30 * 60_000;
const TEAM = "T0STANDIN";

/** Slack's `X-Slack-Signature` of a body. */
export function slackSignatureOf(secret: string, timestamp: number | string, body: string): string {
  return `v0=${createHmac("sha256", secret).update(`v0:${timestamp}:${body}`).digest("hex")}`;
}

/**
 * An incoming webhook on loopback that refuses what Slack refuses: other methods and content types, blocks that break
 * Block Kit's limits, a `response_url` after 5 uses or 30 minutes. `clock` is in ms since 1970.
 */
export async function startSlack(
  options: { port?: number; signingSecret?: string; interactions?: URL; clock?: () => number } = {},
): Promise<SlackStandIn> {
  const clock = options.clock ?? Date.now;
  const signingSecret = options.signingSecret ?? randomBytes(16).toString("hex");
  const secretPath = `/services/${TEAM}/B0STANDIN/${randomBytes(12).toString("hex")}`;
  const responses = new Map<string, { message: StandInMessage; user: string; uses: number; made: number }>();
  const waiting = new Set<() => void>();
  let mode: SlackMode = { mode: "ok" };
  let made = 0;

  const server = createServer((request, response) => {
    handle(request, response).catch(() => response.destroy());
  });
  const answer = (
    request: IncomingMessage,
    response: ServerResponse,
    status: number,
    word: string,
    type = "text/plain",
  ) => {
    response.writeHead(status, {
      "content-type": type,
      ...(mode.mode === "status" &&
        mode.retryAfterS !== undefined && { "retry-after": String(mode.retryAfterS) }),
    });
    response.end(word);
    if (type === "text/plain") told(request, status, word);
  };
  const told = (request: IncomingMessage, status: number, word: string) => {
    slack.calls.push({
      path: request.url!.startsWith("/services/") ? "webhook" : "response_url",
      status,
      word,
    });
    for (const check of waiting) check();
  };

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await bodyOf(request);
    if (request.url === "/messages" || request.url === "/click") return control(request, response, body);
    if (mode.mode === "down") {
      told(request, 0, "down");
      return void request.socket.destroy();
    }
    if (mode.mode === "slow")
      await new Promise((resolve) => setTimeout(resolve, (mode as { ms: number }).ms));
    if (mode.mode === "status") return answer(request, response, mode.status, "rollup_error");
    const [status, word] = take(request, body);
    if (mode.mode !== "lost") return answer(request, response, status, word);
    told(request, 0, "lost");
    request.socket.destroy();
  }

  function take(request: IncomingMessage, body: string): [status: number, word: string] {
    const reply = responses.get(request.url ?? "");
    if (request.url !== secretPath && reply === undefined) return [404, "no_service"];
    if (request.method !== "POST") return [405, "method_not_allowed"];
    if (!/^application\/json(;|$)/.test(request.headers["content-type"] ?? ""))
      return [400, "invalid_payload"];
    const message = parsed(body);
    const problem = messageProblem(message);
    if (problem !== null) return [400, problem.word];
    const { text = "", blocks = [], replace_original, response_type } = message as Record<string, never>;
    if (reply === undefined) {
      slack.messages.push({
        ts: `${Math.floor(clock() / 1_000)}.${String(++made).padStart(6, "0")}`,
        text,
        blocks,
        replaced: 0,
      });
      return [200, "ok"];
    }
    if (clock() - reply.made > RESPONSE_MS) return [404, "expired_url"];
    if (reply.uses++ >= RESPONSE_USES) return [404, "used_url"];
    if (replace_original === true) {
      Object.assign(reply.message, { text, blocks, replaced: reply.message.replaced + 1 });
    } else if (response_type === "ephemeral") {
      slack.ephemeral.push({ user: reply.user, text });
    } else return [400, "invalid_payload"];
    return [200, "ok"];
  }

  /** For the guide: what is in the channel, and clicks, by HTTP. */
  async function control(request: IncomingMessage, response: ServerResponse, body: string): Promise<void> {
    if (request.url === "/messages") {
      const list = slack.messages.map(({ ts, blocks, replaced }) => ({
        ts,
        replaced,
        text: readable(blocks),
      }));
      return answer(request, response, 200, `${JSON.stringify(list, null, 2)}\n`, "application/json");
    }
    const { status } = await slack.click(parsed(body) as Click);
    answer(
      request,
      response,
      200,
      `${JSON.stringify({ status, ephemeral: slack.ephemeral })}\n`,
      "application/json",
    );
  }

  const slack: SlackStandIn = {
    webhook: "",
    signingSecret,
    messages: [],
    ephemeral: [],
    calls: [],
    interactions: options.interactions,
    behave: (next) => {
      mode = next;
    },
    clickRequest({ user, button, message, value, responseUrl, timestamp, secret }) {
      const has = (one: StandInMessage) => buttonsOf(one).some(({ text }) => text.text === button);
      const clicked = message === undefined ? slack.messages.findLast(has) : slack.messages[message];
      if (clicked === undefined) throw new Error(`there is no message with the button ${button}`);
      const pressed = buttonsOf(clicked).find(({ text }) => text.text === button);
      if (pressed === undefined) throw new Error(`the message has no button ${button}`);
      const path = `/actions/${TEAM}/${randomBytes(12).toString("hex")}`;
      responses.set(path, { message: clicked, user, uses: 0, made: clock() });
      const payload = {
        type: "block_actions",
        user: { id: user, username: "someone", team_id: TEAM },
        team: { id: TEAM, domain: "stand-in" },
        api_app_id: "A0STANDIN",
        container: { type: "message", message_ts: clicked.ts, channel_id: "C0STANDIN", is_ephemeral: false },
        channel: { id: "C0STANDIN", name: "approvals" },
        message: { ts: clicked.ts, text: clicked.text, blocks: clicked.blocks },
        response_url: responseUrl ?? new URL(path, slack.webhook).href,
        trigger_id: randomBytes(8).toString("hex"),
        actions: [
          { ...pressed, value: value ?? pressed.value, type: "button", block_id: "b", action_ts: "1.0" },
        ],
      };
      const body = new URLSearchParams({ payload: JSON.stringify(payload) }).toString();
      const seconds = timestamp ?? Math.floor(clock() / 1_000);
      return {
        body,
        headers: {
          "content-type": "application/x-www-form-urlencoded",
          "x-slack-request-timestamp": String(seconds),
          "x-slack-signature": slackSignatureOf(secret ?? signingSecret, seconds, body),
        },
      };
    },
    async click(click) {
      if (slack.interactions === undefined) throw new Error("there is no address for interactions");
      const response = await fetch(slack.interactions, { method: "POST", ...slack.clickRequest(click) });
      return { status: response.status, body: await response.text() };
    },
    until(condition) {
      if (condition()) return Promise.resolve();
      return new Promise((resolve) => {
        const check = () => {
          if (!condition()) return;
          waiting.delete(check);
          resolve();
        };
        waiting.add(check);
      });
    },
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
  server.listen(options.port ?? 0, "127.0.0.1");
  await once(server, "listening");
  slack.webhook = `http://127.0.0.1:${(server.address() as AddressInfo).port}${secretPath}`;
  return slack;
}

/** A message's buttons. */
export function buttonsOf({ blocks }: Pick<StandInMessage, "blocks">): Button[] {
  const actions = (blocks as { type: string; elements: Button[] }[]).filter(({ type }) => type === "actions");
  return actions.flatMap(({ elements }) => elements);
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > MAX_BODY) throw new Error("the body is too long");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return null;
  }
}

const HELP = `A stand-in for Slack on this machine: an incoming webhook that checks what Slack checks, and a user who clicks.

  node test/slack-stand-in.ts [--port N] [--signing-secret TEXT] [--interactions URL]

It prints SLACK_WEBHOOK_URL and SLACK_SIGNING_SECRET for the edge, and each message as it stands in the channel.
Type, or send as JSON to /click ({"user": "U024BE7LH", "button": "Approve"}; GET /messages lists):

  approve USER [MESSAGE]    click Approve as a user of Slack, such as U024BE7LH; MESSAGE counts from 0
  deny USER [MESSAGE]       click Deny
  down | ok                 be unreachable, and reachable again
`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      port: { type: "string", default: "0" },
      "signing-secret": { type: "string" },
      interactions: { type: "string", default: "http://127.0.0.1:7843/v1/slack/interactions" },
      help: { type: "boolean" },
    },
  });
  if (values.help) return void process.stdout.write(HELP);
  const secret = values["signing-secret"];
  const slack = await startSlack({
    port: Number(values.port),
    interactions: new URL(values.interactions),
    ...(secret !== undefined && { signingSecret: secret }),
  });
  console.log(
    `export SLACK_WEBHOOK_URL=${slack.webhook}\nexport SLACK_SIGNING_SECRET=${slack.signingSecret}`,
  );
  const shown = new Map<StandInMessage, unknown>();
  void slack.until(() => {
    for (const [index, message] of slack.messages.entries()) {
      if (shown.get(message) === message.blocks) continue;
      console.log(
        `\n--- message ${index}${message.replaced > 0 ? " (replaced)" : ""}\n${readable(message.blocks)}`,
      );
      shown.set(message, message.blocks);
    }
    for (const { user, text } of slack.ephemeral.splice(0)) console.log(`\n--- to ${user} alone\n${text}`);
    return false;
  });
  for await (const line of createInterface({ input: process.stdin })) {
    const [word = "", user = "", message] = line.trim().split(/\s+/);
    if (word === "down" || word === "ok") slack.behave({ mode: word });
    if (word !== "approve" && word !== "deny") continue;
    const click: Click = { user, button: word === "approve" ? "Approve" : "Deny" };
    if (message !== undefined) click.message = Number(message);
    await slack.click(click).then(
      ({ status }) => console.log(`The edge answered ${status}.`),
      (error: Error) => console.log(error.message),
    );
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) await main();
