import { spawn } from "node:child_process";
import { appendFileSync } from "node:fs";
import { Duplex } from "node:stream";
import type { SallyportError } from "../../../protocol/errors.ts";
import { scpCommand, scpLine } from "../../../protocol/scp/command.ts";
import { ScpRelay } from "./scp.ts";
import { SftpRelay } from "./sftp.ts";
import { TargetNames } from "./target-names.ts";
import { NotingGuard } from "./testing-guard.ts";
import { Turns } from "./turns.ts";

/**
 * For tests, in the place of ssh (`sftp -S`, `scp -S`): a relay between its standard streams and a server or a command
 * that it starts. `RELAY_LOG` is where to write what the guard was told, `RELAY_FORBIDDEN` folders that are refused,
 * with colons between.
 */
const { RELAY_LOG: log, RELAY_FORBIDDEN: forbidden } = process.env;
const guard = new NotingGuard(forbidden?.split(":") ?? [], false, (noted) =>
  appendFileSync(log!, `${JSON.stringify(noted)}\n`),
);
const agent = Duplex.from({ readable: process.stdin, writable: process.stdout });
const turns = new Turns();

function started(line: string): Duplex {
  const child = spawn(line, { shell: true, stdio: ["pipe", "pipe", "inherit"] });
  child.on("exit", (code) => {
    process.exitCode = code ?? 255;
  });
  child.stdin.on("error", () => {});
  return Duplex.from({ readable: child.stdout, writable: child.stdin });
}

function over(error: SallyportError | null): void {
  if (error !== null) process.stderr.write(`${error.message}\n`);
  if (error !== null) process.exit(1);
  process.stdin.destroy();
}

const server = () => started("exec /usr/lib/openssh/sftp-server");
const line = process.argv.at(-1)!;
if (line === "sftp") {
  new SftpRelay({ agent, target: server(), guard, turns, over }).start();
} else {
  const command = scpCommand(line.split(" "))!;
  const names = await TargetNames.open(server());
  const target = started(scpLine(command, names.home));
  const ended = (error: SallyportError | null) => {
    names.end();
    over(error);
  };
  new ScpRelay({ command, agent, target, names, guard, turns, over: ended }).start();
}
