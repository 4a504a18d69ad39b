import { createHash } from "node:crypto";
import type { Context } from "hono";
import { html, raw } from "hono/html";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import type { Problem } from "../../protocol/directory.ts";

/** HTML whose values are escaped. */
export type Markup = ReturnType<typeof html>;

const STYLE = `
:root { color-scheme: light dark; --line: #8886; --soft: #8881; --good: #1a7f37; --bad: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --good: #56d364; --bad: #ff8a80; } }
* { box-sizing: border-box; }
body { font: 1rem/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 52rem; padding: 1rem; overflow-wrap: anywhere; }
header { display: flex; flex-wrap: wrap; gap: .5rem 1rem; align-items: baseline; justify-content: space-between; border-bottom: 1px solid var(--line); padding-bottom: .5rem; }
header p { margin: 0; }
h1 { font-size: 1.4rem; line-height: 1.25; }
h2 { font-size: 1.1rem; margin: 1.5rem 0 .5rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1rem; margin: 1rem 0; }
dt { font-weight: 600; }
dd { margin: 0; }
pre, code, samp { font: .9rem/1.45 ui-monospace, monospace; }
pre, samp { unicode-bidi: bidi-override; direction: ltr; white-space: pre-wrap; }
pre { background: var(--soft); border: 1px solid var(--line); border-radius: .4rem; margin: 0; padding: .75rem; tab-size: 4; }
mark { background: #b3261e; border-radius: .2rem; color: #fff; font-size: .8em; padding: 0 .25em; unicode-bidi: isolate; }
ol, ul { margin: 0; padding-left: 1.5rem; }
label { display: block; font-weight: 600; }
input { display: block; font: inherit; margin: .25rem 0 1rem; padding: .5rem; width: 100%; }
button, .button { border: 1px solid var(--line); border-radius: .4rem; cursor: pointer; font: inherit; padding: .6rem 1.2rem; }
.button { color: inherit; display: inline-block; text-decoration: none; }
.answers { display: flex; flex-wrap: wrap; gap: .75rem; }
.answers button { color: #fff; flex: 1 1 8rem; font-weight: 600; }
.approve { background: #1a7f37; }
.deny { background: #b3261e; }
header button { padding: .2rem .6rem; }
.notice { border-left: .3rem solid var(--line); margin: 1rem 0; padding: .25rem .75rem; }
.good { border-color: var(--good); }
.bad { border-color: var(--bad); }
@media (max-width: 32rem) { dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: .5rem; } }
`;

/**
 * Of a page: nothing runs, nothing is loaded, the one style is known by its hash; forms go to this edge only. With
 * `no-referrer` a browser would send `Origin: null` with each form, and the origin could not be checked.
 */
const PAGE_HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy": [
    "default-src 'none'",
    `style-src 'sha256-${createHash("sha256").update(STYLE).digest("base64")}'`,
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join("; "),
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "same-origin",
  "x-frame-options": "DENY",
};

/** Who is signed in, and where the form to sign out goes. */
export interface Head {
  who: string;
  signOut: string;
  csrf: string;
}

/** Answers a whole page. `title` is text; `head` is null where nobody is signed in. */
export function page(
  c: Context,
  title: string,
  content: Markup,
  head: Head | null,
  status: number,
): Response | Promise<Response> {
  for (const [name, value] of Object.entries(PAGE_HEADERS)) c.header(name, value);
  // RFC 9110 section 15.5.2: a 401 says how one could prove oneself; browsers don't ask for a bearer token.
  if (status === 401) c.header("www-authenticate", 'Bearer realm="sallyport"');
  const signedIn = head
    ? html`<p>${head.who}</p>
<form method="post" action="${head.signOut}"><input type="hidden" name="csrf" value="${head.csrf}"><button>Sign out</button></form>`
    : "";
  return c.html(
    html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${title} · Sallyport</title>
<style>${raw(STYLE)}</style>
</head>
<body>
<header><p><strong>Sallyport</strong></p>${signedIn}</header>
<main>
${content}
</main>
</body>
</html>
`,
    status as ContentfulStatusCode,
  );
}

/** What went wrong, as part of a page. */
export function problemNotice({ detail, hint }: Pick<Problem, "detail" | "hint">): Markup {
  return html`<div class="notice bad" role="alert"><p>${sentence(detail)}</p>${hint === undefined ? "" : html`<p>${hint}</p>`}</div>`;
}

/** Messages of errors begin small and end without a full stop, to be quoted by others. */
function sentence(text: string): string {
  const first = text.slice(0, 1).toUpperCase() + text.slice(1);
  return /[.!?…]$/.test(first) ? first : `${first}.`;
}
