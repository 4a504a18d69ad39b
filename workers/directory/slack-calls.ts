/**
 * Remembers the signature of a call until this time; false when it was remembered already. One transaction, so that of
 * two calls at the same moment one is the first. What is over is forgotten with it. Times are ms since 1970.
 */
export async function rememberCall(
  db: D1Database,
  signature: string,
  until: number,
  now: number,
): Promise<boolean> {
  const [, added] = await db.batch([
    db.prepare("DELETE FROM slack_calls WHERE until < ?1").bind(now),
    db
      .prepare(
        "INSERT INTO slack_calls (signature, until) VALUES (?1, ?2) ON CONFLICT DO NOTHING RETURNING signature",
      )
      .bind(signature, until),
  ]);
  return added!.results.length === 1;
}
