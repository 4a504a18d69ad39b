import type { ObjectType } from "@pgsql/types";
import type { StatementAction } from "../facts.ts";

const PRIVILEGED_OBJECTS: ReadonlySet<ObjectType> = new Set([
  "OBJECT_ACCESS_METHOD",
  "OBJECT_DATABASE",
  "OBJECT_EVENT_TRIGGER",
  "OBJECT_EXTENSION",
  "OBJECT_FDW",
  "OBJECT_FOREIGN_SERVER",
  "OBJECT_FOREIGN_TABLE",
  "OBJECT_LANGUAGE",
  "OBJECT_PUBLICATION",
  "OBJECT_SUBSCRIPTION",
  "OBJECT_TABLESPACE",
  "OBJECT_USER_MAPPING",
]);
const RIGHTS_OBJECTS: ReadonlySet<ObjectType> = new Set(["OBJECT_POLICY", "OBJECT_ROLE"]);

/** `verb` and what acting on such an object means beside. */
export function onObject(verb: StatementAction, type: ObjectType | undefined): StatementAction[] {
  const actions = [verb];
  if (type !== undefined && PRIVILEGED_OBJECTS.has(type)) actions.push("postgres:administer");
  if (type !== undefined && RIGHTS_OBJECTS.has(type)) actions.push("postgres:grant");
  return actions;
}
