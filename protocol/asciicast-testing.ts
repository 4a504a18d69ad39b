import assert from "node:assert/strict";

/** A file as its specification has it, times in ms since its beginning. */
export interface Cast {
  version: 2 | 3;
  columns: number;
  rows: number;
  term: string | null;
  timestamp: number;
  command: string | null;
  title: string | null;
  events: [time: number, code: string, data: string][];
}

const CODES = { 2: ["o", "i", "m", "r"], 3: ["o", "i", "m", "r", "x"] } as const;
const HEADERS = {
  2: ["version", "width", "height", "timestamp", "command", "title", "env"],
  3: ["version", "term", "timestamp", "command", "title"],
} as const;

/** Reads an asciicast as strictly as its specification allows; fails for anything else. */
export function readCast(text: string): Cast {
  assert.ok(text.endsWith("\n"), "each line ends with a line feed");
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
  assert.doesNotMatch(text, /[\x00-\x09\x0b-\x1f\x7f-\x9f]/, "no control character stands as it is");
  const [first = "", ...lines] = text.slice(0, -1).split("\n");
  const header = JSON.parse(first) as Record<string, unknown>;
  const { version } = header;
  assert.ok(version === 2 || version === 3);
  for (const member of Object.keys(header)) {
    assert.ok((HEADERS[version] as readonly string[]).includes(member), `member ${member}`);
  }
  const term = (version === 3 ? header.term : { cols: header.width, rows: header.height }) as {
    cols: number;
    rows: number;
    type?: string;
  };
  for (const size of [term.cols, term.rows]) assertSize(size);
  const env = (header.env ?? {}) as Record<string, string>;
  for (const value of Object.values(env)) assert.equal(typeof value, "string");
  assert.ok(Number.isSafeInteger(header.timestamp));
  let before = 0;
  const events = lines.map((line): Cast["events"][number] => {
    const event = JSON.parse(line) as unknown[];
    assert.ok(Array.isArray(event) && event.length === 3, line);
    const [time, code, data] = event as [number, string, string];
    assert.ok(typeof time === "number" && time >= 0, line);
    assert.ok((CODES[version] as readonly string[]).includes(code), line);
    assert.ok(typeof data === "string" && data.isWellFormed(), line);
    if (code === "r") for (const size of sizeOf(data)) assertSize(size);
    if (code === "x") assert.match(data, /^\d{1,10}$/);
    const ms = Math.round(time * 1000) + (version === 3 ? before : 0);
    assert.ok(ms >= before, "time goes on");
    before = ms;
    return [ms, code, data];
  });
  return {
    version,
    columns: term.cols,
    rows: term.rows,
    term: (version === 3 ? term.type : env.TERM) ?? null,
    timestamp: header.timestamp as number,
    command: (header.command as string | undefined) ?? null,
    title: (header.title as string | undefined) ?? null,
    events,
  };
}

function sizeOf(data: string): number[] {
  const match = /^(\d{1,5})x(\d{1,5})$/.exec(data);
  assert.ok(match, data);
  return match.slice(1).map(Number);
}

function assertSize(size: unknown): void {
  assert.ok(Number.isInteger(size) && (size as number) >= 1 && (size as number) <= 65_535, String(size));
}
