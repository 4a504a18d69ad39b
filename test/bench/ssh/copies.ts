import { rm, stat } from "node:fs/promises";
import type { Address } from "../database.ts";
import { runProgram } from "../programs.ts";
import type { Sample } from "../samples.ts";
import { type Host, NAME } from "./host.ts";

/** A command line that moves the host's file, with what a client of OpenSSH's needs to find the way. */
type Copy = (host: Host, port: number) => string;

const options = (host: Host, port: number) => `-F ${host.config} -o Port=${port}`;

/** Those of SFTP, of the older scp protocol, of standard output and input, and of rsync. */
export const COPIES = {
  sftp: {
    "sftp, up": (host, port) => `scp -q ${options(host, port)} ${host.file} ${NAME}:${host.copy}`,
    "sftp, down": (host, port) => `scp -q ${options(host, port)} ${NAME}:${host.file} ${host.copy}`,
  },
  scp: {
    "scp -O, up": (host, port) => `scp -q -O ${options(host, port)} ${host.file} ${NAME}:${host.copy}`,
    "scp -O, down": (host, port) => `scp -q -O ${options(host, port)} ${NAME}:${host.file} ${host.copy}`,
  },
  pipe: {
    "cat, to the host": (host, port) =>
      `ssh ${options(host, port)} ${NAME} 'cat > ${host.copy}' < ${host.file}`,
    "cat, from the host": (host, port) =>
      `ssh ${options(host, port)} ${NAME} cat ${host.file} > ${host.copy}`,
    "rsync, up": (host, port) => `rsync -W -e 'ssh ${options(host, port)}' ${host.file} ${NAME}:${host.copy}`,
    "rsync, down": (host, port) =>
      `rsync -W -e 'ssh ${options(host, port)}' ${NAME}:${host.file} ${host.copy}`,
  },
} satisfies Record<string, Record<string, Copy>>;

/** MB a second, with the time that the client takes to connect. Throws when not all has arrived. */
export async function runCopy(host: Host, at: Address, copy: Copy): Promise<Sample> {
  await rm(host.copy, { force: true });
  const start = performance.now();
  await runProgram("sh", ["-c", copy(host, at.port)], {});
  const seconds = (performance.now() - start) / 1_000;
  const { size } = await stat(host.copy);
  if (size !== host.bytes) throw new Error(`of ${host.bytes} bytes ${size} have arrived`);
  return { value: host.bytes / 1e6 / seconds };
}
