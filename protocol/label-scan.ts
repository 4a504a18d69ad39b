/** What `labels scan` asks a connector: to look at a database's columns and some of their values. */
export interface ScanLabelsRequest {
  target: string;
  /** One of the target's; its default when absent. */
  database?: string;
  /** Names as the catalog has them; none: all but PostgreSQL's own. */
  schemas: string[];
  /** Rows of each table that are looked at, 1 to `MAX_SCAN_ROWS`. */
  rows: number;
}

export const DEFAULT_SCAN_ROWS = 1_000;
export const MAX_SCAN_ROWS = 10_000;
export const MAX_SCAN_SCHEMAS = 50;

/** Whether this is a question that may be put, within its bounds. */
export function isScanLabelsRequest(value: unknown): value is ScanLabelsRequest {
  if (!isObject(value)) return false;
  const { target, database, schemas, rows } = value;
  return (
    isName(target) &&
    (database === undefined || isName(database)) &&
    isList(schemas, MAX_SCAN_SCHEMAS, isName) &&
    isCount(rows) &&
    (rows as number) >= 1 &&
    (rows as number) <= MAX_SCAN_ROWS
  );
}

/** What was found. No value that is stored in a table stands in it, only how many looked like what. */
export interface LabelScan {
  database: string;
  /** Looked at, by their names at least. */
  relations: number;
  columns: number;
  /** The surest first. */
  proposals: LabelProposal[];
  /** Columns that the connector's settings label already, or declare to be `none`. */
  labelled: LabelledColumn[];
  /** Relations of which no values were looked at, and why. */
  notSampled: { schema: string; relation: string; why: string }[];
  /** Columns, proposals and relations for which there was no room. */
  leftOut: number;
}

/** A column, or a value inside its JSON documents by its keys from the outside; `path` is empty for the whole. */
export interface ColumnPlace {
  schema: string;
  relation: string;
  column: string;
  path: string[];
}

export interface LabelledColumn extends ColumnPlace {
  label: string;
}

export interface LabelProposal extends ColumnPlace {
  label: string;
  /** As the settings write it; null where the label has one there. */
  mask: ProposedMask | null;
  confidence: Confidence;
  /** In words, with counts. */
  reasons: string[];
}

export const CONFIDENCES = ["high", "medium", "low"] as const;
export type Confidence = (typeof CONFIDENCES)[number];

export type ProposedMask =
  | { mask: "null" }
  | { mask: "partial"; as: (typeof PARTS)[number] }
  | { mask: "range"; step: number }
  | { mask: "range"; unit: (typeof UNITS)[number] };

const PARTS = ["email", "phone", "card", "last4", "text"] as const;
const UNITS = ["month", "year", "decade"] as const;

/** Entries of each list of an answer, and of a proposal's own. */
export const MAX_SCAN_LIST = 1_000;
export const MAX_REASONS = 8;
/** Characters of a reason, which may hold the names of another column. */
export const MAX_REASON = 300;
/** PostgreSQL's NAMEDATALEN less its zero byte; and the bounds of a path in the settings. */
const MAX_NAME_BYTES = 63;
const MAX_KEY_BYTES = 255;
const MAX_PATH = 16;
const LABEL = /^(?=.{1,100}$)[a-z][a-z0-9_-]*(?:\.[a-z0-9][a-z0-9_-]*)*$/;

/** Whether this is an answer to `labels scan`, within its bounds. */
export function isLabelScan(value: unknown): value is LabelScan {
  if (!isObject(value)) return false;
  const { database, relations, columns, proposals, labelled, notSampled, leftOut } = value;
  return (
    isName(database) &&
    [relations, columns, leftOut].every(isCount) &&
    isList(proposals, MAX_SCAN_LIST, isProposal) &&
    isList(labelled, MAX_SCAN_LIST, (one) => isPlace(one) && isLabel(one.label)) &&
    isList(notSampled, MAX_SCAN_LIST, isNotSampled)
  );
}

function isProposal(value: unknown): boolean {
  if (!isPlace(value)) return false;
  const { label, mask, confidence, reasons } = value;
  return (
    isLabel(label) &&
    (mask === null || isMask(mask)) &&
    (CONFIDENCES as readonly unknown[]).includes(confidence) &&
    isList(reasons, MAX_REASONS, (one) => isText(one, MAX_REASON))
  );
}

function isPlace(value: unknown): value is Record<string, unknown> {
  if (!isObject(value)) return false;
  const { schema, relation, column, path } = value;
  return (
    [schema, relation, column].every(isName) && isList(path, MAX_PATH, (key) => isText(key, MAX_KEY_BYTES))
  );
}

function isNotSampled(value: unknown): boolean {
  return isObject(value) && isName(value.schema) && isName(value.relation) && isText(value.why, MAX_REASON);
}

function isMask(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { mask, as, step, unit } = value;
  const members = Object.keys(value).length;
  if (mask === "null") return members === 1;
  if (members !== 2) return false;
  if (mask === "partial") return (PARTS as readonly unknown[]).includes(as);
  return mask === "range" && ((UNITS as readonly unknown[]).includes(unit) || (isCount(step) && step !== 0));
}

function isLabel(value: unknown): boolean {
  return typeof value === "string" && LABEL.test(value);
}

function isName(value: unknown): boolean {
  return isText(value, MAX_NAME_BYTES) && value !== "";
}

function isText(value: unknown, max: number): boolean {
  return typeof value === "string" && value.length <= max && !value.includes("\0") && value.isWellFormed();
}

function isList(value: unknown, max: number, item: (one: unknown) => boolean): boolean {
  return Array.isArray(value) && value.length <= max && value.every(item);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
