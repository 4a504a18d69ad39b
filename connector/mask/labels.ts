/** How a labelled value is shown to those who may not see it. NULL stays NULL. */
export type Mask =
  /** NULL in place of every value. */
  | { kind: "null" }
  /** The same value for all; of the column's type, or, for text, cut to its length. */
  | { kind: "constant"; value: string }
  /** Parts of a text: `e-mail` j***@***.com, `phone` and `card` the last four digits, `last4`, `text` the first character. */
  | { kind: "partial"; as: "email" | "phone" | "card" | "last4" | "text" }
  /** Equal for equal values, so that joins and GROUP BY work; keyed anew for each session, or by the target's key. */
  | { kind: "hash"; scope: "session" | "target" }
  /** A number is cut down to a multiple of `step`; a date to the beginning of its unit. */
  | { kind: "range"; step: number }
  | { kind: "range"; unit: "month" | "year" | "decade" };

/** A label and what it asks for. */
export interface Label {
  /** `pii.email`. */
  name: string;
  mask: Mask;
  /** Exact values of it may be asked for, so often a minute for a principal; null: its values can't be asked for. */
  lookup: { perMinute: number } | null;
}

/** One line of a target's `labels`. The first whose pattern fits a column counts. */
export interface LabelRule {
  /** Each may have `*` for any run of characters. Names are as the catalog has them. */
  schema: string;
  relation: string;
  column: string;
  /** The value inside a JSON document that is labelled: its keys from the outside; null for the whole column. */
  path: readonly string[] | null;
  /** Null: `none`, the column is declared to hold nothing labelled, whatever it is made of. */
  label: Label | null;
}

/** A target's labels. */
export interface Labels {
  rules: readonly LabelRule[];
  /** By name. */
  labels: ReadonlyMap<string, Label>;
}

/** What the settings say of one column. */
export type ColumnLabel =
  /** Nothing fits it: what it is made of decides. */
  | { kind: "unlabelled" }
  | { kind: "none" }
  | { kind: "whole"; label: Label }
  /** Of JSON documents, with every path that is labelled. */
  | { kind: "paths"; paths: readonly { path: readonly string[]; label: Label }[] };
