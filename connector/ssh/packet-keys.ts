import { createSecretKey } from "node:crypto";
import type { Client, Connection } from "ssh2";
import { protocolOf } from "./target/insides.ts";

/**
 * Keeps the keys of a connection's packets as key objects, anew after each key exchange. ssh2 gives Node their bytes with
 * each packet, of which Node makes such an object each time: of all that is done for a small packet that took longest.
 */
export function keepPacketKeys(end: Client | Connection): void {
  // Types have the event for neither, or for one only.
  (end as NodeJS.EventEmitter).on("handshake", () => {
    const { _cipher, _decipher } = protocolOf(end);
    for (const one of [_cipher, _decipher]) {
      for (const name of ["_encKey", "_decipherKey", "_macKey"] as const) {
        const key = one[name];
        if (Buffer.isBuffer(key)) one[name] = createSecretKey(key);
      }
    }
  });
}
