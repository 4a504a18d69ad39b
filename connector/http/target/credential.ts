import { SallyportError } from "../../../protocol/errors.ts";
import type { Fields } from "../../../protocol/http/head.ts";
import type { HttpCredential } from "./config.ts";
import { renewedSecret } from "./renewed.ts";
import { isS3, type Signable, signedFields } from "./sigv4.ts";

/** What a request gets with which the connector proves itself. */
export interface Proof {
  fields: Fields;
  /** What of it is secret: no field of a response may show it. */
  secrets: readonly string[];
}

/** The connector's credential for a target. Secrets are read anew when they have changed. */
export interface Credential {
  /** Whether a field of the agent's, its name as `looseName` has it, could be taken for the credential's. */
  isOwn(name: string): boolean;
  /** Whether it works for bodies that aren't known as a whole. */
  streamsBodies: boolean;
  /** Throws `invalid_config` for a secret that can't be read, or can't stand in a field. */
  prove(request: Signable): Promise<Proof>;
}

export interface CredentialOptions {
  /** The target's name, for errors. */
  target: string;
  isEncrypted: boolean;
  /** ms since 1970 */
  now(): number;
}

/**
 * A field's name as the loosest servers compare it: those that hand fields on as variables (CGI, RFC 3875 section
 * 4.1.18) make one character of all that is neither letter nor digit.
 */
export function looseName(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, "-");
}

/** RFC 6750 section 2.1. */
const BEARER = /^[A-Za-z0-9._~+/-]+=*$/;
/** RFC 9110 section 5.5, in ASCII, without blanks at the ends. */
const FIELD_VALUE = /^[!-~](?:[\t -~]*[!-~])?$/;

/** Makes the credential of a target. */
export function credentialOf(config: HttpCredential, options: CredentialOptions): Credential {
  const { target, now } = options;
  const secret = (reference: Parameters<typeof renewedSecret>[0], what: string) =>
    renewedSecret(reference, `${what} of target ${target}`, now);
  switch (config.type) {
    case "none":
      return { isOwn: () => false, streamsBodies: true, prove: async () => ({ fields: [], secrets: [] }) };
    case "header": {
      const value = secret(config.value, "credential.value");
      return inField(config.name, async () => {
        const text = checked(await value.get(), FIELD_VALUE, `credential.value of target ${target}`);
        return { value: text, secrets: [text] };
      });
    }
    case "basic": {
      const password = secret(config.password, "credential.basic.password");
      return inField("authorization", async () => {
        const pair = Buffer.from(`${config.user}:${await password.get()}`).toString("base64");
        return { value: `Basic ${pair}`, secrets: [pair, await password.get()] };
      });
    }
    case "bearer": {
      const token = secret(config.token, "the token");
      return inField("authorization", async () => {
        const text = checked(await token.get(), BEARER, `the token of target ${target}`);
        return { value: `Bearer ${text}`, secrets: [text] };
      });
    }
    case "sigv4":
      return sigV4Credential(config, options);
  }
}

function inField(name: string, read: () => Promise<{ value: string; secrets: string[] }>): Credential {
  return {
    isOwn: (other) => other === looseName(name),
    streamsBodies: true,
    prove: async () => {
      const { value, secrets } = await read();
      return { fields: [[name, value]], secrets };
    },
  };
}

function sigV4Credential(
  config: Extract<HttpCredential, { type: "sigv4" }>,
  { target, isEncrypted, now }: CredentialOptions,
): Credential {
  const of = (name: string) => `credential.sigv4.${name} of target ${target}`;
  const id = renewedSecret(config.accessKeyId, of("accessKeyId"), now);
  const key = renewedSecret(config.secretAccessKey, of("secretAccessKey"), now);
  const token = config.sessionToken && renewedSecret(config.sessionToken, of("sessionToken"), now);
  return {
    isOwn: (name) => /^(?:x-amz-(?:date|security-token|content-sha256)|authorization)$/.test(name),
    streamsBodies: isS3(config.service) && isEncrypted,
    prove: async (request) => {
      const keys = {
        accessKeyId: checked(await id.get(), /^[\w-]{1,200}$/, of("accessKeyId")),
        secretAccessKey: await key.get(),
        sessionToken: token && checked(await token.get(), FIELD_VALUE, of("sessionToken")),
      };
      const fields = await signedFields(keys, config, request, new Date(now()));
      return { fields, secrets: [keys.secretAccessKey, ...(keys.sessionToken ? [keys.sessionToken] : [])] };
    },
  };
}

/** The text, if it may stand where it goes. */
function checked(text: string, form: RegExp, what: string): string {
  if (form.test(text)) return text;
  throw new SallyportError(
    "invalid_config",
    `${what} has characters that can't stand in a header`,
    "Check that its source holds the secret alone, in ASCII, without blanks or lines around it.",
  );
}
