import { type Change, NO_APPROVERS, type Settings } from "../../protocol/directory.ts";
import { SallyportError } from "../../protocol/errors.ts";
import type { Actor } from "./changes.ts";
import { revokeLeasesOfMoved } from "./leases.ts";
import { currentPolicies, putPolicies } from "./policies.ts";
import { SETTINGS_QUERY, type SettingsRow, settingsOf } from "./settings.ts";
import { type TargetRow, targetOf } from "./targets.ts";

/** The whole settings, and the number of the last change that they hold. */
export async function readSettings(db: D1Database): Promise<{ settings: Settings; revision: number }> {
  // A fresh directory takes the starter set with this, so that what replaces it is a change like any other.
  await currentPolicies(db);
  const [targets, settings, policies, last] = await db.batch([
    db.prepare("SELECT * FROM targets ORDER BY name"),
    db.prepare(SETTINGS_QUERY),
    db.prepare("SELECT text FROM policy_sets ORDER BY revision DESC LIMIT 1"),
    db.prepare("SELECT COALESCE(MAX(id), 0) AS revision FROM changes"),
  ]);
  return {
    settings: {
      targets: (targets!.results as TargetRow[]).map(targetOf),
      ...settingsOf(settings!.results as SettingsRow[]),
      policies: (policies!.results[0] as { text: string }).text,
    },
    revision: (last!.results[0] as { revision: number }).revision,
  };
}

/**
 * Makes the wanted settings those in force, and records the changes, in one transaction. The records take the
 * numbers after `revision`; if another change took one since the settings were read, nothing happens and it throws
 * `conflict`.
 */
export async function writeSettings(
  db: D1Database,
  wanted: Settings,
  changes: readonly Change[],
  revision: number,
  actor: Actor,
): Promise<void> {
  const { targets, policies, ...rest } = wanted;
  const settings = { approvals: NO_APPROVERS, ...rest };
  await db
    .batch([
      db
        .prepare(
          `INSERT INTO changes (id, time, principal, action, subject, before, after)
           SELECT ?2 + 1 + key, ?3, ?4, 'apply.' || (value ->> 'action'), value ->> 'subject', value -> 'before', value -> 'after'
           FROM json_each(?1)`,
        )
        .bind(JSON.stringify(changes), revision, actor.time, actor.principal),
      revokeLeasesOfMoved(db, targets, actor),
      db
        .prepare("DELETE FROM targets WHERE name NOT IN (SELECT value ->> 'name' FROM json_each(?1))")
        .bind(JSON.stringify(targets)),
      db
        .prepare(
          `INSERT INTO targets (name, kind, connector, description, allow)
           SELECT value ->> 'name', value ->> 'kind', value ->> 'connector', value ->> 'description', value -> 'allow'
           FROM json_each(?1) WHERE true
           ON CONFLICT (name) DO UPDATE SET kind = excluded.kind, connector = excluded.connector,
             description = excluded.description, allow = excluded.allow`,
        )
        .bind(JSON.stringify(targets)),
      // Absent, it is as if it had never been set.
      db.prepare("DELETE FROM settings WHERE name IN ('retention', 'recordings')"),
      db
        .prepare(
          `INSERT INTO settings (name, value)
           SELECT value ->> 0, value ->> 1 FROM json_each(?1) WHERE true
           ON CONFLICT (name) DO UPDATE SET value = excluded.value`,
        )
        .bind(JSON.stringify(Object.entries(settings).map(([name, value]) => [name, JSON.stringify(value)]))),
      putPolicies(db, policies, actor),
    ])
    .catch((error: Error) => {
      if (!/UNIQUE constraint failed: changes\.id/.test(error.message)) throw error;
      throw new SallyportError(
        "conflict",
        "the directory was changed by somebody else meanwhile; nothing was changed",
        "Look at the difference again, and apply again.",
      );
    });
}
