import type { ObjectType } from "@pgsql/types";

/** Where PostgreSQL's word for a kind of object in a command tag is not the rest of its symbol. */
const WORDS: Partial<Record<ObjectType, string>> = {
  OBJECT_ATTRIBUTE: "TYPE",
  OBJECT_COLUMN: "TABLE",
  OBJECT_DOMCONSTRAINT: "DOMAIN",
  OBJECT_FDW: "FOREIGN DATA WRAPPER",
  OBJECT_FOREIGN_SERVER: "SERVER",
  OBJECT_LARGEOBJECT: "LARGE OBJECT",
  OBJECT_MATVIEW: "MATERIALIZED VIEW",
  OBJECT_OPCLASS: "OPERATOR CLASS",
  OBJECT_OPFAMILY: "OPERATOR FAMILY",
  OBJECT_STATISTIC_EXT: "STATISTICS",
  OBJECT_TABCONSTRAINT: "TABLE",
  OBJECT_TSCONFIGURATION: "TEXT SEARCH CONFIGURATION",
  OBJECT_TSDICTIONARY: "TEXT SEARCH DICTIONARY",
  OBJECT_TSPARSER: "TEXT SEARCH PARSER",
  OBJECT_TSTEMPLATE: "TEXT SEARCH TEMPLATE",
};

/** A kind of object as command tags write it: `MATERIALIZED VIEW`. */
export function objectTag(type: ObjectType | undefined): string {
  if (type === undefined) return "?";
  return WORDS[type] ?? type.slice("OBJECT_".length).replaceAll("_", " ");
}
