import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { generateHybridIdentity, generateIdentity, identityToRecipient } from "age-encryption";
import { SallyportError } from "../../errors.ts";
import { seededRandom } from "../testing.ts";
import { decrypted } from "./decrypt.ts";
import { encrypted } from "./encrypt.ts";
import { Identities } from "./identities.ts";
import { recipientFaults } from "./recipients.ts";
import { MAX_RECIPIENT } from "./settings.ts";

const SEED = Number(process.env.SEED ?? 1);
const turn = async () => {};

async function* inPieces(bytes: Uint8Array, size = 100_000): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function opened(bytes: Uint8Array, identities: Identities, size?: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of decrypted(inPieces(bytes, size), identities)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

describe("recordings encrypted to recipients", () => {
  let secret: string;
  let hybrid: string;
  let ada: Identities;
  let grace: Identities;

  before(async () => {
    secret = await generateIdentity();
    hybrid = await generateHybridIdentity();
    ada = await Identities.parse(`# created: now\n\n${secret}\r\n`, "ada.key");
    grace = await Identities.parse(await generateIdentity(), "grace.key");
  });

  test("what is encrypted is opened by each of its recipients, of any length and in pieces of any size", async () => {
    const recipients = [...ada.recipients, ...grace.recipients];
    for (const length of [0, 1, 65_535, 65_536, 65_537, 200_000]) {
      const plain = Buffer.alloc(length, "plain text ");
      const bytes = await encrypted(plain, recipients, turn);
      assert.ok(length < 100 || !Buffer.from(bytes).includes("plain text"));
      assert.deepEqual(await opened(bytes, ada), plain);
      assert.deepEqual(await opened(bytes, grace, 1_000), plain);
    }
    const quantum = await Identities.parse(hybrid, "quantum.key");
    const bytes = await encrypted(Buffer.from("x"), quantum.recipients, turn);
    assert.equal((await opened(bytes, quantum)).toString(), "x");
  });

  test("for others it is told to whom they would have to go, without a secret", async () => {
    const bytes = await encrypted(Buffer.from("x"), ada.recipients, turn);
    await assert.rejects(opened(bytes, grace), (error: SallyportError) => {
      assert.equal(error.code, "recording_encrypted");
      assert.match(error.message, new RegExp(grace.recipients[0]!));
      assert.doesNotMatch(`${error.message}${error.hint}`, /SECRET/);
      return true;
    });
  });

  test("whatever is changed or cut is found, and never ends as if it were whole", async () => {
    console.log(`SEED=${SEED}`);
    const random = seededRandom(SEED);
    const plain = Buffer.alloc(150_000, "abc");
    const bytes = Buffer.from(await encrypted(plain, ada.recipients, turn));
    for (let i = 0; i < 60; i++) {
      const changed = Buffer.from(bytes);
      const at = i < 20 ? random(250) : random(bytes.length);
      changed[at]! ^= 1 << random(8);
      await assert.rejects(opened(changed, ada), SallyportError, `byte ${at}`);
    }
    for (const end of [0, 10, 200, 65_000, bytes.length - 1, bytes.length - 65_552])
      await assert.rejects(
        opened(bytes.subarray(0, end), ada),
        { code: "protocol_violation" },
        `cut at ${end}`,
      );
    await assert.rejects(opened(Buffer.concat([bytes, bytes]), ada), { code: "protocol_violation" });
  });

  test("a header without an end is not gathered", async () => {
    let given = 0;
    async function* endless(): AsyncGenerator<Uint8Array> {
      yield Buffer.from("age-encryption.org/v1\n");
      for (; given < 1e9; given += 10_000) yield Buffer.alloc(10_000, "-> X25519 ");
    }
    await assert.rejects(
      (async () => {
        for await (const _ of decrypted(endless(), ada));
      })(),
      { code: "protocol_violation" },
    );
    assert.ok(given <= 100_000, `${given} bytes`);
  });

  test("what goes wrong with reading passes through", async () => {
    const bytes = await encrypted(Buffer.alloc(200_000), ada.recipients, turn);
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield bytes.subarray(0, 100_000);
      throw new Error("the line is down");
    }
    await assert.rejects(
      (async () => {
        for await (const _ of decrypted(broken(), ada));
      })(),
      { message: "the line is down" },
    );
  });

  test("an identity file without a key, with a passphrase, or with a key that is damaged is refused, and not quoted", async () => {
    for (const [text, words] of [
      ["", /holds no secret key/],
      ["# nothing\n", /holds no secret key/],
      ["age-encryption.org/v1\n-> scrypt abc 18\n", /passphrase/],
      ["-----BEGIN AGE ENCRYPTED FILE-----\n", /passphrase/],
      [`${secret.slice(0, -1)}${secret.endsWith("Q") ? "P" : "Q"}`, /damaged/],
      [`# ok\n${secret}\nssh-ed25519 AAAA\n`, /in line 3/],
      [`${secret}\n`.repeat(65), /more than 64/],
    ] as const) {
      await assert.rejects(Identities.parse(text, "some.key"), (error: SallyportError) => {
        assert.equal(error.code, "invalid_request");
        assert.match(error.message, words);
        assert.doesNotMatch(`${error.message}${error.hint}`, new RegExp(secret.slice(20, 40)));
        return true;
      });
    }
  });

  test("recipients are judged one by one and together; none stands in what is told", async () => {
    const [one] = ada.recipients as [string];
    const [two] = grace.recipients as [string];
    const quantum = await identityToRecipient(hybrid);
    assert.equal(quantum.length, MAX_RECIPIENT);
    assert.deepEqual(await recipientFaults([]), []);
    assert.deepEqual(await recipientFaults([one, two]), []);
    assert.deepEqual(await recipientFaults([quantum]), []);
    const wrong = `${one.slice(0, -1)}${one.endsWith("q") ? "p" : "q"}`;
    // The point 0, whose key everybody knows: bech32 of 32 zeros.
    const lowOrder = "age1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqd9mhmw".padEnd(62, "q");
    for (const [recipients, at, words] of [
      [[one, one], 1, /same as the one at index 0/],
      [[one, quantum], 1, /of another kind/],
      [[quantum, one], 1, /of another kind/],
      [[secret], 0, /is a secret key/],
      [[hybrid], 0, /is a secret key/],
      [[` ${secret.toLowerCase()}`], 0, /is a secret key/],
      [["AGE-PLUGIN-YUBIKEY-1QQ"], 0, /is a secret key/],
      [["age1yubikey1qw"], 0, /plugin/],
      [["age1tag1qw"], 0, /plugin/],
      [[wrong], 0, /is not a recipient/],
      [[one.toUpperCase()], 0, /is not a recipient/],
      [[`${one} `], 0, /is not a recipient/],
      [[""], 0, /is not a recipient/],
      [["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI"], 0, /is not a recipient/],
      [[lowOrder], 0, /is not a recipient/],
    ] as [string[], number, RegExp][]) {
      const [fault, ...more] = await recipientFaults(recipients);
      assert.deepEqual(more, []);
      assert.equal(fault?.recipient, at, recipients[at]);
      assert.match(fault.fault, words);
      for (const text of recipients) assert.ok(text.length < 20 || !fault.fault.includes(text));
    }
  });
});
