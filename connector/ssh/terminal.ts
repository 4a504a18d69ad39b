import type { PseudoTtyInfo, PseudoTtyOptions } from "ssh2";

/** What the agent asks of a terminal (RFC 4254 section 6.2), within bounds. */
export interface Terminal {
  /** The value of TERM. */
  term: string;
  columns: number;
  rows: number;
  /** Pixels. */
  width: number;
  height: number;
  /** Encoded (RFC 4254 section 8). */
  modes: Buffer;
}

const MOST_CELLS = 10_000;
const MOST_PIXELS = 1_000_000;
const TERM = /^[\x21-\x7e]{0,64}$/;

/** Null for a request that is out of bounds. */
export function readTerminal(info: PseudoTtyInfo & { term?: string }, modes: Buffer): Terminal | null {
  const size = windowOf(info);
  const { term = "" } = info;
  return size === null || !TERM.test(term) ? null : { ...size, term, modes };
}

/** As ssh2 asks the target for it; it takes encoded modes, whatever its types say. */
export function pseudoTty({ columns, modes, ...rest }: Terminal): PseudoTtyOptions {
  return { ...rest, cols: columns, modes: modes as never };
}

/** The size of a terminal's window (RFC 4254 section 6.7); null where it is out of bounds. */
export function windowOf(info: { rows: number; cols: number; height: number; width: number }) {
  const { rows, cols: columns, height, width } = info;
  const isSound =
    rows <= MOST_CELLS && columns <= MOST_CELLS && height <= MOST_PIXELS && width <= MOST_PIXELS;
  return isSound ? { rows, columns, height, width } : null;
}
