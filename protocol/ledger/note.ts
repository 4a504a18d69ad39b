import { createHash } from "node:crypto";
import { SallyportError } from "../errors.ts";
import { type PrivateKey, type PublicKey, signText, verifyText } from "../signatures.ts";

/** Signed notes: c2sp.org/signed-note, with Ed25519 signatures (type 0x01). */

/** UTF-16 units of a note; its signatures. Both are ours: the specification asks for 16 signatures at least. */
export const MAX_NOTE = 0x2_0000;
const MAX_SIGNATURES = 64;

/** The type of a plain Ed25519 signature. */
const ED25519 = 0x01;
const KEY_LENGTH = 32;
const SIGNATURE_LENGTH = 64;

export interface Note {
  /** What is signed; ends with a newline. */
  text: string;
  signatures: NoteSignature[];
}

export interface NoteSignature {
  name: string;
  /** Of the key, 32 bits: a hint, that proves nothing. */
  id: number;
  signature: Buffer;
}

/** A key under the name with which it signs notes. */
export interface NoteKey {
  name: string;
  key: PublicKey;
}

/** The first four bytes of SHA-256(name | 0x0A | 0x01 | key). */
export function noteKeyId({ name, key }: NoteKey): number {
  return createHash("sha256").update(`${name}\n`).update(keyBytes(key)).digest().readUInt32BE();
}

/** A verifier key as Go's `note.NewVerifier` reads it: `name+id+base64(0x01 | key)`. */
export function verifierKey(key: NoteKey): string {
  const id = noteKeyId(key).toString(16).padStart(8, "0");
  return `${key.name}+${id}+${keyBytes(key.key).toString("base64")}`;
}

/** Reads what `verifierKey` writes. Throws `invalid_request`. */
export function parseVerifierKey(text: string): NoteKey {
  const match = /^([^+]{1,512})\+([0-9a-f]{8})\+([A-Za-z0-9+/]{44})$/.exec(text);
  const bytes = Buffer.from(match?.[3] ?? "", "base64");
  if (!match || !isKeyName(match[1]!) || bytes[0] !== ED25519) throw notVerifierKey();
  const key: NoteKey = {
    name: match[1]!,
    key: { kty: "OKP", crv: "Ed25519", x: bytes.subarray(1).toString("base64url") },
  };
  if (verifierKey(key) !== text) throw notVerifierKey();
  return key;
}

/** Whether a text may name a key. */
export function isKeyName(name: string): boolean {
  return name !== "" && name.isWellFormed() && !/[\p{White_Space}\p{Cc}+]/u.test(name);
}

/** Signs a text, which ends with a newline, with an Ed25519 key: the whole note. */
export async function signNote(text: string, name: string, key: PrivateKey): Promise<string> {
  if (!isNoteText(text) || !isKeyName(name)) throw new RangeError("this is no text or name for a note");
  const signature = Buffer.from(await signText(key, text), "base64url");
  return formatNote({ text, signatures: [{ name, id: noteKeyId({ name, key }), signature }] });
}

export function formatNote({ text, signatures }: Note): string {
  const lines = signatures.map(({ name, id, signature }) => {
    const bytes = Buffer.alloc(4 + signature.length);
    bytes.writeUInt32BE(id);
    bytes.set(signature, 4);
    return `\u2014 ${name} ${bytes.toString("base64")}\n`;
  });
  return `${text}\n${lines.join("")}`;
}

/** Reads a note, whoever signed it. Throws `invalid_request` for what is none, or over the bounds. */
export function parseNote(note: string): Note {
  if (note.length > MAX_NOTE) throw notNote("it is too long");
  const end = note.lastIndexOf("\n\n");
  const text = note.slice(0, end + 1);
  if (end < 0 || !isNoteText(text)) throw notNote("it has no text before its signatures");
  const block = note.slice(end + 2);
  if (!block.endsWith("\n")) throw notNote("it has no signatures");
  const lines = block.slice(0, -1).split("\n");
  if (lines.length > MAX_SIGNATURES) throw notNote("it has too many signatures");
  return { text, signatures: lines.map(parseSignature) };
}

function parseSignature(line: string): NoteSignature {
  const match = /^\u2014 ([^ ]+) ([A-Za-z0-9+/]+={0,2})$/.exec(line);
  const bytes = Buffer.from(match?.[2] ?? "", "base64");
  if (!match || !isKeyName(match[1]!) || bytes.length < 5 || bytes.toString("base64") !== match[2])
    throw notNote("a line of its signatures can't be read");
  return { name: match[1]!, id: bytes.readUInt32BE(), signature: bytes.subarray(4) };
}

/**
 * Which of the known keys signed the note. Signatures of others count for nothing; a wrong one of a known key spoils
 * the whole note. Empty: nothing in the text may be believed.
 */
export async function signersOf(note: Note, known: readonly NoteKey[]): Promise<NoteKey[]> {
  const signers = new Set<NoteKey>();
  for (const { name, id, signature } of note.signatures) {
    for (const key of known) {
      if (key.name !== name || noteKeyId(key) !== id) continue;
      const isGood =
        signature.length === SIGNATURE_LENGTH &&
        (await verifyText(key.key, note.text, signature.toString("base64url")));
      if (!isGood) return [];
      signers.add(key);
    }
  }
  return [...signers];
}

/** Lines that end, without any control character but that. */
function isNoteText(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what a note must not hold.
  return text.endsWith("\n") && text.isWellFormed() && !/[\x00-\x09\x0b-\x1f]/.test(text);
}

/** The type, then the key. */
function keyBytes({ x }: PublicKey): Buffer {
  const bytes = Buffer.from(x, "base64url");
  if (bytes.length !== KEY_LENGTH) throw new SallyportError("invalid_request", "this is no Ed25519 key");
  return Buffer.concat([Uint8Array.of(ED25519), bytes]);
}

function notNote(why: string): SallyportError {
  return new SallyportError("invalid_request", `this is no signed note: ${why}`, "See c2sp.org/signed-note.");
}

function notVerifierKey(): SallyportError {
  return new SallyportError(
    "invalid_request",
    "this is no verifier key of a signed note",
    "It is NAME+ID+KEY, with an Ed25519 key; docs/ledger.md tells how to get it.",
  );
}
