import type { Approval, ApprovalId } from "../../protocol/approval/approval.ts";
import type { Env } from "../environment.ts";
import type { Sql } from "../session/log.ts";
import { approvalLink } from "./link.ts";
import type { OutboxMessage, Receiver } from "./outbox.ts";
import { type Delivery, deliveryOf, type Fetch, type Posted, post, postableUrl } from "./post.ts";
import { closedMessage, followUp, questionMessage, type SlackMessage } from "./slack-message.ts";

/** About an hour, with the outbox's backoff; a question ends before by itself. */
const MAX_ATTEMPTS = 20;
/** How long a `response_url` is of use, and how often; Slack allows 5 uses in 30 minutes. */
const RESPONSE_MS = 29 * 60_000;
const RESPONSE_USES = 4;
/** Of so many clicks the latest are kept. */
const MAX_RESPONSE_URLS = 4;

type Bindings = Pick<Env, "SLACK_WEBHOOK_URL" | "SLACK_SIGNING_SECRET" | "PUBLIC_URL">;

interface ResponseUrl {
  url: string;
  kept: number;
  uses: number;
}

/** What is known of an approval's messages in the channel. */
interface Known {
  /** Messages with the question that stand there, or may: of an attempt without an answer nobody knows. */
  posts: number;
  /** Whether the channel was told how it ended. */
  closed: boolean;
  /** One for each click; of the same message or of several. */
  urls: ResponseUrl[];
}

/**
 * An incoming webhook of Slack. The question is posted with buttons; what comes after replaces it, where a click has
 * brought a `response_url`, else it is a message of its own, so that nobody acts on a question that is over.
 */
export class SlackReceiver implements Receiver {
  readonly channel = "slack";
  readonly newestOnly = true;
  readonly maxAttempts = MAX_ATTEMPTS;
  readonly #env: Bindings;
  readonly #sql: Sql;
  readonly #fetch: Fetch;

  constructor(env: Bindings, sql: Sql, fetcher: Fetch) {
    this.#env = env;
    this.#sql = sql;
    this.#fetch = fetcher;
  }

  prepare(): void {
    this.#sql.exec(
      "CREATE TABLE IF NOT EXISTS approval_slack (id TEXT PRIMARY KEY, known TEXT NOT NULL) WITHOUT ROWID",
    );
  }

  keepResponseUrl(id: ApprovalId, url: string, now: number): void {
    const known = this.#known(id, now);
    if (known.urls.some((one) => one.url === url)) return;
    known.urls = [...known.urls, { url, kept: now, uses: 0 }].slice(-MAX_RESPONSE_URLS);
    // Who clicks has the message before them, whatever became of its delivery.
    known.posts = Math.max(known.posts, 1);
    this.#save(id, known);
  }

  async send({ id, news, approval }: OutboxMessage, now: number): Promise<Delivery> {
    const url = postableUrl(this.#env.SLACK_WEBHOOK_URL);
    if (url === null) {
      return { outcome: "failed", detail: "SLACK_WEBHOOK_URL is not an https URL", again: false };
    }
    const pending = approval.status === "pending";
    if (pending && news.includes("asked")) return this.#ask(url.href, approval, now);
    if (this.#known(id, now).posts === 0) return { outcome: "needless" };
    return pending ? this.#update(url.href, approval, now) : this.#close(url.href, approval, now);
  }

  async #ask(url: string, approval: Approval, now: number): Promise<Delivery> {
    this.#change(approval.id, now, (known) => known.posts++);
    const posted = await this.#post(url, (short) => questionMessage(approval, this.#look(approval, short)));
    if (!posted.ok && posted.refused) this.#change(approval.id, now, (known) => known.posts--);
    return deliveryOf(posted, "the question");
  }

  async #update(url: string, approval: Approval, now: number): Promise<Delivery> {
    const newest = this.#known(approval.id, now).urls.filter(live).slice(-1);
    if (await this.#replace(approval, newest, now)) {
      return { outcome: "delivered", detail: "the votes: the message was updated" };
    }
    return deliveryOf(
      await this.#post(url, () => followUp(approval, this.#look(approval, false))),
      "the votes",
    );
  }

  async #close(url: string, approval: Approval, now: number): Promise<Delivery> {
    const { posts, closed, urls } = this.#known(approval.id, now);
    const replaced = await this.#replace(approval, urls.filter(live), now);
    // What Slack took without an answer may stand there a second time, and nobody knows that one's response_url.
    if (!closed && (!replaced || posts > 1)) {
      const posted = await this.#post(url, () => followUp(approval, this.#look(approval, false)));
      if (!posted.ok) return deliveryOf(posted, "the end");
    }
    this.#change(approval.id, now, (known) => {
      known.closed = true;
    });
    if (closed && !replaced) return { outcome: "needless" };
    return {
      outcome: "delivered",
      detail: replaced ? "the end: the message was updated" : "the end: HTTP 200",
    };
  }

  /** Whether the message behind one of these, at least, was replaced. */
  async #replace(approval: Approval, urls: readonly ResponseUrl[], now: number): Promise<boolean> {
    if (urls.length === 0) return false;
    this.#change(approval.id, now, (known) => {
      for (const one of known.urls) if (urls.some(({ url }) => url === one.url)) one.uses++;
    });
    const make = approval.status === "pending" ? questionMessage : closedMessage;
    const outcomes = await Promise.all(
      urls.map(({ url }) =>
        this.#post(url, (short) => ({
          ...make(approval, this.#look(approval, short)),
          replace_original: true,
        })),
      ),
    );
    return outcomes.some(({ ok }) => ok);
  }

  /** Slack's limit on a whole message is not published: what it finds too long is sent again without the statement. */
  async #post(url: string, make: (short: boolean) => SlackMessage): Promise<Posted> {
    const posted = await post(this.#fetch, url, JSON.stringify(make(false)));
    if (posted.ok || posted.status !== 400) return posted;
    return post(this.#fetch, url, JSON.stringify(make(true)));
  }

  #look({ id }: Approval, short: boolean) {
    return { link: approvalLink(this.#env, id), buttons: Boolean(this.#env.SLACK_SIGNING_SECRET), short };
  }

  #known(id: ApprovalId, now: number): Known {
    const [row] = this.#sql.exec("SELECT known FROM approval_slack WHERE id = ?", id);
    if (row === undefined) return { posts: 0, closed: false, urls: [] };
    const known = JSON.parse(row.known as string) as Known;
    return { ...known, urls: known.urls.filter(({ kept }) => now - kept < RESPONSE_MS) };
  }

  /** Read and written in one step: others may have changed it while an answer was awaited. */
  #change(id: ApprovalId, now: number, change: (known: Known) => void): void {
    const known = this.#known(id, now);
    change(known);
    this.#save(id, known);
  }

  #save(id: ApprovalId, known: Known): void {
    this.#sql.exec(
      "INSERT OR REPLACE INTO approval_slack (id, known) VALUES (?, ?)",
      id,
      JSON.stringify(known),
    );
  }
}

function live({ uses }: ResponseUrl): boolean {
  return uses < RESPONSE_USES;
}
