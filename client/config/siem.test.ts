import assert from "node:assert/strict";
import { test } from "node:test";
import { parseConfigFile } from "./file.ts";
import { NO_SIEM, siemBindings, siemVariables } from "./siem.ts";

const parse = (siem: string) => parseConfigFile(`edge: {siem: ${siem}}`, "/etc/sallyport.yaml").edge.siem;

test("a SIEM's address and token are references to secrets, and become the Worker's bindings", async () => {
  process.env.SALLYPORT_TEST_SIEM_URL = "https://splunk.example.com:8088";
  process.env.SALLYPORT_TEST_SIEM_TOKEN = "a-token";
  const siem = parse(
    "{url: {env: SALLYPORT_TEST_SIEM_URL}, format: hec, token: {env: SALLYPORT_TEST_SIEM_TOKEN}, r2: true}",
  );
  assert.deepEqual(await siemBindings(siem), {
    SIEM_URL: "https://splunk.example.com:8088",
    SIEM_FORMAT: "hec",
    SIEM_TOKEN: "a-token",
    SIEM_R2: "on",
  });
  assert.deepEqual(siemVariables(siem), ["SALLYPORT_TEST_SIEM_URL", "SALLYPORT_TEST_SIEM_TOKEN"]);
});

test("without one nothing is delivered, and half of one is a mistake", async () => {
  assert.deepEqual(await siemBindings(NO_SIEM), {});
  assert.deepEqual(await siemBindings(parse("{r2: true}")), { SIEM_R2: "on" });
  assert.throws(() => parse("{url: {env: X}}"), /edge\.siem\.token is missing/);
  assert.throws(() => parse("{token: {env: X}}"), /edge\.siem\.url is missing/);
  assert.throws(() => parse("{url: 'https://splunk.example.com', token: {env: X}}"), /edge\.siem\.url/);
  assert.throws(() => parse("{url: {env: X}, token: {env: Y}, format: cef}"), /edge\.siem\.format/);
});
