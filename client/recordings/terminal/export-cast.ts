import { basename } from "node:path";
import type { AsciicastVersion } from "../../../protocol/asciicast.ts";
import type { Entry } from "../../../protocol/entry.ts";
import { SallyportError } from "../../../protocol/errors.ts";
import { counted } from "../../../protocol/evidence/words.ts";
import type { RecordedEntry } from "../../../protocol/recording.ts";
import { intoFile, intoStream } from "../export.ts";
import { HttpCastEvents } from "../http/cast-events.ts";
import { ofKind } from "../kind.ts";
import { SshCastEvents } from "../ssh/cast-events.ts";
import { type CastEvent, CastExport } from "./cast.ts";

export interface CastOptions {
  version: AsciicastVersion;
  /** Of an SSH session, else of its exchanges; the first with a terminal, unless it is told. */
  channel?: number;
  exchange?: number;
  /** `-` for standard output. */
  output?: string;
}

/**
 * Writes one channel of an SSH session, or one exec or attach of a Kubernetes session, for asciinema, whole or not at
 * all; answers what was written, in words. `reference`: what the user called the recording. Throws `invalid_request` for
 * another kind of target, `not_found` when there is nothing to play.
 */
export async function exportCast(
  reference: string,
  entries: AsyncIterable<RecordedEntry>,
  { version, channel, exchange, output }: CastOptions,
): Promise<string> {
  const path = output ?? (reference === "-" ? "-" : `${basename(reference, ".sallyport")}.cast`);
  const recording = await ofKind(entries);
  if (recording.kind === "postgres") {
    throw new SallyportError(
      "invalid_request",
      "This session was with a database: it has no terminal to play.",
      "Without --format the recording itself is exported.",
    );
  }
  const isSsh = recording.kind === "ssh";
  const fill = async (write: (text: string) => Promise<void>) => {
    const events: { push(entry: Entry): CastEvent[] } = isSsh ? new SshCastEvents() : new HttpCastEvents();
    const cast = new CastExport(
      version,
      (isSsh ? channel : exchange) ?? null,
      isSsh ? "channel" : "exchange",
    );
    let lines = 0;
    for await (const entry of recording.entries) {
      const text = cast.push(events.push(entry));
      if (text === "") continue;
      await write(text);
      lines += text.split("\n").length - 1;
    }
    cast.end();
    return lines;
  };
  const lines = await (path === "-" ? fill(intoStream(process.stdout)) : intoFile(path, fill));
  return `${path === "-" ? "standard output" : path}: asciicast ${version}, ${counted(lines - 1, "event")}`;
}
