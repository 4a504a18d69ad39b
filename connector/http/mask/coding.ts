import { type Readable, Transform } from "node:stream";
import {
  constants,
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createInflateRaw,
  createZstdDecompress,
} from "node:zlib";
import { SallyportError } from "../../../protocol/errors.ts";

/** Content codings on top of each other. */
const MAX_CODINGS = 3;
/** Bytes that a body may become whatever it was, and beyond these how many times as many. */
const FREE = 16 * 1024 * 1024;
const RATIO = 1_100;

/** RFC 9659 section 3: the window of this coding has at most 8 MiB, which is what one body may cost in memory. */
const ZSTD_WINDOW_LOG = 23;

/** Each by the first byte of what is coded. */
const CODINGS = new Map<string, (first: number) => Transform>([
  ["gzip", () => createGunzip()],
  ["x-gzip", () => createGunzip()],
  // With zlib's header as RFC 1950 has it, or without, as some servers send it.
  ["deflate", (first) => ((first & 0x0f) === 8 ? createInflate() : createInflateRaw())],
  ["br", () => createBrotliDecompress()],
  ["zstd", () => createZstdDecompress({ params: { [constants.ZSTD_d_windowLogMax]: ZSTD_WINDOW_LOG } })],
]);

/** The codings of these values of Content-Encoding, in the order of their application; null for one that isn't known. */
export function codingsOf(values: readonly string[]): string[] | null {
  const names = values
    .flatMap((value) => value.split(","))
    .map((one) => one.trim().toLowerCase())
    .filter((one) => one !== "" && one !== "identity");
  return names.length <= MAX_CODINGS && names.every((one) => CODINGS.has(one)) ? names : null;
}

/**
 * A body without its content codings (RFC 9110 section 8.4.1), as much at a time as is taken. It fails with
 * `protocol_violation` where it is not coded so, or ends too early, with `limit_exceeded` where it expands beyond
 * what any content does. `body` is destroyed with it.
 */
export function decoded(body: Readable, codings: readonly string[]): Readable {
  let came = 0;
  let stream = body;
  for (const [index, coding] of codings.toReversed().entries()) {
    if (index === 0)
      stream = joined(
        stream,
        counted((bytes) => {
          came += bytes;
        }),
        asItIs,
      );
    stream = joined(stream, decoder(CODINGS.get(coding)!), asItIs);
    let went = 0;
    const bound = counted((bytes) => {
      went += bytes;
      if (went > FREE && went > came * RATIO) throw bomb(coding);
    });
    stream = joined(stream, bound, typed);
  }
  if (stream !== body) stream.on("close", () => body.destroy());
  return stream;
}

function counted(count: (bytes: number) => void): Transform {
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      try {
        count(chunk.length);
        done(null, chunk);
      } catch (error) {
        done(error as Error);
      }
    },
  });
}

/** `pipe`, with errors that go on. */
function joined(from: Readable, to: Transform, as: (error: Error) => Error): Readable {
  from.on("error", (error) => to.destroy(as(error)));
  from.on("close", () => {
    if (!from.readableEnded && !to.destroyed) to.destroy(new Error("closed before its end"));
  });
  to.on("close", () => from.destroy());
  return from.pipe(to);
}

const asItIs = (error: Error): Error => error;

/** Of what a decoder says of its input; what came to it with an error of its own keeps that. */
function typed(error: Error): Error {
  const { code } = error as NodeJS.ErrnoException;
  if (error instanceof SallyportError || code === undefined || code.startsWith("ECONN")) return error;
  return new SallyportError(
    "protocol_violation",
    "the target's body is not compressed as its Content-Encoding says, or ends too early",
    "Ask again, or for an uncompressed body: Accept-Encoding: identity.",
  );
}

function bomb(coding: string): SallyportError {
  return new SallyportError(
    "limit_exceeded",
    `the target's ${coding} body expands to more than ${RATIO} times its size`,
    "It is broken off, since no content does. Ask for an uncompressed body: Accept-Encoding: identity.",
  );
}

/** A decoder that begins with the first byte: of nothing it makes nothing. */
function decoder(begin: (first: number) => Transform): Transform {
  let inner: Transform | null = null;
  const outer: Transform = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      inner ??= opened(chunk[0]!);
      inner.write(chunk, () => done());
    },
    flush(done) {
      if (inner === null) {
        done();
        return;
      }
      inner.on("end", () => done());
      inner.end();
    },
    destroy(error, done) {
      inner?.destroy();
      done(error);
    },
  });
  const opened = (first: number): Transform => {
    const chosen = begin(first);
    chosen.on("data", (data: Buffer) => {
      if (!outer.push(data)) chosen.pause();
    });
    chosen.on("error", (error) => outer.destroy(error));
    return chosen;
  };
  const read = outer._read.bind(outer);
  outer._read = (size) => {
    inner?.resume();
    read(size);
  };
  return outer;
}
