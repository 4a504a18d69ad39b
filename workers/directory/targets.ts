import type { Page, Target } from "../../protocol/directory.ts";
import { mayOpen } from "../identity/access.ts";
import type { Subject } from "../identity/identity.ts";
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

/** Lists targets by name: all, or those that a subject may open. */
export async function listTargets(
  db: D1Database,
  subject: Subject | null,
  request: PageRequest,
): Promise<Page<Target>> {
  const after = request.cursor === null ? "" : decodeCursor(request.cursor, ["string"])[0];
  const visible = (await allTargets(db)).filter(
    (target) => target.name > after && (subject === null || mayOpen(target, subject)),
  );
  return page(visible, request, ({ name }) => encodeCursor([name]));
}
