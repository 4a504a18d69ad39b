import type { Algorithms } from "ssh2";
import type { SshTargetConfig } from "./config.ts";

/** Without SHA-1, CBC and groups of less than 2048 bits. The first that both have is taken: fast ones come first. */
const MODERN = {
  kex: [
    "curve25519-sha256",
    "curve25519-sha256@libssh.org",
    "ecdh-sha2-nistp256",
    "ecdh-sha2-nistp384",
    "ecdh-sha2-nistp521",
    "diffie-hellman-group16-sha512",
    "diffie-hellman-group18-sha512",
    "diffie-hellman-group14-sha256",
    "diffie-hellman-group-exchange-sha256",
  ],
  serverHostKey: [
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "rsa-sha2-512",
    "rsa-sha2-256",
  ],
  cipher: [
    "aes128-gcm@openssh.com",
    "aes256-gcm@openssh.com",
    "chacha20-poly1305@openssh.com",
    "aes128-ctr",
    "aes192-ctr",
    "aes256-ctr",
  ],
  hmac: ["hmac-sha2-256-etm@openssh.com", "hmac-sha2-512-etm@openssh.com", "hmac-sha2-256", "hmac-sha2-512"],
  compress: ["none"],
} satisfies Algorithms;

/** What old hosts need beside. Never without: a MAC of MD5, RC4, 3DES, DSA, a group of 1024 bits. */
const OLDER = {
  kex: ["diffie-hellman-group14-sha1", "diffie-hellman-group-exchange-sha1"],
  serverHostKey: ["ssh-rsa"],
  cipher: ["aes128-cbc", "aes256-cbc"],
  hmac: ["hmac-sha1-etm@openssh.com", "hmac-sha1"],
} satisfies Algorithms;

/** By which signatures a host proves to have a key of this type, RFC 8332 section 3. */
const SIGNATURES: Record<string, readonly string[]> = {
  "ssh-rsa": ["rsa-sha2-512", "rsa-sha2-256", "ssh-rsa"],
};

/** What is offered to a target. Keys of `knownTypes` are asked for first, as only these can be recognised. */
export function offeredAlgorithms(
  level: SshTargetConfig["algorithms"],
  knownTypes: readonly string[],
): Algorithms {
  const offered =
    level === "modern"
      ? MODERN
      : {
          kex: [...MODERN.kex, ...OLDER.kex],
          serverHostKey: [...MODERN.serverHostKey, ...OLDER.serverHostKey],
          cipher: [...MODERN.cipher, ...OLDER.cipher],
          hmac: [...MODERN.hmac, ...OLDER.hmac],
          compress: MODERN.compress,
        };
  const known = new Set(knownTypes.flatMap((type) => SIGNATURES[type] ?? [type]));
  const hostKeys: Algorithms["serverHostKey"] = [
    ...offered.serverHostKey.filter((name) => known.has(name)),
    ...offered.serverHostKey.filter((name) => !known.has(name)),
  ];
  return { ...offered, serverHostKey: hostKeys };
}
