/**
 * Keeps the key that a connector's SSH targets show to agents. Another one than before is an administrative change,
 * recorded as the connector's own: whoever checks host keys must be able to find out since when it is another.
 */
export async function noteHostKey(
  db: D1Database,
  connector: string,
  hostKey: string,
  time: number,
): Promise<void> {
  const known = await db
    .prepare("SELECT 1 FROM connectors WHERE name = ?1 AND host_key = ?2")
    .bind(connector, hostKey)
    .first();
  if (known !== null) return;
  await db.batch([
    db
      .prepare(
        `INSERT INTO changes (time, principal, action, subject, before, after)
         SELECT ?3, 'connector/' || name, 'connector.host-key', name, json_object('hostKey', host_key),
           json_object('hostKey', ?2) FROM connectors WHERE name = ?1 AND host_key IS NOT ?2`,
      )
      .bind(connector, hostKey, time),
    db.prepare("UPDATE connectors SET host_key = ?2 WHERE name = ?1").bind(connector, hostKey),
  ]);
}

/** The host keys of these connectors, by their names; of those that have told one. */
export async function hostKeysOf(
  db: D1Database,
  connectors: readonly string[],
): Promise<Map<string, string>> {
  if (connectors.length === 0) return new Map();
  const { results } = await db
    .prepare(
      `SELECT name, host_key AS hostKey FROM connectors
       WHERE name IN (SELECT value FROM json_each(?1)) AND host_key IS NOT NULL`,
    )
    .bind(JSON.stringify(connectors))
    .all<{ name: string; hostKey: string }>();
  return new Map(results.map(({ name, hostKey }) => [name, hostKey]));
}
