import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { chooseEdge, tokenSource } from "../access.ts";
import { edgeUrl } from "../edge-api.ts";
import { CredentialStore, configFolder } from "./credentials.ts";

const base = mkdtempSync(join(tmpdir(), "sallyport-credentials-"));
after(() => rmSync(base, { recursive: true, force: true }));

const ISSUER = { name: "corp", issuer: "https://idp.example", clientId: "cli", audience: "sallyport" };
const EDGE = new URL("https://edge.example");
const OTHER = new URL("https://other.example");
const env = { XDG_CONFIG_HOME: base };

test("logins are kept by edge, for the owner alone; the last is the default", async () => {
  const store = new CredentialStore(configFolder(env));
  assert.equal(store.defaultEdge(), null);
  assert.throws(() => chooseEdge(undefined, env), { code: "invalid_config", hint: /--edge/ });
  await store.put(EDGE, ISSUER, { bearer: "one", expires: Date.now() + 3_600_000, refresh: undefined });
  await store.put(OTHER, ISSUER, { bearer: "two", expires: Date.now() - 1, refresh: undefined });
  const file = join(base, "sallyport", "credentials.json");
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.equal(statSync(join(base, "sallyport")).mode & 0o777, 0o700);
  assert.deepEqual(readdirSync(join(base, "sallyport")).sort(), ["credentials.json", "credentials.lock"]);
  assert.equal(chooseEdge(undefined, env).href, OTHER.href);
  assert.equal(await tokenSource(EDGE, env)(), "one");
  await assert.rejects(tokenSource(OTHER, env)(), { code: "unauthenticated", hint: /sallyport login/ });
  await store.remove(OTHER);
  assert.equal(chooseEdge(undefined, env).href, EDGE.href);
  await assert.rejects(tokenSource(OTHER, env)(), { code: "unauthenticated", message: /not logged in/ });
});

test("the environment comes before the login; a token file is read each time", async () => {
  const file = join(base, "token");
  writeFileSync(file, "first\n");
  const source = tokenSource(EDGE, { ...env, SALLYPORT_TOKEN_FILE: file });
  assert.equal(await source(), "first");
  writeFileSync(file, "second\n");
  assert.equal(await source(), "second");
  assert.equal(await tokenSource(EDGE, { ...env, SALLYPORT_TOKEN: "direct" })(), "direct");
  await assert.rejects(tokenSource(EDGE, { SALLYPORT_TOKEN: "secret two\nlines" })(), (error: Error) => {
    assert.doesNotMatch(error.message, /secret/);
    return true;
  });
  await assert.rejects(tokenSource(EDGE, { SALLYPORT_TOKEN_FILE: join(base, "none") })(), {
    code: "unauthenticated",
  });
});

test("only encrypted edges, or edges of this machine", () => {
  for (const text of [
    "https://a.example",
    "http://127.0.0.1:7843",
    "http://localhost:1",
    "http://[::1]:1/",
  ]) {
    assert.equal(edgeUrl(text).origin, new URL(text).origin);
  }
  for (const text of [
    "http://a.example",
    "http://127.0.0.1.evil.example",
    "ftp://a",
    "a.example",
    "https://u:p@a.example",
  ]) {
    assert.throws(
      () => edgeUrl(text),
      (error: { code: string; message: string }) => {
        assert.equal(error.code, "invalid_config");
        assert.doesNotMatch(error.message, /u:p/);
        return true;
      },
    );
  }
});
