import type { Destination, Outgoing, Sent } from "./destination.ts";

/**
 * Files of JSON lines in R2: `events/YYYY/MM/DD/SOURCE-SEQ-ITEM.ndjson.gz`, by the day and the place of the first event. A
 * batch that is sent again begins at the same event, so it replaces itself and nothing else.
 */
export class R2Destination implements Destination {
  readonly name = "r2";
  readonly isEdges = true;
  /** Each put costs as much as many events. */
  readonly lingerMs = 60_000;
  readonly maxEvents = 5_000;
  readonly maxBytes = 4 * 1024 * 1024;
  readonly mixes = false;
  readonly #bucket: Pick<R2Bucket, "put">;

  constructor(bucket: Pick<R2Bucket, "put">) {
    this.#bucket = bucket;
  }

  async send(batch: readonly Outgoing[]): Promise<Sent> {
    const lines = `${batch.map(({ json }) => json).join("\n")}\n`;
    try {
      await this.#bucket.put(nameOf(batch[0]!), await gzip(lines), {
        httpMetadata: { contentType: "application/gzip" },
      });
      return { outcome: "delivered" };
    } catch {
      // What the store says may quote names.
      return { outcome: "failed", detail: "the object could not be put" };
    }
  }
}

function nameOf({ event, source, position }: Outgoing): string {
  const day = new Date(event.time).toISOString().slice(0, 10).replaceAll("-", "/");
  const place = `${String(position.seq).padStart(10, "0")}-${position.item}`;
  return `events/${day}/${source}-${place}.ndjson.gz`;
}

async function gzip(text: string): Promise<ArrayBuffer> {
  const stream = new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Response(stream).arrayBuffer();
}
