import type { Scanner } from "../../mask/detectors/scanner.ts";
import type { ObjectRules } from "./json-object.ts";
import type { Place } from "./json-place.ts";

export interface JsonRules {
  root: Place;
  /** Null where nothing depends on what objects say of themselves. */
  objects: ObjectRules | null;
  /** Absent where documents in texts are no documents. */
  unread?: Unread;
}

/** What hides a text that is, or may be, a document which is not looked through: too long, or within too many others. */
export interface Unread {
  /** JSON. */
  text: string;
  label: string;
}

export interface JsonMaskOptions {
  rules: JsonRules;
  /** Null where no detector is on. */
  scanner: Scanner | null;
  /** A value of this label was masked. */
  count(label: string): void;
  /** How deep documents in strings are masked as documents themselves; 0: strings are only texts. */
  nested: number;
}
