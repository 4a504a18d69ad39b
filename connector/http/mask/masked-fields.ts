import type { Fields } from "../../../protocol/http/head.ts";
import { Hint } from "../../mask/detectors/found.ts";
import type { Scanner } from "../../mask/detectors/scanner.ts";

/** What is said of the target's own bytes, which the agent doesn't get: lengths, digests, ranges, validators. */
const OF_BYTES = new Set([
  ...["content-length", "content-encoding", "content-md5", "digest", "content-digest", "repr-digest"],
  ...["accept-ranges", "content-range", "etag", "signature", "signature-input", "x-content-digest"],
  ...[
    "x-goog-hash",
    "x-amz-checksum-sha256",
    "x-amz-checksum-sha1",
    "x-amz-checksum-crc32",
    "x-amz-meta-md5",
  ],
  ...["x-amz-checksum-crc32c", "x-amz-checksum-crc64nvme", "x-ms-content-crc64"],
]);
/** Values that say how the message is read, in which nothing is looked for. */
const STRUCTURE =
  /^(?:content-type|content-length|content-encoding|transfer-encoding|date|vary|trailer|age)$/;
/** What a request may ask of the target's own bytes: of a part of them, or of whether they are the same. */
const ABOUT_BYTES = new Set(["range", "if-range"]);

/**
 * A response's fields as the agent gets them. `isChanged`: the body is masked, so what is said of the target's own
 * bytes is left out; an ETag too, by which guesses at masked values could be confirmed. `scanner`: null where no detector
 * is on.
 */
export function maskedFields(fields: Fields, isChanged: boolean, scanner: Scanner | null): Fields {
  return fields.flatMap(([name, value]) => {
    if (isChanged && OF_BYTES.has(name)) return [];
    if (scanner === null || STRUCTURE.test(name)) return [[name, value] as const];
    const text = Buffer.from(`${name}: ${value}`, "latin1");
    scanner.scan(text, 0, text.length, Hint.none);
    return [[name, text.toString("latin1", name.length + 2)] as const];
  });
}

/** A request's fields without those that ask for a part of a body, where the whole must be looked at. */
export function wholeFields(fields: Fields): Fields {
  return fields.filter(([name]) => !ABOUT_BYTES.has(name));
}
