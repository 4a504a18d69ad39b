import { createHash } from "node:crypto";

/** A public key or certificate of SSH. */
export interface SshPublicKey {
  /** As the blob itself has it: `ssh-ed25519`, `ssh-rsa`, `ssh-ed25519-cert-v01@openssh.com`, … */
  type: string;
  /** RFC 4253 section 6.6. */
  blob: Buffer;
}

/** Longest blob that is read, in bytes; a certificate with many principals is some KiB. */
export const MAX_BLOB = 64 * 1024;
const MAX_TYPE = 64;

/** `SHA256:…`, as ssh-keygen prints it. */
export function fingerprint(blob: Uint8Array): string {
  return `SHA256:${createHash("sha256").update(blob).digest("base64").replace(/=+$/, "")}`;
}

/** A string of RFC 4251 section 5: its length and its bytes. */
export function sshString(bytes: Uint8Array | string): Buffer {
  const content = Buffer.from(bytes);
  const length = Buffer.allocUnsafe(4);
  length.writeUInt32BE(content.length);
  return Buffer.concat([length, content]);
}

/** Reads `TYPE BASE64`, which a comment may follow. Null where it is no key, or a key of another type than it says. */
export function parsePublicKey(text: string): SshPublicKey | null {
  const [type, base64] = text.trim().split(/[ \t]+/);
  if (!type || !base64 || base64.length > MAX_BLOB * 1.5 || !/^[A-Za-z0-9+/]+={0,2}$/.test(base64))
    return null;
  const blob = Buffer.from(base64, "base64");
  return typeOf(blob) === type ? { type, blob } : null;
}

/** `TYPE BASE64`. */
export function formatPublicKey({ type, blob }: SshPublicKey): string {
  return `${type} ${blob.toString("base64")}`;
}

/** The type that a blob begins with; null where it is no key's. */
export function typeOf(blob: Buffer): string | null {
  const length = blob.length < 4 ? 0 : blob.readUInt32BE();
  if (length === 0 || length > MAX_TYPE || blob.length <= 4 + length) return null;
  const type = blob.toString("latin1", 4, 4 + length);
  return /^[!-+\--~]+$/.test(type) ? type : null;
}
