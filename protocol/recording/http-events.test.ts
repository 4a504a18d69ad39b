import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { encodeFrame, FRAME_HEADER, FrameFlag, FrameType, MAX_PAYLOAD } from "../frame.ts";
import type { HttpEvent } from "../http/events.ts";
import { fittedEvent } from "../http/fitted-event.ts";
import { BLOCKED, bodyOf, factsOf, requestOf } from "../http/transcript/testing.ts";
import { requestInfo } from "../kubernetes/reading-request-info.ts";
import { connectorEvent } from "./events.ts";
import "../seeded.ts";

const kubernetes = requestInfo("GET", "/api/v1/namespaces/shop/pods/web");
const request = requestOf("POST", "/orders", { contentType: "text/plain", body: bodyOf("x") });

const GOOD: HttpEvent[] = [
  { event: "exchange_sent", exchange: 1, request, facts: factsOf("/orders"), impersonated: null },
  {
    event: "exchange_sent",
    exchange: 4_294_967_295,
    request: requestOf("GET", "/api/v1/namespaces/shop/pods/web", { kubernetes }),
    facts: null,
    impersonated: "corp/alice",
  },
  { event: "exchange_judged", exchange: 1, request, decision: BLOCKED, facts: null, unreadable: "image/png" },
  { event: "exchange_masked", exchange: 2, fields: { "pii.email": 3 } },
  { event: "exchange_failed", exchange: 2, code: "target_closed", message: "it broke off" },
];

const frameOf = (event: unknown, flags = 0) =>
  encodeFrame(FrameType.event, flags, 0, Buffer.from(JSON.stringify(event)));

describe("events of HTTP and Kubernetes sessions", () => {
  test("are read as they were written, and not where the edge acted on them", () => {
    for (const event of GOOD) {
      assert.deepEqual(connectorEvent(frameOf(event)), event);
      assert.equal(connectorEvent(frameOf(event, FrameFlag.ask)), null);
    }
  });

  test("without one of their members, or with one that is out of its bounds, are none", () => {
    for (const event of GOOD) {
      for (const name of Object.keys(event)) {
        if (name === "event") continue;
        const { [name as "event"]: _, ...rest } = event;
        assert.equal(connectorEvent(frameOf(rest)), null, name);
        for (const wrong of [-1, 0.5, "", [], true]) {
          if (typeof wrong === "string" && ["message", "impersonated", "unreadable"].includes(name)) continue;
          assert.equal(connectorEvent(frameOf({ ...event, [name]: wrong })), null, `${name} ${wrong}`);
        }
      }
    }
    const [, , judged, , failed] = GOOD;
    const allow = { verdict: "allow", policies: [], rows: null, bytes: null };
    assert.equal(connectorEvent(frameOf({ ...judged, decision: allow })), null);
    assert.equal(connectorEvent(frameOf({ ...failed, code: "no such code" })), null);
  });

  test("whatever their members hold, reading them does not throw", () => {
    fc.assert(
      fc.property(fc.constantFrom(...GOOD), fc.jsonValue(), fc.nat(6), (event, value, which) => {
        const name = Object.keys(event)[which];
        connectorEvent(frameOf(name === undefined ? value : { ...event, [name]: value }));
      }),
    );
  });
});

describe("an event that does not fit a frame", () => {
  const sizeOf = (event: object) => frameOf(event).length - FRAME_HEADER;

  test("goes without the body's text, which the agent's frames have, and keeps its facts", () => {
    const body = bodyOf("x".repeat(MAX_PAYLOAD));
    const facts = factsOf("/orders");
    const event: HttpEvent = {
      event: "exchange_sent",
      exchange: 1,
      request: { ...request, body },
      facts,
      impersonated: null,
    };
    const fitted = fittedEvent(event);
    assert.deepEqual(fitted, { ...event, request: { ...request, body: { ...body, text: null } } });
    assert.ok(connectorEvent(frameOf(fitted)) !== null && sizeOf(fitted) <= MAX_PAYLOAD);
  });

  test("goes without its facts where these are too long, and unchanged where it fits", () => {
    const fields = Array.from({ length: 2_000 }, (_, i) => [`f${i}`, "é".repeat(100)] as const);
    const event: HttpEvent = {
      event: "exchange_judged",
      exchange: 1,
      request,
      decision: BLOCKED,
      facts: factsOf("/orders", { fields }),
      unreadable: null,
    };
    const fitted = fittedEvent(event);
    assert.ok("facts" in fitted && fitted.facts === null);
    assert.ok(sizeOf(fitted) <= MAX_PAYLOAD);
    for (const one of GOOD) assert.equal(fittedEvent(one), one);
  });
});
