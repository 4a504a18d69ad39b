import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { SallyportError } from "../../../protocol/errors.ts";
import type { Fields } from "../../../protocol/http/head.ts";
import { type Masking, ResponseMasks } from "./response-mask.ts";
import { asked, STILL, sight, through } from "./testing.ts";

const TOKEN = "ghp_0123456789abcdefghijABCDEFGHIJ012345";
const STARS = "*".repeat(40);
const USERS = sight("http", { labels: { "/users/** $..email": "pii.email" } });
const PLAIN = sight("http");
const of = (seen: typeof PLAIN, path: string, fields: Fields): Masking =>
  new ResponseMasks("http", seen, STILL).of(asked(path), 200, fields);

describe("server-sent events", () => {
  const type: Fields = [["content-type", "text/event-stream"]];
  const events = [
    ": hello\n\n",
    'event: a\ndata: {"email":"ada@example.com"}\nid: 1\n\n',
    'data: {"a":[\ndata:{"email":\ndata: "ada@example.com"}]}\n\n',
    "data\n\n",
    "data: [DONE]\n\n",
    "retry: 5\r\n\r\n",
    'data: {"email":"x@y.de"}\r\n\r\n',
  ];
  const masked = events
    .join("")
    .replaceAll('"ada@example.com"', "null")
    .replace('"x@y.de"', "null")
    .replace('data:{"email"', 'data: {"email"');

  test("are masked as JSON, however they are cut", () => {
    const text = events.join("");
    for (let cut = 0; cut < text.length; cut += 1)
      assert.equal(through(of(USERS, "/users/1", type), text, [cut]).text, masked);
    assert.equal(
      through(
        of(USERS, "/users/1", type),
        text,
        Array.from({ length: text.length }, (_, i) => i),
      ).text,
      masked,
    );
  });

  test("go on at once", () => {
    const masking = of(USERS, "/users/1", type);
    assert.ok(masking.how === "masked");
    const mask = masking.open(() => {});
    for (const event of ['data: {"a":1}\n\n', "data: [DONE]\n\n", ": ping\n\n"]) {
      assert.equal(Buffer.concat(mask.write(Buffer.from(event))).toString(), event);
    }
  });

  test("that are no JSON are looked at by detectors; with labels they are broken off", () => {
    const text = `data: {x "${TOKEN}"\n\ndata: ${TOKEN}\nevent: ${TOKEN}\n\n`;
    assert.equal(through(of(PLAIN, "/", type), text).text, text.replaceAll(TOKEN, STARS));
    assert.throws(
      () => through(of(USERS, "/users/1", type), 'data: {email:"ada@example.com"}\n\n'),
      SallyportError,
    );
    assert.throws(
      () => through(of(USERS, "/users/1", type), 'data: x={"email":"ada@example.com"}\n\n'),
      SallyportError,
    );
  });

  test("without an end are masked as well, and not held without bound", () => {
    assert.equal(
      through(of(USERS, "/users/1", type), 'data: {"email":"a@b.de"}').text,
      'data: {"email":null}\n',
    );
    assert.throws(
      () => through(of(USERS, "/users/1", type), `data: ${"x".repeat(9_000_000)}`),
      (error) => error instanceof SallyportError && error.code === "limit_exceeded",
    );
  });
});
