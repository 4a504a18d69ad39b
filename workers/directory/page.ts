import type { Page } from "../../protocol/directory.ts";
import { SallyportError } from "../../protocol/errors.ts";

/** Which part of a listing is wanted. */
export interface PageRequest {
  /** 1 to `MAX_PAGE`. */
  limit: number;
  /** `next` of the page before, or null for the first page. */
  cursor: string | null;
}

export const DEFAULT_PAGE = 100;
export const MAX_PAGE = 500;

/** Makes a page of rows that were read with one more than the limit: that one tells whether there are others. */
export function page<T>(rows: T[], { limit }: PageRequest, cursor: (last: T) => string): Page<T> {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return { items, next: rows.length > limit && last !== undefined ? cursor(last) : null };
}

type Key = { number: number; string: string };

/** A cursor is the sort key of the last row, as base64url JSON: opaque to clients, checked when it comes back. */
export function encodeCursor(key: (string | number)[]): string {
  return Buffer.from(JSON.stringify(key)).toString("base64url");
}

/** Reads a cursor whose key has these types. Throws `invalid_request`. */
export function decodeCursor<const T extends (keyof Key)[]>(
  cursor: string,
  types: T,
): { [I in keyof T]: T[I] extends keyof Key ? Key[T[I]] : never } {
  let key: unknown;
  try {
    key = JSON.parse(Buffer.from(cursor, "base64url").toString());
  } catch {
    key = null;
  }
  if (
    !Array.isArray(key) ||
    key.length !== types.length ||
    !types.every((type, index) => typeof key[index] === type)
  ) {
    throw new SallyportError("invalid_request", "the cursor is not valid", "Give `next` of the page before.");
  }
  return key as { [I in keyof T]: T[I] extends keyof Key ? Key[T[I]] : never };
}
