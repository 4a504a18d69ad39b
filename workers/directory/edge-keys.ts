import { type PublicKey, publicKey, thumbprint } from "../../protocol/signatures.ts";

/** Notes that this edge signs with a key; it stays noted for ever. `now` in ms since 1970. */
export async function keepEdgeKey(db: D1Database, key: PublicKey, now: number): Promise<void> {
  await db
    .prepare("INSERT OR IGNORE INTO edge_keys (thumbprint, x, since) VALUES (?1, ?2, ?3)")
    .bind(thumbprint(key), key.x, now)
    .run();
}

/** Every key that this edge signs or ever signed with: `current` first, then the others, latest first. */
export async function allEdgeKeys(db: D1Database, current: PublicKey): Promise<PublicKey[]> {
  const { results } = await db
    .prepare("SELECT x FROM edge_keys WHERE thumbprint <> ?1 ORDER BY since DESC, thumbprint")
    .bind(thumbprint(current))
    .all<{ x: string }>();
  return [publicKey(current), ...results.map(({ x }): PublicKey => ({ kty: "OKP", crv: "Ed25519", x }))];
}
