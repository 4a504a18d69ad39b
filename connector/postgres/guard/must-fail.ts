import { randomBytes } from "node:crypto";
import * as frontend from "../../../protocol/postgres/frontend.ts";
import type { MessageReader } from "../../../protocol/postgres/reader.ts";
import type { Request } from "../conversation.ts";

/** No statement and no portal has this name: nobody outside this process knows it. */
const NOWHERE = `sallyport_${randomBytes(16).toString("hex")}`;
/** What no grammar takes. */
const NO_SQL = "sallyport: refused";
const UNNAMED = { parameterFormats: [], parameters: [], resultFormats: [] };

/**
 * A message that goes in the place of one that was refused, and that the target must refuse as well. So the
 * transaction aborts, a pipeline skips to its Sync, and ReadyForQuery tells the truth, all by the target's own state.
 */
export function mustFail(request: Request, refused: MessageReader): Buffer {
  switch (request) {
    case "parse":
      // A Parse that fails destroys the unnamed statement, if that is what it names, and no other.
      return frontend.parse({
        statement: namesNothing(refused) ? "" : NOWHERE,
        sql: NO_SQL,
        parameterTypes: [],
      });
    case "bind":
      return frontend.bind({ portal: NOWHERE, statement: NOWHERE, ...UNNAMED });
    case "call":
      return frontend.functionCall({ function: 0, argumentFormats: [], arguments: [], resultFormat: 0 });
    case "query":
      return frontend.query(NO_SQL);
    default:
      return frontend.execute({ portal: NOWHERE, maxRows: 0 });
  }
}

function namesNothing(parse: MessageReader): boolean {
  return parse.data[parse.end - parse.length] === 0;
}
