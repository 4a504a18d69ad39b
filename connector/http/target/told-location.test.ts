import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { SEED } from "../../../protocol/seeded.ts";
import { type Place, toldLinks, toldLocation } from "./told-location.ts";

const PLACE: Place = { origin: "https://shop.internal:8443", basePath: "/api", target: "/items/7?x=1" };
const BASE = "/t/shop";

const CASES: [value: string, told: string | null][] = [
  // The target's own, below its base path.
  ["https://shop.internal:8443/api/made/1?a=b#c", "/t/shop/made/1?a=b#c"],
  ["https://SHOP.internal:8443/api/made", "/t/shop/made"],
  ["//shop.internal:8443/api/made", "/t/shop/made"],
  ["https://user:secret@shop.internal:8443/api/made", "/t/shop/made"],
  ["/api/made", "/t/shop/made"],
  ["/api", "/t/shop"],
  ["/api?x", "/t/shop?x"],
  ["made", "/t/shop/items/made"],
  ["../made", "/t/shop/made"],
  ["?page=2", "/t/shop/items/7?page=2"],
  ["#part", "/t/shop/items/7?x=1#part"],
  ["", "/t/shop/items/7?x=1"],
  ["/api/a%2Fb", "/t/shop/a%2Fb"],
  // The target's own, where the agent can't get.
  ["/v1/tunnel/other", null],
  ["/apix", null],
  ["/", null],
  ["https://shop.internal:8443/login", null],
  ["../../v1/tunnel/other", null],
  ["../../../../v1/x", null],
  ["/api/../v1/x", null],
  ["/api/%2e%2e/v1/x", null],
  ["/api/.%2E/v1/x", null],
  ["/api\\..\\v1\\x", null],
  ["\\api\\..\\v1\\x", null],
  ["/api/..\t/v1/x", null],
  ["/api//evil.example/x", null],
  // Others.
  ["https://elsewhere.example/x?y#z", "https://elsewhere.example/x?y#z"],
  ["http://shop.internal:8443/api/made", "http://shop.internal:8443/api/made"],
  ["https://shop.internal/api/made", "https://shop.internal/api/made"],
  ["//elsewhere.example/x", "https://elsewhere.example/x"],
  ["\\\\elsewhere.example/../x", "https://elsewhere.example/x"],
  ["/\\elsewhere.example/x", "https://elsewhere.example/x"],
  ["https:\\\\elsewhere.example\\x", "https://elsewhere.example/x"],
  ["/\t/elsewhere.example", "https://elsewhere.example/"],
  ["mailto:a@example.com", "mailto:a@example.com"],
  // What is no URL.
  ["https://", null],
  ["https://[::1/x", null],
  ["//a b/", null],
];

describe("a location of a response", () => {
  for (const [value, told] of CASES) {
    test(`${JSON.stringify(value)} is told as ${JSON.stringify(told)}`, () => {
      assert.equal(toldLocation(value, PLACE, BASE), told);
    });
  }

  test("with an empty base is a path, and never one that names a host", () => {
    const place = { ...PLACE, basePath: "" };
    assert.equal(toldLocation("https://shop.internal:8443/made", place, ""), "/made");
    assert.equal(toldLocation("https://shop.internal:8443", place, ""), "/");
    assert.equal(toldLocation("https://shop.internal:8443//evil.example/x", place, ""), null);
    assert.equal(toldLocation("/.//evil.example/x", place, ""), null);
    assert.equal(toldLocation("/a/..//evil.example/x", place, ""), null);
  });

  test("of UTF-8 is told in ASCII", () => {
    const raw = Buffer.from("/api/ü", "utf8").toString("latin1");
    assert.equal(toldLocation(raw, PLACE, BASE), "/t/shop/%C3%BC");
  });

  test("among links is told for each, or all are left out", () => {
    assert.equal(
      toldLinks('</api/items?page=2>; rel="next", <https://docs.example/a>; rel=help', PLACE, BASE),
      '</t/shop/items?page=2>; rel="next", <https://docs.example/a>; rel=help',
    );
    assert.equal(toldLinks("</api/x>; rel=next, <../../../v1/y>; rel=prev", PLACE, BASE), null);
  });

  test("never leads a client from the target to other paths of the agent's origin", (t) => {
    t.diagnostic(`SEED=${SEED}`);
    const piece = fc.constantFrom(
      ...[
        "/",
        "\\",
        ".",
        "..",
        "%2e",
        "%2E",
        "%2f",
        "//",
        "api",
        "v1",
        "t",
        "shop",
        "?",
        "#",
        ":",
        "@",
        "\t",
        " ",
      ],
      ...["https:", "http:", "shop.internal:8443", "elsewhere.example", "a", "%", "[", ";", "ü"],
    );
    const edge = "https://edge.example";
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 12 }),
        fc.constantFrom("/api", ""),
        fc.constantFrom(BASE, ""),
        (pieces, basePath, base) => {
          const told = toldLocation(pieces.join(""), { ...PLACE, basePath }, base);
          if (told === null) return;
          const lead = new URL(told, `${edge}${base}${PLACE.target}`);
          if (lead.origin !== edge) return;
          assert.ok(
            lead.pathname === base || lead.pathname.startsWith(`${base}/`),
            `${told} leads to ${lead}`,
          );
        },
      ),
      { numRuns: 5_000, seed: SEED },
    );
  });
});
