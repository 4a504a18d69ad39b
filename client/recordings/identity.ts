import { readFile } from "node:fs/promises";
import { SallyportError } from "../../protocol/errors.ts";
import { Identities } from "../../protocol/recording/encryption/identities.ts";

/** The secret keys that were given, or null; read when they are needed first. Throws `not_found` or `invalid_request`. */
export type IdentitySource = () => Promise<Identities | null>;

export const NO_IDENTITY: IdentitySource = async () => null;

/** Where the option is not given. */
export const IDENTITY_ENV = "SALLYPORT_IDENTITY";
const MAX_FILE = 64 * 1024;

/** The identities in a file, as `age-keygen` writes it. */
export function identitiesIn(file: string | undefined): IdentitySource {
  if (file === undefined || file === "") return NO_IDENTITY;
  let read: Promise<Identities> | undefined;
  return () => {
    read ??= readIdentities(file);
    return read;
  };
}

async function readIdentities(file: string): Promise<Identities> {
  const bytes = await readFile(file).catch((error: NodeJS.ErrnoException) => {
    throw new SallyportError(
      error.code === "ENOENT" ? "not_found" : "invalid_request",
      `The identity file ${file} can't be read: ${error.code}.`,
      `--identity and ${IDENTITY_ENV} name a file.`,
    );
  });
  if (bytes.length > MAX_FILE)
    throw new SallyportError("invalid_request", `${file} is no identity file: too long`);
  return Identities.parse(bytes.toString(), file);
}
