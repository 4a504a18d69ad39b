import assert from "node:assert/strict";
import { test } from "node:test";
import { SCALAR_FORMS } from "./scalars.ts";
import { type Field, knownKinds, type Message, messageNamed, messageOf } from "./schema.ts";

const all = new Map<string, Message>();

function gather(message: Message): void {
  if (all.has(message.name)) return;
  all.set(message.name, message);
  for (const { type } of message.fields.values()) {
    if ("message" in type) gather(messageNamed(type.message));
    else if ("scalar" in type) assert.ok(Object.hasOwn(SCALAR_FORMS, type.scalar), type.scalar);
  }
}

function names({ fields }: Message): string[] {
  return [...fields.values()].flatMap(({ name, type }: Field) =>
    name === "" ? names(messageNamed((type as { message: string }).message)) : [name],
  );
}

test("every kind is known with all that it holds", () => {
  for (const known of knownKinds()) gather(messageOf(...(known.split(" ") as [string, string]))!);
  assert.ok(all.size > 800, String(all.size));
  assert.ok(knownKinds().length > 300);
});

test("no two members of an object have one name, nor that of its kind", () => {
  for (const message of all.values()) {
    const found = names(message);
    assert.equal(new Set(found).size, found.length, message.name);
  }
  for (const known of knownKinds()) {
    const message = messageOf(...(known.split(" ") as [string, string]))!;
    assert.deepEqual(
      names(message).filter((name) => /^"(?:kind|apiVersion)"$/.test(name)),
      [],
      known,
    );
  }
});

test("only what has a zero value may be left out as one", () => {
  for (const message of all.values()) {
    for (const { form, type, zero } of message.fields.values()) {
      if (zero === "omitted") assert.ok(form === "one" && "scalar" in type, message.name);
    }
  }
});
