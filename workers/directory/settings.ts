import { DEFAULT_LIMITS, type Limits } from "../../protocol/control.ts";
import { type ApprovalSettings, type Issuer, NO_APPROVERS, type Settings } from "../../protocol/directory.ts";

/** The settings that have no table of their own. */
export type EdgeSettings = Omit<Settings, "targets" | "policies" | "approvals"> & {
  approvals: ApprovalSettings;
};

export interface SettingsRow {
  name: keyof EdgeSettings;
  value: string;
}

/** Reads every settings row; give the rows to `settingsOf`. */
export const SETTINGS_QUERY = "SELECT name, value FROM settings";

export function settingsOf(rows: SettingsRow[]): EdgeSettings {
  const settings: EdgeSettings = { issuers: [], administrators: [], limits: {}, approvals: NO_APPROVERS };
  return Object.assign(
    settings,
    Object.fromEntries(rows.map(({ name, value }) => [name, JSON.parse(value)])),
  );
}

/** The settings in force. They are read for each request: what was revoked must not live on in a cache. */
export async function loadSettings(db: D1Database): Promise<EdgeSettings> {
  return settingsOf((await db.prepare(SETTINGS_QUERY).all<SettingsRow>()).results);
}

/** The limits of a new session: the settings', else the defaults. */
export function sessionLimits({ limits }: EdgeSettings): Limits {
  const { idleMs, maxMs, maxBytes, resumeMs } = { ...DEFAULT_LIMITS, ...limits };
  return { idleMs, maxMs, maxBytes, resumeMs };
}

/** The issuer of this `iss`, exactly. */
export function issuerOf({ issuers }: EdgeSettings, iss: string): Issuer | undefined {
  return issuers.find(({ issuer }) => issuer === iss);
}
