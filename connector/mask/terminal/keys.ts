/** What somebody types: characters, the Enter key, or other keys as they are sent. */
export interface Keys {
  kind: "characters" | "enter" | "other";
  bytes: Uint8Array;
}

const ESC = 0x1b;
const SPACE = 0x20;
const DEL = 0x7f;
const LF = 0x0a;
const CR = 0x0d;
/** Bytes of a key's sequence; what is longer is none. */
const LONGEST = 32;

type State = "ground" | "escape" | "csi" | "ss3";

/** Tells characters from keys (ECMA-48, as terminals send them), however they are cut. */
export class KeyReader {
  #state: State = "ground";
  #length = 0;

  /** Every byte is in one of the answer's. */
  read(chunk: Uint8Array): Keys[] {
    const keys: Keys[] = [];
    let from = 0;
    let kind: Keys["kind"] | null = null;
    for (let at = 0; at <= chunk.length; at += 1) {
      const next = at === chunk.length ? null : this.#kindOf(chunk[at]!);
      if (kind !== null && (next !== kind || kind === "enter")) {
        keys.push({ kind, bytes: chunk.slice(from, at) });
        from = at;
      }
      kind = next;
    }
    return keys;
  }

  #kindOf(byte: number): Keys["kind"] {
    if (this.#state !== "ground") {
      this.#length += 1;
      if (byte < SPACE || this.#length > LONGEST) this.#state = "ground";
      else {
        this.#sequence(byte);
        return "other";
      }
    }
    if (byte === CR || byte === LF) return "enter";
    if (byte >= SPACE && byte !== DEL) return "characters";
    if (byte === ESC) {
      this.#state = "escape";
      this.#length = 0;
    }
    return "other";
  }

  #sequence(byte: number): void {
    if (this.#state === "escape" && byte === 0x5b) this.#state = "csi";
    else if (this.#state === "escape" && byte === 0x4f) this.#state = "ss3";
    else if (this.#state !== "csi" || byte >= 0x40) this.#state = "ground";
  }
}
