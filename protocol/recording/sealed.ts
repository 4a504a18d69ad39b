/**
 * A sealed recording in object storage: `recordings/SESSION/0001.gz`, `0002.gz`, … Each object is one gzip member (RFC
 * 1952) over the next slice of the export file (protocol/recording.ts), cut between entries, so that the objects one
 * after another are the file, compressed. With recipients each object is encrypted in addition, as an age file of its own
 * (age-encryption.org/v1): `0001.gz.age`.
 */
export interface SealedPart {
  /** 1 for the first. */
  part: number;
  /** Entries that it holds, from and to. The last part may hold none but the trailer: then last = first - 1. */
  first: number;
  last: number;
  /** Bytes of the object, and SHA-256 (hex) of it. */
  bytes: number;
  sha256: string;
}

/** The name of a part's object. */
export function partKey(session: string, part: number, isEncrypted: boolean): string {
  return `recordings/${session}/${String(part).padStart(4, "0")}.gz${isEncrypted ? ".age" : ""}`;
}
