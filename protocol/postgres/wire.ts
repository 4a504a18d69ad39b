import type { MessageRule } from "./message-types.ts";

/** The pieces that messages are built of; numbers are big endian. */

export function u16(number: number): Buffer {
  const bytes = Buffer.allocUnsafe(2);
  bytes.writeUInt16BE(number);
  return bytes;
}

export function u32(number: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32BE(number);
  return bytes;
}

export function i32(number: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeInt32BE(number);
  return bytes;
}

/** UTF-8 with a zero byte at its end; the text is cut at a zero byte of its own, which the protocol can't carry. */
export function cstring(text: string): Buffer {
  const zero = text.indexOf("\0");
  return Buffer.from(`${zero < 0 ? text : text.slice(0, zero)}\0`);
}

/** A message: type byte, length word, body. */
export function message(rule: MessageRule, ...parts: Uint8Array[]): Buffer {
  return Buffer.concat([Uint8Array.of(rule.type), untyped(...parts)]);
}

/** A message of the startup phase: length word, body. */
export function untyped(...parts: Uint8Array[]): Buffer {
  const length = parts.reduce((sum, part) => sum + part.length, 4);
  return Buffer.concat([u32(length), ...parts]);
}
