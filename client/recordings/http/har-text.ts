import { harmlessJson } from "../../../protocol/harmless-json.ts";
import type { Spooled } from "./spool.ts";

/** The bytes as the inside of a JSON string: as text, or in base64. */
export async function* stringOf(bytes: Spooled, asText: boolean): AsyncGenerator<string> {
  if (asText) {
    const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
    for await (const chunk of bytes.chunks()) yield inside(decoder.decode(chunk, { stream: true }));
    yield inside(decoder.decode());
    return;
  }
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of bytes.chunks()) {
    const all = Buffer.concat([rest, chunk]);
    const whole = all.length - (all.length % 3);
    yield all.toString("base64", 0, whole);
    rest = all.subarray(whole);
  }
  yield rest.toString("base64");
}

function inside(text: string): string {
  return harmlessJson(text).slice(1, -1);
}

/** An object's JSON without its last brace, so that more members can follow. */
export function openObject(value: object): string {
  return harmlessJson(value).slice(0, -1);
}
