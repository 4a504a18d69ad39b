import assert from "node:assert/strict";
import { test } from "node:test";
import { originHeaders } from "./origin.ts";

const PLACE = { host: "edge.example:7843", base: "/t/shop" };

test("a target leads nobody to the edge's other addresses, with the agent's token", () => {
  const told = (location: string) => originHeaders([["location", location]], PLACE).get("location");
  for (const elsewhere of [
    "/v1/approvals/1/approve",
    "//edge.example:7843/v1/tokens",
    "https://edge.example:7843/v1/tokens",
    "http://EDGE.example/t/other/x",
    "https://user@edge.example:7843/",
    "/t/shop/../other",
    "/t/shop/%2e%2e/other",
    "/t/shopping",
    "\\\\edge.example:7843\\v1",
    "https://edge.example:9/t/other",
    "http://[",
  ]) {
    assert.equal(told(elsewhere), null, elsewhere);
  }
  for (const here of [
    "/t/shop/orders/7",
    "/t/shop",
    "https://edge.example:7843/t/shop/x?y",
    "orders",
    "?page=2",
  ]) {
    assert.equal(told(here), here);
  }
  assert.equal(told("https://elsewhere.example/v1"), "https://elsewhere.example/v1");
});
