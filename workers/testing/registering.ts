import type { Settings } from "../../protocol/directory.ts";
import { SallyportError } from "../../protocol/errors.ts";
import { generateKey } from "../../protocol/signatures.ts";
import { readSettings, writeSettings } from "../directory/apply.ts";
import { createEnrolment, enrol } from "../directory/connectors.ts";
import { planChanges } from "../directory/plan.ts";
import { policyVersion } from "../directory/policies.ts";
import type { DecideConnect, Registering } from "../directory/registration.ts";
import { createToken } from "../directory/tokens.ts";
import { mayOpen } from "../identity/access.ts";
import type { Credential } from "../identity/identity.ts";
import { newDatabase, sqliteDirectory } from "./sqlite-directory.ts";

/** Who changes the directory, and when. */
export const ADMIN = { principal: "bootstrap", time: 500 };

/** A session that is opened. */
export const FACTS: Registering = {
  session: "0".repeat(32),
  principal: "corp/agent",
  onBehalfOf: "corp/alice",
  groups: ["engineers"],
  target: "orders",
  kind: "postgres",
  connector: "main",
  instance: "i",
  opened: 1_000,
  until: 9_000,
  address: "127.0.0.1",
  mode: "framed",
};

/** What opens it. */
export const TOKEN: Credential = { kind: "service-token", id: "t", expires: 5_000 };

/** Settings by which it may open. */
export const SETTINGS: Settings = {
  targets: [{ name: "orders", kind: "postgres", connector: "main", description: "", allow: ["corp/*"] }],
  issuers: [],
  administrators: [],
  limits: {},
  policies: "open",
};

/** Stands for Cedar: policies whose text is `closed` forbid; others permit whom the target lists. */
export const decide: DecideConnect = async (target, policy) => {
  const open = mayOpen(target, FACTS) && policy?.version !== policyVersion("closed");
  return open ? { lease: null } : new SallyportError("forbidden", "no");
};

/** Makes settings those of a directory; answers what changed. */
export async function apply(db: D1Database, wanted: Settings) {
  const { settings, revision } = await readSettings(db);
  const changes = planChanges(settings, wanted);
  await writeSettings(db, wanted, changes, revision, ADMIN);
  return changes;
}

/** A directory in which the session above may open. */
export async function prepared() {
  const database = newDatabase();
  const db = sqliteDirectory(undefined, database);
  await apply(db, SETTINGS);
  await createToken(
    db,
    { name: "t", principal: "corp/agent", administrator: false, expires: 5_000 },
    "hash",
    ADMIN,
  );
  await createEnrolment(db, "main", "e", 10_000, ADMIN);
  await enrol(db, "e", await generateKey(), "claim", 600);
  return { database, db };
}
