import { basename } from "node:path";
import { carriesExchanges } from "../../../protocol/control.ts";
import { SallyportError } from "../../../protocol/errors.ts";
import type { RecordedEntry } from "../../../protocol/recording.ts";
import { intoFile, intoStream } from "../export.ts";
import { ofKind } from "../kind.ts";
import { writeHar } from "./har.ts";

export interface HarOptions {
  /** `-` for standard output. */
  output?: string;
  /** This program's. */
  version: string;
}

/**
 * Writes the exchanges of an HTTP or Kubernetes session as HAR, whole or not at all; answers what was written, in words.
 * `reference`: what the user called the recording. Throws `invalid_request` for another kind of target.
 */
export async function exportHar(
  reference: string,
  entries: AsyncIterable<RecordedEntry>,
  { output, version }: HarOptions,
): Promise<string> {
  const path = output ?? (reference === "-" ? "-" : `${basename(reference, ".sallyport")}.har`);
  const recording = await ofKind(entries);
  if (!carriesExchanges(recording.kind)) {
    throw new SallyportError(
      "invalid_request",
      `This session was with a target of the kind ${recording.kind}: it has no exchanges.`,
      "HAR is for HTTP and Kubernetes targets. Without --format the recording itself is exported.",
    );
  }
  const fill = (write: (text: string) => Promise<void>) => writeHar(recording.entries, version, write);
  const exchanges = await (path === "-" ? fill(intoStream(process.stdout)) : intoFile(path, fill));
  const what = exchanges === 1 ? "1 exchange" : `${exchanges} exchanges`;
  return `${path === "-" ? "standard output" : path}: HAR 1.2, ${what}`;
}
