import { isUtf8 } from "node:buffer";
import type { Connection as AgentClient } from "ssh2";

/** What ssh2 does with each message after the key exchange; the version is pinned, and tests with real clients tell. */
interface Insides {
  _protocol: { _onPayload(payload: Buffer): unknown };
}

/** What ssh2 gets wrong of a channel request (RFC 4254 section 5.4): it is that which ssh2 emits at the moment. */
export interface RawRequest {
  /** The modes of a terminal as they go to the target: ssh2 reads them from their second byte on, so none. */
  modes: Buffer;
  /** Whether a command is UTF-8: ssh2 puts U+FFFD for what isn't, which would be another command. */
  isUtf8: boolean;
}

const CHANNEL_REQUEST = 98;
const TTY_OP_END = 0;
/** From here on the arguments of an opcode are unknown, RFC 4254 section 8. */
const FIRST_UNKNOWN = 160;
/** There are fewer opcodes; a list of modes that is longer is cut. */
const MOST_MODES = 159;
const NO_MODES = Buffer.of(TTY_OP_END);

/** Answers how to ask about the request that is emitted. To be called before the first key exchange is over. */
export function rawRequests(agent: AgentClient): () => RawRequest {
  const protocol = (agent as unknown as Insides)._protocol;
  const { _onPayload: onPayload } = protocol;
  let request: RawRequest = { modes: NO_MODES, isUtf8: true };
  protocol._onPayload = (payload) => {
    request = { modes: NO_MODES, isUtf8: true };
    if (payload[0] !== CHANNEL_REQUEST) return onPayload(payload);
    const [type, body] = string(payload, 5) ?? [];
    if (type?.equals(EXEC)) request.isUtf8 = isUtf8(string(payload, body! + 1)?.[0] ?? NO_MODES);
    if (!type?.equals(PTY)) return onPayload(payload);
    const [, size] = string(payload, body! + 1) ?? [];
    const found = size === undefined ? undefined : string(payload, size + 16);
    if (found === undefined) return onPayload(payload);
    const [encoded, end] = found;
    request.modes = knownModes(encoded);
    // ssh2 ends the connection over modes that it does not know, so it gets none.
    const before = payload.subarray(0, end - encoded.length - 4);
    return onPayload(Buffer.concat([before, Buffer.of(0, 0, 0, 1), NO_MODES]));
  };
  return () => request;
}

const EXEC = Buffer.from("exec");
const PTY = Buffer.from("pty-req");

/** A string (RFC 4251 section 5), and where it ends; undefined where it doesn't. */
function string(bytes: Buffer, at: number): [Buffer, number] | undefined {
  if (at + 4 > bytes.length) return undefined;
  const end = at + 4 + bytes.readUInt32BE(at);
  return end > bytes.length ? undefined : [bytes.subarray(at + 4, end), end];
}

/** Opcodes with their arguments, up to the end or to what can't be read. */
export function knownModes(encoded: Buffer): Buffer {
  let end = 0;
  for (let count = 0; count < MOST_MODES && end + 5 <= encoded.length; count++) {
    const opcode = encoded[end]!;
    if (opcode === TTY_OP_END || opcode >= FIRST_UNKNOWN) break;
    end += 5;
  }
  return Buffer.concat([encoded.subarray(0, end), NO_MODES]);
}
