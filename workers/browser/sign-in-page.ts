import { html } from "hono/html";
import type { Markup } from "./layout.ts";
import type { SignInIssuer } from "./sign-in.ts";

/** What a person is shown who is not signed in; the same for every approval, whether it is there or not. */
export function signInContent(
  approval: string,
  issuers: readonly SignInIssuer[],
  publicOrigin: string | null,
  notice: Markup | null,
): Markup {
  return html`<h1>Sign in</h1>
${notice}
<p>To read approval <samp>${approval}</samp> and to answer it, show who you are.</p>
${issuers.length === 0 ? "" : byIssuer(approval, issuers, publicOrigin)}
<h2>With a Sallyport token</h2>
<form method="post" action="/approvals/${approval}/sign-in">
<label for="token">Token</label>
<input id="token" name="token" type="password" autocomplete="off" spellcheck="false" required>
<button>Sign in</button>
</form>`;
}

function byIssuer(approval: string, issuers: readonly SignInIssuer[], publicOrigin: string | null): Markup {
  if (publicOrigin === null) {
    return html`<p class="notice">Signing in at ${issuers.map(({ name }) => name).join(", ")} needs the edge’s public URL, which is not set: <code>edge.url</code> in its configuration file, or <code>PUBLIC_URL</code>. A token works without.</p>`;
  }
  return html`<ul>${issuers.map(
    ({ name }) =>
      html`<li><a class="button" href="/approvals/${approval}/sign-in/${name}">Sign in at ${name}</a></li>`,
  )}</ul>`;
}
