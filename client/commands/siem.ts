import type { Command } from "commander";
import type { SiemDestination, SiemStatus } from "../../protocol/siem.ts";
import { edgeOf, withExamples } from "../command-line.ts";
import { note, print, printable, printJson, printTable, timeText } from "../terminal.ts";
import { durationText } from "../units.ts";

export function addSiemCommands(program: Command): void {
  const siem = program.command("siem").description("events for a SIEM: how their delivery stands");
  const status = siem
    .command("status")
    .description("show destinations, what waits, the last error, and events that were refused")
    .option("--json", "print one JSON object")
    .action(async ({ json }: { json?: boolean }, command: Command) => {
      const status = await edgeOf(command).get<SiemStatus>("/v1/siem");
      if (json) printJson(status);
      else show(status);
    });
  withExamples(status, [
    ["sallyport siem status", ""],
    ["sallyport siem status --json | jq '.destinations[].lagMs'", "how long the oldest has waited, ms"],
  ]);
}

function show({ destinations, quarantined }: SiemStatus): void {
  if (destinations.length === 0) {
    note("No SIEM is set: the edge needs SIEM_URL, or SIEM_R2=on.");
    return;
  }
  const columns: Record<string, (one: SiemDestination) => string> = {
    DESTINATION: ({ name, place }) => `${name} ${place}`,
    FORMAT: ({ format }) => format,
    STATE: ({ state }) => state,
    WAITING: ({ waiting, lagMs }) => (waiting === 0 ? "-" : `${waiting}, ${durationText(lagMs)}`),
    DELIVERED: ({ delivered }) => String(delivered),
    LAST: ({ lastDelivered }) => timeText(lastDelivered),
    REFUSED: ({ quarantined }) => String(quarantined),
  };
  printTable(
    Object.keys(columns),
    destinations.map((one) => Object.values(columns).map((cell) => cell(one))),
  );
  for (const { name, error, errorTime } of destinations) {
    if (error === null) continue;
    print(`${name}: ${printable(error)}${errorTime === null ? "" : `, at ${timeText(errorTime)}`}`);
  }
  for (const { destination, uid, time, detail } of quarantined) {
    print(`refused by ${destination}, ${timeText(time)}: ${printable(uid)}: ${printable(detail)}`);
  }
}
