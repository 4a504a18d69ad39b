import type { ClientChannel, ServerChannel } from "ssh2";
import type { SallyportError } from "../../protocol/errors.ts";
import { type ScpCommand, scpCommand, scpLine } from "../../protocol/scp/command.ts";
import { plainWords } from "../../protocol/shell/plain-words.ts";
import { requestText } from "../../protocol/ssh/request.ts";
import type { HeldWords } from "../guard/approval-words.ts";
import { DETECTOR_NAMES, type Detectors } from "../mask/detectors/modes.ts";
import { Scanner } from "../mask/detectors/scanner.ts";
import type { AgentWriter } from "./agent-writer.ts";
import type { Connection } from "./connection.ts";
import type { FileGuard } from "./files/file-guard.ts";
import { ScpRelay } from "./files/scp.ts";
import { SftpRelay } from "./files/sftp.ts";
import { TargetNames } from "./files/target-names.ts";
import { EXIT_UNREACHED, said } from "./said.ts";
import type { SshTarget } from "./target/target.ts";

export interface FileChannelOptions {
  channel: number;
  agent: ServerChannel;
  /** For standard error; what goes to standard output is the files' own. */
  writer: AgentWriter;
  target: ClientChannel;
  connection: Connection;
  /** Whoever waits for people waits no more. */
  signal: AbortSignal;
  /** Everything is told; `status`: how the agent's process ends. */
  over(status: number): void;
}

/** A process on the target that sends or receives files as scp does. */
export interface Scp {
  command: ScpCommand;
  names: TargetNames;
  target: ClientChannel;
}

/** The scp that a command line is, and nothing else; null where it isn't. */
export function scpOf(line: string): ScpCommand | null {
  const words = line.startsWith("scp ") ? plainWords(line) : null;
  return words && scpCommand(words);
}

/**
 * Starts what the agent asked for, in words of our own: what is run is what the paths were judged as. Calls `carry` at
 * once: an scp that has nothing to do is over in the same turn of the event loop.
 */
export async function openScp(
  target: SshTarget,
  command: ScpCommand,
  carry: (scp: Scp) => void,
): Promise<void> {
  const names = await TargetNames.open(await openSubsystem(target));
  const line = scpLine(command, names.home);
  return new Promise((resolve, reject) => {
    target.client.exec(line, (error, channel) =>
      error ? reject(error) : resolve(carry({ command, names, target: channel })),
    );
  });
}

/** The target's `sftp` subsystem. */
export function openSubsystem({ client }: SshTarget): Promise<ClientChannel> {
  return new Promise((resolve, reject) => {
    // Without a server of ssh2's own on it, a subsystem is a channel, whatever the types say.
    client.subsys("sftp", (error, channel) =>
      error ? reject(error) : resolve(channel as unknown as ClientChannel),
    );
  });
}

/** Carries SFTP: what it does with files is judged and recorded, their contents are hashed. */
export function carrySftp(options: FileChannelOptions): void {
  const { agent, target, connection } = options;
  passErrors(options);
  new SftpRelay({
    agent,
    target,
    guard: fileGuard(options),
    turns: connection.turns,
    look: look(connection),
    over: (error) => isOver(options, error, 0),
  }).start();
  agent.resume();
}

/** Carries scp, likewise. */
export function carryScp(options: FileChannelOptions, { command, names }: Scp): void {
  const { agent, target, connection } = options;
  let status = EXIT_UNREACHED;
  passErrors(options);
  target.on("exit", (code: number | null) => {
    status = code ?? EXIT_UNREACHED;
  });
  let isClosed = false;
  target.once("close", () => {
    isClosed = true;
  });
  new ScpRelay({
    command,
    agent,
    target,
    names,
    guard: fileGuard(options),
    turns: connection.turns,
    look: look(connection),
    over(error) {
      names.end();
      if (error !== null || isClosed) {
        isOver(options, error, status);
        return;
      }
      // Its status may come after its last byte; and a channel whose bytes nobody reads is never closed.
      target.once("close", () => isOver(options, null, status));
      target.resume();
    },
  }).start();
  agent.resume();
}

function isOver(
  { connection, target, over }: FileChannelOptions,
  error: SallyportError | null,
  status: number,
) {
  target.close();
  if (error !== null) connection.fail(error);
  else over(status);
}

/** Words of one channel that are told on its standard error. */
const MOST_TOLD = 50;

function passErrors({ target, writer }: FileChannelOptions): void {
  target.stderr.on("data", (chunk: Buffer) => {
    writer.error(chunk);
    if (!writer.isFull) return;
    target.stderr.pause();
    writer.room(() => target.stderr.resume());
  });
}

function fileGuard({ channel, writer, connection, signal }: FileChannelOptions): FileGuard {
  const { recorder, guard } = connection;
  let told = 0;
  // sftp(1) shows nothing of a status but that permission is denied.
  const tell = (words: HeldWords) => {
    told += 1;
    if (told <= MOST_TOLD) writer.error(said(words, false));
  };
  return {
    async judge(request) {
      const answer = await guard.ask(request, { channel, tell, signal });
      if (answer.allowed) return null;
      tell({ ...answer.words, message: `${requestText(request)}: ${answer.words.message}` });
      return answer.words.message;
    },
    closed: (path, read, written) => recorder.logged({ event: "file_closed", channel, path, read, written }),
    failed: (path, reason) => recorder.event({ event: "file_failed", channel, path, reason }),
  };
}

/** Detectors only count what they find in files: a copy that is not what it is a copy of would be of no use. */
function look(connection: Connection): (data: Uint8Array) => void {
  const modes = connection.detectors();
  const counting = Object.fromEntries(
    DETECTOR_NAMES.map((name) => [name, modes[name] === "off" ? "off" : "report"]),
  ) as Detectors;
  const scanner = new Scanner(counting);
  return (data) => {
    connection.usage.result(0, data.length);
    scanner.scan(data, 0, data.length, 0);
    connection.findings.add(scanner.take());
  };
}
