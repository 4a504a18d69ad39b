/** `ssh-ed25519`, as RFC 8709 section 4 writes it before the key: each part with its length. */
const PREFIX = Buffer.concat([
  Buffer.from([0, 0, 0, 11]),
  Buffer.from("ssh-ed25519"),
  Buffer.from([0, 0, 0, 32]),
]);

/**
 * Whether a text is an Ed25519 host key as OpenSSH writes it: `ssh-ed25519`, a blank, and 51 bytes in base64, without
 * a comment. It goes into others' known_hosts files, so nothing else passes.
 */
export function isHostKey(text: unknown): text is string {
  if (typeof text !== "string") return false;
  const [, base64] = /^ssh-ed25519 ([A-Za-z0-9+/]{68})$/.exec(text) ?? [];
  return base64 !== undefined && Buffer.from(base64, "base64").subarray(0, PREFIX.length).equals(PREFIX);
}
