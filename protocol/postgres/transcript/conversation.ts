import type { Column } from "../backend.ts";
import type { CopyCount } from "./copies.ts";
import type { Happening } from "./events.ts";
import { Pending, type Waiting } from "./pending.ts";
import { Names, type Portal, type Prepared } from "./prepared.ts";

/** What client and server have said so far, as far as it bears on what comes. Each side's messages change it. */
export class Conversation {
  readonly pending = new Pending();
  readonly statements = new Names<Prepared>();
  readonly portals = new Names<Portal>();
  /** Number of the last statement. */
  count = 0;
  /** The server ignores all up to the next Sync. */
  skipping = false;
  /** The server reads COPY data and ignores Sync. */
  copyingIn = false;
  /** The server has failed a COPY; the client's data up to its end goes nowhere. */
  discardingCopy = false;
  /** Data from the client that has not ended; it may come before the server has asked for it. */
  fromClient: CopyCount | null = null;
  fromServer: CopyCount | null = null;
  /** SSLRequest and GSSENCRequest whose answer of one byte is awaited. */
  encryptionAnswers = 0;
  /** The request whose answer has begun. */
  active: Waiting | null = null;
  /** The columns of the rows that come now. */
  columns: Column[] | null = null;
  /** Rows that the agent has seen of the current statement. */
  rows = 0;
  /** When the server had last answered a request, ms. */
  answered = 0;
  /** Most bytes of a value that are shown; null where rows are not told. */
  readonly valueLimit: number | null;
  /** The time of the current entry, ms. */
  now = 0;
  readonly #out: (happening: Happening) => void;

  constructor(valueLimit: number | null, out: (happening: Happening) => void) {
    this.valueLimit = valueLimit;
    this.#out = out;
  }

  tell(happening: Happening): void {
    this.#out(happening);
  }
}
