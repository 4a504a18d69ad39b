import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Documents, type Place } from "./documents.ts";
import { ELEMENT, jsonLeaves } from "./json-leaves.ts";
import { SignReader } from "./signs.ts";

function placesOf(texts: readonly string[]): Map<string, Place> {
  const documents = new Documents(new SignReader());
  for (const text of texts) documents.add(text);
  return new Map(
    documents
      .places()
      .map((place) => [place.path.join("/") + (place.below === null ? "" : `/${place.below}`), place]),
  );
}

const twenty = (document: (n: number) => unknown) =>
  Array.from({ length: 20 }, (_, n) => JSON.stringify(document(n)));

describe("places in documents", () => {
  test("are told by keys that most documents have", () => {
    const places = placesOf(twenty((n) => ({ patient: { name: "A", mail: `a${n}@example.com` }, age: n })));
    assert.deepEqual([...places.keys()].sort(), ["age", "patient/mail", "patient/name"]);
    const mail = places.get("patient/mail")!;
    assert.deepEqual(mail.evidence.are, { email: 20 });
    assert.deepEqual([mail.words, mail.around, mail.family], ["mail", "patient", "text"]);
    assert.equal(places.get("age")!.family, "number");
  });

  test("in arrays are the array's", () => {
    const places = placesOf(twenty((n) => ({ people: [{ mail: `a${n}@example.com` }, { mail: "b@c.de" }] })));
    assert.deepEqual([...places.keys()], ["people/array"]);
    assert.deepEqual(places.get("people/array")!.evidence.are, { email: 40 });
  });

  for (const [what, key] of [
    ["are each another", (n: number) => `K${String.fromCharCode(97 + n)}lovelace`],
    ["are e-mail addresses", () => "ada@example.com"],
    ["have many digits", () => "customer-19840112"],
    ["are numbers of cards", () => "4111 1111 1111 1111"],
    ["are longer than a column's name", () => "k".repeat(64)],
    ["have control characters", () => "a\u001bb"],
    ["are empty", () => ""],
  ] as const) {
    test(`behind keys that ${what} are those of what the keys stand in`, () => {
      const places = placesOf(twenty((n) => ({ by: { [key(n)]: { mail: `a${n}@example.com` } } })));
      assert.deepEqual([...places.keys()], ["by/keys"]);
      const { evidence, words } = places.get("by/keys")!;
      assert.deepEqual([evidence.are, words], [{ email: 20 }, "mail"]);
    });
  }

  test("of few documents are nobody's to name", () => {
    assert.deepEqual([...placesOf(twenty((n) => ({ name: n })).slice(0, 2)).keys()], ["/keys"]);
  });

  test("of rare keys are nobody's to name either", () => {
    const texts = twenty((n) => (n < 3 ? { usual: 1, lovelace: "a@b.de" } : { usual: 1 }));
    assert.deepEqual([...placesOf(texts).keys()].sort(), ["/keys", "usual"]);
  });
});

describe("a JSON text", () => {
  const leavesOf = (text: string) => {
    const leaves: string[] = [];
    jsonLeaves(text, (steps, value, kind) => {
      leaves.push(`${steps.map((one) => (one === ELEMENT ? "*" : one)).join(".")} ${kind} ${value}`);
    });
    return leaves;
  };

  test("tells its strings and numbers", () => {
    const text = JSON.stringify({ a: { "b.c": ["x", 1.5, { d: 'q"\\' }], e: null, f: true }, g: "last" });
    assert.deepEqual(leavesOf(text), [
      "a.b.c.* text x",
      "a.b.c.* number 1.5",
      'a.b.c.*.d text q"\\',
      "g text last",
    ]);
    assert.deepEqual(leavesOf('"alone"'), [" text alone"]);
  });

  test("that is cut tells what stands before the cut", () => {
    const text = '{"a": "one", "b": {"c": 123, "d": "two';
    assert.deepEqual(leavesOf(text), ["a text one", "b.c number 123"]);
    for (let length = 0; length < text.length; length++) leavesOf(text.slice(0, length));
    assert.deepEqual(leavesOf('{"a": 12'), []);
  });

  test("that is none, or deep, tells nothing more", () => {
    for (const text of ["", "x", "]]]]", "}}", '{"a" 1}', ",,,", '{"a":1}]{"b":2}', '{{"a":"b"}}'])
      leavesOf(text);
    assert.deepEqual(leavesOf(`${"[".repeat(100_000)}"x"`), []);
  });
});
