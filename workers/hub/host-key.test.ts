import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { test } from "node:test";
import fc from "fast-check";
import { isHostKey } from "./host-key.ts";
import "../../protocol/seeded.ts";

const blob = (name: string, key: Buffer): Buffer => {
  const length = (bytes: number) => Buffer.from([0, 0, 0, bytes]);
  return Buffer.concat([length(name.length), Buffer.from(name), length(key.length), key]);
};
const line = (bytes: Buffer) => `ssh-ed25519 ${bytes.toString("base64")}`;
const x = generateKeyPairSync("ed25519").publicKey.export({ format: "jwk" }).x!;
const KEY = line(blob("ssh-ed25519", Buffer.from(x, "base64url")));

test("an Ed25519 key as OpenSSH writes it is a host key", () => {
  assert.equal(isHostKey(KEY), true);
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (key) =>
      isHostKey(line(blob("ssh-ed25519", Buffer.from(key)))),
    ),
  );
});

test("nothing else is: it goes into known_hosts files as it stands", () => {
  const odd: unknown[] = [
    `${KEY}\n* ${KEY}`,
    `${KEY}\n`,
    `${KEY} comment`,
    ` ${KEY}`,
    `@cert-authority * ${KEY}`,
    KEY.replace(" ", "  "),
    KEY.replace("ssh-ed25519 ", "ssh-rsa "),
    line(blob("ssh-ed25518", Buffer.alloc(32))),
    line(blob("ssh-ed25519", Buffer.alloc(31))),
    line(blob("ssh-ed25519", Buffer.alloc(33))),
    line(Buffer.alloc(51)),
    KEY.replaceAll("+", "-").slice(0, -1),
    `${KEY}=`,
    "",
    null,
    51,
    [KEY],
  ];
  for (const text of odd) assert.equal(isHostKey(text), false, JSON.stringify(text));
});

test("one character more, less or other is none, or another key of the same form", () => {
  fc.assert(
    fc.property(fc.nat(KEY.length - 1), fc.string({ maxLength: 2 }), (at, text) => {
      const changed = KEY.slice(0, at) + text + KEY.slice(at + 1);
      if (isHostKey(changed)) assert.match(changed, /^ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI[\w+/]{43}$/);
    }),
    { numRuns: 1000 },
  );
});
