import { SallyportError } from "../../protocol/errors.ts";
import { Cursor } from "../../protocol/postgres/cursor.ts";
import { parseStartup } from "../../protocol/postgres/frontend.ts";
import { BACKEND } from "../../protocol/postgres/message-types.ts";
import { MessageReader, STARTUP } from "../../protocol/postgres/reader.ts";
import { message, u32 } from "../../protocol/postgres/wire.ts";

/** Bytes that a client may send before it is known who it is. */
const MAX_BYTES = 64 * 1024;
/** AuthenticationCleartextPassword; the socket is the WebSocket's TLS. */
const ASK_PASSWORD = message(BACKEND.Authentication, u32(3));

/**
 * The start of a raw Postgres connection whose WebSocket could carry no token: the password is the token. The
 * edge itself takes it off, so that it is neither recorded nor seen by the connector; what goes on is the startup
 * message and all that follows the password.
 */
export class Doorway {
  readonly #reader = new MessageReader("frontend", { whole: "p", wholeLimit: MAX_BYTES });
  #startup: Uint8Array | undefined;
  #token: string | undefined;
  #after: Uint8Array[] = [];
  #size = 0;

  /** Takes bytes of the client. Answers what to send back, and the token once it is there. Throws `SallyportError`. */
  push(bytes: Uint8Array): { replies: Uint8Array[]; token: string | undefined } {
    const replies: Uint8Array[] = [];
    this.#size += bytes.length;
    if (this.#size > MAX_BYTES)
      throw new SallyportError("frame_too_large", "too many bytes before authentication");
    if (this.#token !== undefined) {
      this.#after.push(bytes);
      return { replies, token: undefined };
    }
    const reader = this.#reader;
    reader.push(bytes);
    while (this.#token === undefined && reader.next()) {
      if (reader.type === STARTUP) replies.push(this.#start(reader));
      else this.#password(reader);
    }
    return { replies, token: this.#token };
  }

  /** The session's first bytes: the startup message and what came after the password. */
  get session(): Uint8Array {
    return Buffer.concat([this.#startup!, ...this.#after]);
  }

  #start(reader: MessageReader): Uint8Array {
    const packet = parseStartup(reader.body()!);
    if (packet.kind === "cancel") {
      throw new SallyportError(
        "forbidden",
        "a cancel request that says not who asks",
        "Cancel through `sallyport connect`.",
      );
    }
    if (packet.kind !== "startup") return Buffer.from("N");
    this.#startup = reader.data.slice(reader.start, reader.end);
    return ASK_PASSWORD;
  }

  #password(reader: MessageReader): void {
    if (reader.type !== "p".charCodeAt(0) || !reader.first || !reader.last) {
      throw new SallyportError(
        "protocol_violation",
        "the password was expected",
        "Give a Sallyport token as the password.",
      );
    }
    const cursor = new Cursor(reader.body()!, "PasswordMessage");
    this.#token = cursor.end(cursor.cstring());
    this.#after.push(reader.data.slice(reader.end));
  }
}
