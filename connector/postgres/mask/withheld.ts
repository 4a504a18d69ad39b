import { type ErrorFields, errorFields, parseErrorFields } from "../../../protocol/postgres/backend.ts";
import type { MessageReader } from "../../../protocol/postgres/reader.ts";

const HEADER = 5;
/** The class alone, where a target gives no other. */
const INTERNAL = "XX000";

/**
 * The fields of an ErrorResponse or NoticeResponse as far as its first piece has them. PostgreSQL begins with the severity
 * and the SQLSTATE; those of a message too long to be read whole are missing where even they were cut off.
 */
export function errorStart({ data, start, end }: MessageReader): ErrorFields {
  const body = Buffer.from(data.buffer, data.byteOffset + start + HEADER, end - start - HEADER);
  const fields: ErrorFields = new Map();
  for (let at = 0; at < body.length && body[at] !== 0; ) {
    const zero = body.indexOf(0, at);
    if (zero < 0) break;
    fields.set(String.fromCharCode(body[at]!), body.toString("utf8", at + 1, zero));
    at = zero + 1;
  }
  return fields;
}

/**
 * What is told of an error or a notice in which values of labelled columns may stand: its severity and SQLSTATE. Its
 * message, detail and context quote rows; names of constraints and data types can be made of values.
 */
export function withheld(
  name: "ErrorResponse" | "NoticeResponse",
  said: ErrorFields,
  labels: readonly string[],
): Buffer {
  const severity = said.get("V") ?? said.get("S") ?? "ERROR";
  const state = said.get("C") ?? INTERNAL;
  const what = name === "ErrorResponse" ? "the statement failed; what PostgreSQL said" : "a notice";
  return errorFields(name, [
    ["S", said.get("S") ?? severity],
    ["V", severity],
    ["C", /^[0-9A-Z]{5}$/.test(state) ? state : INTERNAL],
    ["M", `${what} is withheld, for columns labelled ${labels.join(", ")} take part in it`],
    ["H", "The SQLSTATE tells the kind; leave the labelled columns out to be told more."],
  ]);
}

/** Positions and texts of statements, of which the target has another than the agent sent. */
const OF_THE_TEXT = new Set(["P", "p", "q", "W"]);

/** An error about a statement's text, without what refers to the text itself. `body`: of the ErrorResponse. */
export function withoutText(body: Uint8Array): Buffer {
  const fields = parseErrorFields(body, "ErrorResponse");
  return errorFields(
    "ErrorResponse",
    [...fields].filter(([letter]) => !OF_THE_TEXT.has(letter)),
  );
}
