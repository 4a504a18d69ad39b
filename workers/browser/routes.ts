import { Hono } from "hono";
import { html } from "hono/html";
import { APPROVAL_ID } from "../../protocol/approval/approval.ts";
import { SallyportError } from "../../protocol/errors.ts";
import { visible } from "../api/approvals.ts";
import { reason } from "../api/names.ts";
import { object, oneOf, parse, type Shape, text } from "../api/shape.ts";
import { answerApproval, unknownApproval } from "../approval/answer.ts";
import { boundedText } from "../bounded.ts";
import { indexApproval } from "../directory/approvals.ts";
import { loadSettings } from "../directory/settings.ts";
import type { Env } from "../environment.ts";
import { issuerKeys, isToken } from "../identity/authenticate.ts";
import { problemOf } from "../problem.ts";
import { approvalContent, approvalTitle } from "./approval-page.ts";
import { clearText, getText, setText } from "./cookies.ts";
import { type Head, page, problemNotice } from "./layout.ts";
import { type Place, placeOf, requireOwnPage } from "./place.ts";
import { seal, unseal } from "./sealed.ts";
import {
  type BrowserContext,
  type BrowserSession,
  currentSession,
  endSession,
  requireOwnForm,
  startSession,
} from "./session.ts";
import {
  type Attempt,
  beginSignIn,
  finishSignIn,
  isAnswerTo,
  type Outside,
  signInIssuers,
} from "./sign-in.ts";
import { signInContent } from "./sign-in-page.ts";

/** Bytes of a form: a token of 16 KiB, or a reason, each character escaped at worst. */
const MAX_FORM = 64 * 1024;
/** How long a person may take at an issuer, ms. */
const ATTEMPT_MS = 10 * 60_000;
const MAX_CSRF = 64;

const OUTSIDE: Outside = { keys: issuerKeys, fetch: (url, init) => fetch(url, init) };

const TokenForm = object({ token: text(16 * 1024) }, {});
const SignOutForm = object({ csrf: text(MAX_CSRF) }, {});
const AnswerForm = object({ csrf: text(MAX_CSRF), answer: oneOf("approve", "deny") }, { reason });
const AttemptClaims: Shape<Attempt> = object(
  {
    issuer: text(500),
    approval: text(100),
    state: text(100),
    nonce: text(100),
    verifier: text(100),
  },
  {},
);

/**
 * The pages behind the links in an approval's messages, for people at browsers. A session of a browser is worth what
 * its token is worth at each request. Every error is a page, too.
 */
export const browserRoutes = new Hono<{ Bindings: Env }>()
  .get("/approvals/callback", async (c) => {
    const place = placeOf(c.req.raw, c.env);
    const query = new URL(c.req.url).searchParams;
    const attempt = await attemptOf(c, place);
    // What is not the answer to this browser's own attempt leaves that as it is.
    if (attempt === null || place.publicOrigin === null || !isAnswerTo(attempt, query)) {
      throw new SallyportError(
        "unauthenticated",
        "this is not the answer to a sign-in that began in this browser, or it took over 10 minutes",
        "Open the approval's link again.",
      );
    }
    clearText(c, "sign-in", place.secure);
    const { issuers } = await loadSettings(c.env.DIRECTORY);
    const issuer = signInIssuers(issuers).find((one) => one.issuer === attempt.issuer);
    if (issuer === undefined) throw unknownIssuer();
    const token = await finishSignIn(issuer, attempt, query, place.publicOrigin, OUTSIDE, Date.now());
    await startSession(c, place, token);
    return c.redirect(pathOf(attempt.approval), 303);
  })
  .get("/approvals/:id", async (c) => {
    const id = idOf(c);
    const place = placeOf(c.req.raw, c.env);
    let session: BrowserSession | null;
    try {
      session = await currentSession(c, place);
    } catch (error) {
      return signInPage(c, id, place, error);
    }
    return session === null ? signInPage(c, id, place) : approvalPage(c, id, session);
  })
  .post("/approvals/:id", async (c) => {
    const id = idOf(c);
    const place = placeOf(c.req.raw, c.env);
    requireOwnPage(c.req.raw, place);
    const session = await signedIn(c, place);
    const { csrf, answer, reason } = await form(c.req.raw, AnswerForm);
    requireOwnForm(session, csrf);
    try {
      const approval = await answerApproval(c.env, id, {
        identity: session.identity,
        answer,
        channel: "link",
        reason: reason || null,
      });
      // The object does so as well, from its alarm; this brings the listing up at once.
      c.executionCtx.waitUntil(indexApproval(c.env.DIRECTORY, approval).catch(() => {}));
    } catch (error) {
      // To whom may not see it, it is not there.
      return approvalPage(c, id, session, error);
    }
    return c.redirect(pathOf(id), 303);
  })
  .get("/approvals/:id/sign-in/:issuer", async (c) => {
    const id = idOf(c);
    const place = placeOf(c.req.raw, c.env);
    // Another site's page must not begin what this person did not ask for.
    const site = c.req.header("sec-fetch-site");
    const { issuers } = await loadSettings(c.env.DIRECTORY);
    const issuer = signInIssuers(issuers).find(({ name }) => name === c.req.param("issuer"));
    if (place.publicOrigin === null || (site !== undefined && site !== "same-origin" && site !== "none")) {
      return c.redirect(pathOf(id), 303);
    }
    if (issuer === undefined) throw unknownIssuer();
    const now = Date.now();
    const { location, attempt } = await beginSignIn(issuer, id, place.publicOrigin, OUTSIDE, now);
    const sealed = await seal(c.env, "sign-in", { ...attempt }, now + ATTEMPT_MS);
    setText(c, "sign-in", sealed, { secure: place.secure, lifeMs: ATTEMPT_MS });
    return c.redirect(location, 303);
  })
  .post("/approvals/:id/sign-in", async (c) => {
    const id = idOf(c);
    const place = placeOf(c.req.raw, c.env);
    // Another site must not sign this person in as somebody else.
    requireOwnPage(c.req.raw, place);
    const token = (await form(c.req.raw, TokenForm)).token.trim();
    try {
      if (!isToken(token)) throw new SallyportError("unauthenticated", "this is no token");
      await startSession(c, place, token);
    } catch (error) {
      return signInPage(c, id, place, error);
    }
    return c.redirect(pathOf(id), 303);
  })
  .post("/approvals/:id/sign-out", async (c) => {
    const id = idOf(c);
    const place = placeOf(c.req.raw, c.env);
    requireOwnPage(c.req.raw, place);
    const session = await signedIn(c, place);
    requireOwnForm(session, (await form(c.req.raw, SignOutForm)).csrf);
    endSession(c, place);
    return c.redirect(pathOf(id), 303);
  })
  .onError((error, c) => problemPage(c, error, null));

function problemPage(c: BrowserContext, error: unknown, head: Head | null): Response | Promise<Response> {
  const { title, status, ...problem } = problemOf(error);
  const heading = `${title[0]!.toUpperCase()}${title.slice(1)}`;
  return page(c, heading, html`<h1>${heading}</h1>${problemNotice(problem)}`, head, status);
}

/** The approval, or that there is none which this person may see; who is signed in either way. */
async function approvalPage(
  c: BrowserContext,
  id: string,
  { identity, csrf }: BrowserSession,
  refusal?: unknown,
): Promise<Response> {
  const { principal, onBehalfOf } = identity;
  const who = onBehalfOf === undefined ? principal : `${principal} for ${onBehalfOf}`;
  const head: Head = { who, signOut: `${pathOf(id)}/sign-out`, csrf };
  let seen: Awaited<ReturnType<typeof visible>>;
  try {
    seen = await visible(c.env, identity, id);
  } catch (error) {
    return problemPage(c, error, head);
  }
  const { approval, mayAnswer } = seen;
  const problem = refusal === undefined ? null : problemOf(refusal);
  const content = approvalContent(
    approval,
    { identity, mayAnswer, csrf },
    problem && problemNotice(problem),
    Date.now(),
  );
  return page(c, approvalTitle(approval), content, head, problem?.status ?? 200);
}

async function signInPage(
  c: BrowserContext,
  id: string,
  { publicOrigin }: Place,
  refusal?: unknown,
): Promise<Response> {
  const { issuers } = await loadSettings(c.env.DIRECTORY);
  const problem = refusal === undefined ? null : problemOf(refusal);
  const notice = problem && problemNotice(problem);
  const content = signInContent(id, signInIssuers(issuers), publicOrigin, notice);
  return page(c, "Sign in", content, null, problem?.status ?? 200);
}

/** The session that a form needs. Throws `unauthenticated` without one. */
async function signedIn(c: BrowserContext, place: Place): Promise<BrowserSession> {
  const session = await currentSession(c, place);
  if (session === null) {
    throw new SallyportError(
      "unauthenticated",
      "nobody is signed in any more, and nothing was done",
      "Open the approval's link again.",
    );
  }
  return session;
}

async function attemptOf(c: BrowserContext, place: Place): Promise<Attempt | null> {
  const sealed = getText(c, "sign-in", place.secure);
  const claims = sealed === null ? null : await unseal(c.env, "sign-in", sealed, Date.now());
  if (claims === null) return null;
  const { exp: _, ...attempt } = claims;
  const known = parse(AttemptClaims, attempt);
  return APPROVAL_ID.test(known.approval) ? known : null;
}

/** The id in the path. Throws `not_found`, as for an approval that is not there. */
function idOf(c: BrowserContext): string {
  const id = c.req.param("id") ?? "";
  if (!APPROVAL_ID.test(id)) throw unknownApproval("", "anybody");
  return id;
}

/** The only paths to which anybody is sent. */
function pathOf(id: string): string {
  return `/approvals/${id}`;
}

function unknownIssuer(): SallyportError {
  return new SallyportError("not_found", "there is no such issuer at which one signs in here");
}

/** A form in this shape; a name given twice is refused. Throws `invalid_request`. */
async function form<T>(request: Request, shape: Shape<T>): Promise<T> {
  const type = request.headers.get("content-type") ?? "";
  if (!/^application\/x-www-form-urlencoded\s*(;|$)/i.test(type)) {
    throw new SallyportError("invalid_request", "this is no form");
  }
  const members = [...new URLSearchParams(await boundedText(request.body, MAX_FORM))];
  if (new Set(members.map(([name]) => name)).size < members.length) {
    throw new SallyportError("invalid_request", "the form names something twice");
  }
  return parse(shape, Object.fromEntries(members));
}
