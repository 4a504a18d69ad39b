import { SallyportError } from "../errors.ts";
import type { PrivateKey, PublicKey } from "../signatures.ts";
import { HASH_LENGTH } from "./merkle.ts";
import { isKeyName, parseNote, signersOf, signNote } from "./note.ts";

/** What a ledger says of itself at one size: c2sp.org/tlog-checkpoint. */
export interface Checkpoint {
  /** Which log it is. */
  origin: string;
  /** Leaves. */
  size: number;
  /** The root over them, 32 bytes. */
  root: Uint8Array;
}

/** A checkpoint that one of the known keys has signed. */
export interface SignedCheckpoint extends Checkpoint {
  signer: PublicKey;
  /** The note as it came. */
  note: string;
}

/** The text of the note: three lines. We write no extension lines. */
export function checkpointText({ origin, size, root }: Checkpoint): string {
  return `${origin}\n${size}\n${Buffer.from(root).toString("base64")}\n`;
}

/**
 * Reads the text of a note. Extension lines, which are opaque, may follow and are left out. Throws `invalid_request`.
 */
export function parseCheckpoint(text: string): Checkpoint {
  const [origin = "", digits = "", base64 = "", ...extensions] = text.replace(/\n$/, "").split("\n");
  const [size, root] = [Number(digits), Buffer.from(base64, "base64")];
  if (
    origin === "" ||
    !/^(0|[1-9][0-9]*)$/.test(digits) ||
    !Number.isSafeInteger(size) ||
    root.length !== HASH_LENGTH ||
    root.toString("base64") !== base64 ||
    extensions.includes("") ||
    !text.endsWith("\n")
  ) {
    throw new SallyportError(
      "invalid_request",
      "this is no checkpoint of a ledger",
      "See c2sp.org/tlog-checkpoint.",
    );
  }
  return { origin, size, root };
}

/** Signs a checkpoint; the key's name is the origin. The whole note. */
export function signCheckpoint(checkpoint: Checkpoint, key: PrivateKey): Promise<string> {
  return signNote(checkpointText(checkpoint), checkpoint.origin, key);
}

/**
 * Reads a signed checkpoint. Throws `invalid_request` where it is none, or none of `origin`; `forbidden` where none of
 * the edge's keys has signed it, or one of its signatures is forged.
 */
export async function openCheckpoint(
  note: string,
  origin: string,
  keys: readonly PublicKey[],
): Promise<SignedCheckpoint> {
  const parsed = parseNote(note);
  const checkpoint = parseCheckpoint(parsed.text);
  if (checkpoint.origin !== origin) {
    throw new SallyportError("invalid_request", `the checkpoint is not one of the ledger ${origin}`);
  }
  const [signer] = await signersOf(
    parsed,
    keys.map((key) => ({ name: origin, key })),
  );
  if (!signer) {
    throw new SallyportError(
      "forbidden",
      "none of the edge's keys has signed the checkpoint",
      "Give the keys file that lists the edge's keys, old ones included.",
    );
  }
  return { ...checkpoint, signer: signer.key, note };
}

/** Whether a text may name a ledger: it names its keys as well. */
export function isOrigin(origin: string): boolean {
  return isKeyName(origin) && origin.length <= 255;
}
