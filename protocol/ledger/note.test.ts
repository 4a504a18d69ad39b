import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { generateKey, type PrivateKey, publicKey } from "../signatures.ts";
import { checkpointText, openCheckpoint, parseCheckpoint, signCheckpoint } from "./checkpoint.ts";
import { emptyRoot } from "./merkle.ts";
import {
  formatNote,
  isKeyName,
  MAX_NOTE,
  noteKeyId,
  parseNote,
  parseVerifierKey,
  signersOf,
  signNote,
  verifierKey,
} from "./note.ts";
import "../seeded.ts";

/** The example of golang.org/x/mod/sumdb/note. */
const VERIFIER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const SEED = Buffer.from("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz", "base64").subarray(1);
const TEXT =
  "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
const SIGNED = `${TEXT}
— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=
`;
const PETER = parseVerifierKey(VERIFIER);
const PLAIN = { noNullPrototype: true };

describe("signed notes", () => {
  test("are those of Go's checksum database", async () => {
    assert.equal(noteKeyId(PETER), 0xc74f20a3);
    assert.equal(verifierKey(PETER), VERIFIER);
    const note = parseNote(SIGNED);
    assert.equal(note.text, TEXT);
    assert.deepEqual(await signersOf(note, [PETER]), [PETER]);
    const key: PrivateKey = { ...PETER.key, d: SEED.toString("base64url") };
    assert.equal(await signNote(TEXT, "PeterNeumann", key), SIGNED, "Ed25519 signs in one way");
  });

  test("have verifier keys as other implementations write them", () => {
    const others = [
      "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
      "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop",
      "TEST+7997405c+AQcC+FTVKf0jlTdHDY3rbevmnKxxPjigCXlVtGe6RIr6",
    ];
    for (const text of others) assert.equal(verifierKey(parseVerifierKey(text)), text);
    const cosigner = "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2";
    const bad = [
      cosigner,
      "",
      "a+b",
      VERIFIER.replace("c74f20a3", "c74f20a4"),
      ` ${VERIFIER}`,
      `${VERIFIER}\n`,
    ];
    for (const text of bad) assert.throws(() => parseVerifierKey(text), { code: "invalid_request" }, text);
  });

  test("have the text of the specification's examples, empty lines included", () => {
    const note = parseNote(
      "Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\ned è subito sera.\n\n— quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=\n",
    );
    assert.equal(
      note.text,
      "Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\ned è subito sera.\n",
    );
    assert.equal(note.signatures[0]!.name, "quasimodo.example/salvatore");
  });

  test("are refused whole when a known key's signature is wrong, and believed by no other's", async () => {
    const other = { name: "other", key: publicKey(await generateKey()) };
    const note = parseNote(SIGNED);
    assert.deepEqual(await signersOf(note, [other]), []);
    assert.deepEqual(
      await signersOf(note, [{ name: "Peter", key: PETER.key }]),
      [],
      "the name is part of it",
    );
    const forged = { ...note, text: note.text.replace("answer", "Answer") };
    assert.deepEqual(await signersOf(forged, [PETER]), []);
    const good = note.signatures[0]!;
    const bad = { ...good, signature: Buffer.from(good.signature.map((byte) => byte ^ 1)) };
    assert.deepEqual(await signersOf({ ...note, signatures: [good, bad] }, [PETER]), []);
    const renamed = { ...note, signatures: [{ ...good, name: "Peter" }] };
    assert.deepEqual(await signersOf(renamed, [PETER]), [], "the id is a hint, and no name");
    const short = { ...good, signature: good.signature.subarray(1) };
    assert.deepEqual(await signersOf({ ...note, signatures: [short] }, [PETER]), []);
    const unknown = { name: "witness.example", id: 7, signature: Buffer.alloc(5_000) };
    assert.deepEqual(await signersOf({ ...note, signatures: [unknown, good] }, [PETER]), [PETER]);
  });

  test("are read as they are written, up to 16 signatures and more", () => {
    const line = fc.string({
      unit: fc.constantFrom("a", "—", " ", "é", "\u{1f600}", "+", "="),
      maxLength: 20,
    });
    const name = fc.string({
      unit: fc.constantFrom("a", ".", "/", "é", "\u{1f600}"),
      minLength: 1,
      maxLength: 9,
    });
    const signature = fc.record(
      {
        name,
        id: fc.nat(0xffffffff),
        signature: fc.uint8Array({ minLength: 1, maxLength: 90 }).map((bytes) => Buffer.from(bytes)),
      },
      PLAIN,
    );
    const note = fc.record(
      {
        text: fc.array(line, { minLength: 1, maxLength: 5 }).map((lines) => `${lines.join("\n")}\n`),
        signatures: fc.array(signature, { minLength: 1, maxLength: 20 }),
      },
      PLAIN,
    );
    fc.assert(fc.property(note, (one) => assert.deepEqual(parseNote(formatNote(one)), one)));
  });

  test("that are none are refused, whatever is cut or put in", () => {
    const bad = [
      "",
      "\n",
      "\n\n",
      TEXT,
      `${TEXT}\n`,
      SIGNED.slice(0, -1),
      `${SIGNED}\n`,
      SIGNED.replace("—", "-"),
      SIGNED.replace("— PeterNeumann ", "—  "),
      SIGNED.replace("PeterNeumann", "Peter+Neumann"),
      SIGNED.replace("PeterNeumann", "Peter Neumann"),
      SIGNED.replace("nAM=", "nAN="),
      SIGNED.replace("nAM=", "nAM"),
      SIGNED.replace("think", "thi\tnk"),
      SIGNED.replace("think", "thi\0nk"),
      SIGNED.replace("think", "thi\rnk"),
      SIGNED.replace("think", "\ud800"),
      `${TEXT}\n— PeterNeumann AAAAAA==\n`,
      SIGNED.replace(TEXT, "x".repeat(MAX_NOTE)),
      SIGNED + SIGNED.slice(TEXT.length + 1).repeat(64),
    ];
    for (const text of bad)
      assert.throws(() => parseNote(text), { code: "invalid_request" }, JSON.stringify(text));
    fc.assert(
      fc.property(fc.nat(SIGNED.length - 1), fc.string({ unit: "binary", maxLength: 3 }), (at, put) => {
        const text = SIGNED.slice(0, at) + put + SIGNED.slice(at + 1);
        try {
          assert.equal(formatNote(parseNote(text)), text);
        } catch (error) {
          assert.equal((error as { code?: string }).code, "invalid_request");
        }
      }),
    );
  });

  test("name no key with blanks, controls or a plus", () => {
    for (const name of ["", "a b", "a+b", "a\nb", "a\u00a0b", "a\u2003b", "\ud800"])
      assert.equal(isKeyName(name), false);
    assert.equal(isKeyName("sallyport.example.com:8443/ledger"), true);
  });
});

describe("checkpoints", () => {
  const origin = "example.com/behind-the-sofa";
  const text = `${origin}\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n`;

  test("have the form of c2sp.org/tlog-checkpoint", () => {
    const checkpoint = parseCheckpoint(text);
    assert.equal(checkpoint.size, 20_852_163);
    assert.equal(checkpoint.origin, origin);
    assert.equal(checkpointText(checkpoint), text);
    assert.equal(checkpointText({ origin, size: 0, root: emptyRoot() }).split("\n")[1], "0");
    assert.deepEqual(parseCheckpoint(`${text}opaque\nlines\n`), checkpoint, "extension lines are opaque");
    const note =
      "— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n";
    assert.equal(parseNote(`${text}\n${note}`).text, text);
  });

  test("are refused in any other", () => {
    const [, , root] = text.split("\n") as [string, string, string];
    const bad = [
      "",
      "\n",
      `${origin}\n7\n`,
      `\n7\n${root}\n`,
      `${origin}\n07\n${root}\n`,
      `${origin}\n-7\n${root}\n`,
      `${origin}\n7.0\n${root}\n`,
      `${origin}\n 7\n${root}\n`,
      `${origin}\n9007199254740992\n${root}\n`,
      `${origin}\n\n${root}\n`,
      `${origin}\n7\n${root.slice(0, -1)}\n`,
      `${origin}\n7\n${root.replace("q2I=", "q2J=")}\n`,
      `${origin}\n7\n${root}A\n`,
      `${origin}\n7\n${root}\n\n`,
      `${origin}\n7\n${root}\n\nx\n`,
      `${origin}\n7\n${root}`,
    ];
    for (const one of bad)
      assert.throws(() => parseCheckpoint(one), { code: "invalid_request" }, JSON.stringify(one));
  });

  test("open for who knows the key, an older one of several too, and for the right log alone", async () => {
    const [old, now, stranger] = [await generateKey(), await generateKey(), await generateKey()];
    const signed = await signCheckpoint({ origin, size: 5, root: emptyRoot() }, old);
    const opened = await openCheckpoint(signed, origin, [publicKey(now), publicKey(old)]);
    assert.deepEqual(opened.signer, publicKey(old));
    assert.equal(opened.size, 5);
    await assert.rejects(openCheckpoint(signed, origin, [publicKey(stranger)]), { code: "forbidden" });
    await assert.rejects(openCheckpoint(signed, "example.com/other", [publicKey(old)]), {
      code: "invalid_request",
    });
    for (const changed of [
      signed.replace("\n5\n", "\n6\n"),
      signed.replace("behind-the-sofa\n5", "behind\n5"),
    ]) {
      await assert.rejects(openCheckpoint(changed, origin, [publicKey(old)]));
    }
  });
});
