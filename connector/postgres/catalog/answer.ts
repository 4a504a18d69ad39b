import { SallyportError } from "../../../protocol/errors.ts";
import {
  parseDataRow,
  parseErrorFields,
  parseReadyForQuery,
  type TransactionStatus,
} from "../../../protocol/postgres/backend.ts";
import { messageName } from "../../../protocol/postgres/message-types.ts";
import type { MessageReader } from "../../../protocol/postgres/reader.ts";
import { MAX_ANSWER, TargetSqlError } from "./source.ts";

/** What may come beside the rows of a simple Query, and is of no interest here. */
const BESIDE = new Set([
  "RowDescription",
  "CommandComplete",
  "EmptyQueryResponse",
  "NoticeResponse",
  "ParameterStatus",
  "NotificationResponse",
]);

/** The answer to one simple Query, gathered from a target's messages. */
export class Answer {
  readonly rows: (string | null)[][] = [];
  /** The target's error, when it gave one. */
  error: TargetSqlError | null = null;
  /** The state after it; null until it is over. */
  status: TransactionStatus | null = null;
  #bytes = 0;
  #pieces: Buffer[] = [];

  /**
   * Takes what the reader has, to its end or the answer's. True when the answer is over. Throws `limit_exceeded` for
   * more than MAX_ANSWER, `protocol_violation` for what has no place in an answer; then the connection is of no use.
   */
  take(reader: MessageReader): boolean {
    while (reader.next()) {
      this.#bytes += reader.end - reader.start;
      if (this.#bytes > MAX_ANSWER || (reader.first && reader.length > MAX_ANSWER)) {
        throw new SallyportError("limit_exceeded", "the target's catalog gave more than can be read");
      }
      this.#piece(reader);
    }
    return this.status !== null;
  }

  #piece(reader: MessageReader): void {
    const whole = reader.body();
    if (whole !== null) {
      this.#message(reader.type, whole);
      return;
    }
    // The reader's bytes go when it moves on.
    this.#pieces.push(Buffer.from(reader.bytes()));
    if (!reader.last) return;
    const message = Buffer.concat(this.#pieces);
    this.#pieces = [];
    this.#message(reader.type, message.subarray(message.length - reader.length));
  }

  #message(type: number, body: Uint8Array): void {
    const name = messageName("backend", type);
    if (name !== undefined && BESIDE.has(name)) return;
    if (this.status !== null) {
      throw new SallyportError(
        "protocol_violation",
        `${name} came behind the answer to a query of the connector's`,
      );
    }
    if (name === "DataRow") {
      this.rows.push(parseDataRow(body).map((value) => value?.toString() ?? null));
    } else if (name === "ErrorResponse") {
      this.error = new TargetSqlError(parseErrorFields(body, name).get("C") ?? "");
    } else if (name === "ReadyForQuery") {
      this.status = parseReadyForQuery(body).status;
    } else {
      throw new SallyportError("protocol_violation", `${name} came in answer to a query of the connector's`);
    }
  }
}
