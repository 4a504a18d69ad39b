import ssh2 from "ssh2";

/**
 * An Ed25519 key pair in OpenSSH's form. ssh2 leaves out zeros at the beginning of keys, so that of each few hundred it
 * makes, one can't be read.
 */
export function ed25519Pair(): { private: string; public: string } {
  for (;;) {
    const pair = ssh2.utils.generateKeyPairSync("ed25519");
    if (!(ssh2.utils.parseKey(pair.private) instanceof Error)) return pair;
  }
}
