import { Encrypter } from "age-encryption";
import { isSecretKey } from "./settings.ts";

const DATA = "[ac-hj-np-z02-9]";
/** X25519; and ML-KEM-768 with X25519 (age 1.3). Bech32 (BIP 173), in lower case. */
const CLASSIC = new RegExp(`^age1${DATA}{58}$`);
const POST_QUANTUM = new RegExp(`^age1pq1${DATA}{1952}$`);

/** A recipient that can't be one. `recipient`: its index. `fault` goes on a sentence that begins with where it stands. */
export interface RecipientFault {
  recipient: number;
  fault: string;
}

/**
 * What is wrong with recipients, one by one and together; nothing where recordings can be encrypted to them, which is tried. A
 * recipient never stands in a fault: it may be a secret key.
 */
export async function recipientFaults(recipients: readonly string[]): Promise<RecipientFault[]> {
  const faults: RecipientFault[] = [];
  for (const [recipient, text] of recipients.entries()) {
    const first = recipients.indexOf(text);
    const fault = first < recipient ? `is the same as the one at index ${first}` : await faultOf(text);
    if (fault !== null) faults.push({ recipient, fault });
  }
  if (faults.length > 0) return faults;
  const kinds = recipients.map((text) => POST_QUANTUM.test(text));
  const other = kinds.findIndex((isPostQuantum) => isPostQuantum !== kinds[0]);
  if (other < 0) return [];
  const fault =
    "is of another kind than the first: age1… and age1pq1… together are no safer than age1… alone";
  return [{ recipient: other, fault }];
}

async function faultOf(text: string): Promise<string | null> {
  if (isSecretKey(text))
    return "is a secret key: only its owner may have it. Give its recipient, age1…, and make a new key, as this one is known now";
  if (
    /^age1(tag|yubikey|se|fido)/.test(text) ||
    (/^age1[a-z0-9]+1/.test(text) && !text.startsWith("age1pq1"))
  )
    return "is a recipient of a plugin; recordings are encrypted to age1… or age1pq1…";
  if (!CLASSIC.test(text) && !POST_QUANTUM.test(text))
    return "is not a recipient of age: age1 and 58 characters, or age1pq1 and 1,952";
  try {
    const encrypter = new Encrypter();
    encrypter.addRecipient(text);
    // A point of low order is well-formed, and nothing can be encrypted to it.
    await encrypter.encrypt(new Uint8Array());
    return null;
  } catch {
    return "is not a recipient of age: a character is wrong, or it is no key";
  }
}
