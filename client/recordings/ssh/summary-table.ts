import type { Transferred } from "../../../protocol/ssh/events.ts";
import { print, printTable, styled } from "../../terminal.ts";
import { waitText } from "../approval-words.ts";
import { destination } from "../request-words.ts";
import { type Field, onOneLine, printFields } from "../session-fields.ts";
import type { FileSummary, SshSummary } from "./summary.ts";

const TEXT = 100;
const OUTCOME = 60;

/** Prints a session's facts, how it ended, and what was asked: commands, shells, files, forwards. */
export function printSshSummary(summary: SshSummary): void {
  const { connection, requests, blocked, held, commands, shells, files, forwards } = summary;
  const to = connection && `${connection.user}@${connection.host}:${connection.port}`;
  printFields(summary, [
    ...(connection ? [["connected", `${to}, host key ${connection.hostKey}`] satisfies Field] : []),
    ["requests", `${requests}, of which ${blocked} blocked and ${held} held for approval`],
  ]);
  const listed = commands.length + shells.length + files.length + forwards.length;
  if (requests > listed) print(`the latest ${listed} of ${requests} requests:`);
  section(
    "Commands",
    ["#", "TIME", "MS", "IN", "OUT", "OUTCOME", "COMMAND"],
    commands.map((row) => [...begin(row), ...bytes(row), outcome(row), onOneLine(row.command, TEXT)]),
  );
  section(
    "Shells",
    ["#", "TIME", "LASTED", "IN", "OUT", "OUTCOME", "WATCHED BY"],
    shells.map((row) => {
      const frozen = row.frozen === 0 ? "" : `, stood still for ${waitText(row.frozen)}`;
      const lasted = row.duration === null ? "-" : waitText(row.duration);
      const [number, time] = begin(row);
      return [number!, time!, lasted, ...bytes(row), outcome(row), (row.watchers.join(", ") || "-") + frozen];
    }),
  );
  section(
    "Files",
    ["#", "TIME", "OPERATION", "BYTES", "SHA-256", "OUTCOME", "PATH"],
    files.map((row) => {
      const { read, written, protocol, operation, path, other } = row;
      const moved = written ?? read;
      const [number, time] = begin(row);
      const paths = other === null ? path : `${path} ${other}`;
      const result = row.outcome === "" ? "-" : outcome(row);
      return [number!, time!, `${protocol} ${operation}`, size(row), hash(moved), result, paths];
    }),
  );
  section(
    "Forwards",
    ["#", "TIME", "MS", "IN", "OUT", "OUTCOME", "DIRECTION", "DESTINATION"],
    forwards.map((row) => [
      ...begin(row),
      ...bytes(row),
      outcome(row),
      row.direction,
      destination({ type: "forward", ...row }),
    ]),
  );
}

function section(title: string, heading: string[], rows: string[][]): void {
  if (rows.length === 0) return;
  print(styled("bold", title));
  printTable(heading, rows);
  print("");
}

function begin({
  number,
  time,
  duration,
}: {
  number: number;
  time: number;
  duration: number | null;
}): string[] {
  const at = new Date(time).toISOString().slice(11, 23);
  return [String(number), at, duration === null ? "-" : String(duration)];
}

function bytes({ bytesIn, bytesOut }: { bytesIn: number; bytesOut: number }): string[] {
  return [String(bytesIn), String(bytesOut)];
}

function outcome({ outcome }: { outcome: string }): string {
  return onOneLine(outcome || "no end", OUTCOME);
}

/** Of a file that was read and written, both. */
function size({ read, written }: FileSummary): string {
  if (read && written) return `${read.bytes} read, ${written.bytes} written`;
  return String((read ?? written)?.bytes ?? "-");
}

function hash(moved: Transferred | null): string {
  return moved?.sha256 ?? "-";
}
