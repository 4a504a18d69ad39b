import type { Page, Target } from "../../protocol/directory.ts";
import { decodeCursor, encodeCursor, type PageRequest, page } from "./page.ts";

export type TargetRow = Omit<Target, "allow"> & { allow: string };

export function targetOf(row: TargetRow): Target {
  return { ...row, allow: JSON.parse(row.allow) as string[] };
}

/** One target, or null. */
export async function getTarget(db: D1Database, name: string): Promise<Target | null> {
  const row = await db.prepare("SELECT * FROM targets WHERE name = ?1").bind(name).first<TargetRow>();
  return row && targetOf(row);
}

/** Every target, by name; `apply` bounds their number. */
export async function allTargets(db: D1Database): Promise<Target[]> {
  const { results } = await db.prepare("SELECT * FROM targets ORDER BY name").all<TargetRow>();
  return results.map(targetOf);
}

/** Lists targets by name, each as `see` shows it; those of which it answers null are left out. */
export async function listTargets<T extends Target>(
  db: D1Database,
  see: (target: Target) => T | null,
  request: PageRequest,
): Promise<Page<T>> {
  const after = request.cursor === null ? "" : decodeCursor(request.cursor, ["string"])[0];
  const seen: T[] = [];
  for (const target of await allTargets(db)) {
    if (seen.length > request.limit) break;
    const shown = target.name > after ? see(target) : null;
    if (shown !== null) seen.push(shown);
  }
  return page(seen, request, ({ name }) => encodeCursor([name]));
}
