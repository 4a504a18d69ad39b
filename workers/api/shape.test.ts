import assert from "node:assert/strict";
import { test } from "node:test";
import { body, flag, list, object, oneOf, parse, query, record, text, whole, wholeText } from "./shape.ts";

const Thing = object({ name: text(3), tags: list(text(2), 2) }, { size: whole(1, 9), on: flag });

const problemsOf = (value: unknown, shape = Thing as Parameters<typeof parse>[0]) => {
  try {
    parse(shape, value);
  } catch (error) {
    return (error as Error).message;
  }
  return "";
};

test("a good value comes out with its members in the order of the shape", () => {
  assert.equal(
    JSON.stringify(parse(Thing, { size: 3, tags: ["a"], name: "n" })),
    '{"name":"n","tags":["a"],"size":3}',
  );
});

test("every problem is told, with its path", () => {
  const message = problemsOf({ name: "long", tags: ["x", "yyy"], size: 0, on: 1, more: 1 });
  for (const path of ["name ", "tags[1] ", "size ", "on ", "more is not known"]) {
    assert.ok(message.includes(`- ${path}`), message);
  }
  assert.match(message, /^5 problems/);
  assert.match(problemsOf({}), /name is missing\n- tags is missing/);
});

test("values of another kind are refused, not converted", () => {
  for (const value of [null, [], "x", 7, undefined]) assert.match(problemsOf(value), /must be an object/);
  for (const size of ["3", 1.5, Number.NaN, 10, null, true]) {
    assert.match(problemsOf({ name: "", tags: [], size }), /^size must be a whole number/);
  }
  assert.match(problemsOf({ name: "a\n", tags: [] }), /^name must be/);
  assert.match(problemsOf("c", oneOf("a", "b")), /one of a, b/);
});

test("members of Object.prototype are neither taken nor let in", () => {
  assert.match(
    problemsOf(JSON.parse('{"__proto__":{"name":"n"},"tags":[]}')),
    /name is missing\n- __proto__ is not known/,
  );
  assert.match(problemsOf({}, object({ toString: text(3) }, {})), /toString is missing/);
  const free = parse(record(text(20), text(3), 5), JSON.parse('{"b":"1","a":"2"}'));
  assert.deepEqual(Object.keys(free), ["a", "b"]);
});

test("what is shown of very many problems is bounded", () => {
  const message = problemsOf(Array(1_000).fill(7), list(text(1), 2_000));
  assert.match(message, /^1000 problems/);
  assert.match(message, /and 950 more$/);
});

test("a body over its bound is not read to its end", async () => {
  let pulled = 0;
  const endless = new ReadableStream<Uint8Array>({
    pull(controller) {
      pulled++;
      controller.enqueue(new Uint8Array(64 * 1024).fill(32));
    },
  });
  const request = new Request("http://edge/", {
    method: "POST",
    body: endless,
    duplex: "half",
  } as RequestInit);
  await assert.rejects(body(request, Thing), { code: "invalid_request" });
  assert.ok(pulled < 20, `${pulled} chunks`);
});

test("a query is as strict as a body", () => {
  const Page = object({}, { limit: wholeText(1, 9) });
  const at = (search: string) => query(new Request(`http://edge/?${search}`), Page);
  assert.deepEqual(at("limit=3"), { limit: 3 });
  for (const bad of ["limit=0", "limit=03x", "limit=", "limit=+3", "limit=1e0", "limit=3&limit=3", "x=1"]) {
    assert.throws(() => at(bad), { code: "invalid_request" }, bad);
  }
});
