/** To whom the recordings of new sessions are encrypted when they are sealed. */
export interface RecordingSettings {
  /** Public keys of age (age-encryption.org/v1): `age1…`, or all of them `age1pq1…`, which quantum computers don't break. */
  recipients: string[];
}

/** Recordings are kept as they are. */
export const NOT_ENCRYPTED: RecordingSettings = { recipients: [] };

export const MAX_RECIPIENTS = 16;
/** Characters of the longest, of ML-KEM-768 with X25519. */
export const MAX_RECIPIENT = 1_959;

const SECRET = /AGE-(SECRET-KEY|PLUGIN)-|^-----BEGIN/i;

/** Whether a text that should be a public key is a secret one: then it must not be sent, kept or shown. */
export function isSecretKey(text: string): boolean {
  return SECRET.test(text.trim());
}
