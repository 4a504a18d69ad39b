import { Decrypter, identityToRecipient } from "age-encryption";
import { SallyportError } from "../../errors.ts";

const IDENTITY = /^AGE-SECRET-KEY-(PQ-)?1[AC-HJ-NP-Z02-9]+$/;
/** Identities of a file; each is tried for each part. */
const MAX_IDENTITIES = 64;

/** Secret keys that open what is encrypted to their recipients. They are shown to nobody. */
export class Identities {
  /** Their public keys. */
  readonly recipients: readonly string[];
  readonly #secrets: readonly string[];

  private constructor(secrets: readonly string[], recipients: readonly string[]) {
    this.#secrets = secrets;
    this.recipients = recipients;
  }

  /**
   * Reads an identity file as `age-keygen` writes it: a secret key a line, empty lines, and comments that begin with `#`. `name`
   * is told in errors. Throws `invalid_request`; the text never stands in it.
   */
  static async parse(text: string, name: string): Promise<Identities> {
    const refuse = (why: string, hint: string) =>
      new SallyportError("invalid_request", `${name} ${why}`, hint);
    if (/^(age-encryption\.org\/|-----BEGIN AGE)/.test(text)) {
      throw refuse("is encrypted with a passphrase.", "Decrypt it for the moment: --identity <(age -d FILE)");
    }
    const secrets: string[] = [];
    for (const [index, line] of text.split("\n").entries()) {
      const secret = line.trim();
      if (secret === "" || secret.startsWith("#")) continue;
      if (!IDENTITY.test(secret)) throw refuse(`has no secret key of age in line ${index + 1}.`, KEYGEN);
      secrets.push(secret);
    }
    if (secrets.length === 0) throw refuse("holds no secret key of age.", KEYGEN);
    if (secrets.length > MAX_IDENTITIES) throw refuse(`holds more than ${MAX_IDENTITIES} keys.`, KEYGEN);
    try {
      return new Identities(secrets, await Promise.all(secrets.map((secret) => identityToRecipient(secret))));
    } catch {
      throw refuse("holds a secret key that is damaged.", KEYGEN);
    }
  }

  /** What decrypts with any of them. */
  decrypter(): Decrypter {
    const decrypter = new Decrypter();
    for (const secret of this.#secrets) decrypter.addIdentity(secret);
    return decrypter;
  }
}

const KEYGEN =
  "It must have lines AGE-SECRET-KEY-1…, as `age-keygen` or `sallyport recordings keygen` writes them.";
