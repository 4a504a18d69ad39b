import { SallyportError } from "../../../protocol/errors.ts";
import { Status } from "../../../protocol/sftp/numbers.ts";
import type { StatusAnswer } from "../../../protocol/sftp/packets.ts";
import { normalisePath, pathText, splitPath } from "../../../protocol/ssh/path.ts";

/** Asks the target about paths; a relative one begins where the target's SFTP server does. */
export interface PathAsker {
  /** The server's own answer: a path as bytes, or why not. */
  realpath(path: string): Promise<Buffer | StatusAnswer>;
  /** Whether something has that name, be it a link to nothing. */
  exists(path: string): Promise<boolean>;
}

/** What the target says to `path`: an absolute, normalised path without links as far as it tells, or why there is none. */
export type Resolved = string | StatusAnswer;

/**
 * Where an operation on `path` acts. `follow`: it follows a link that stands last, as open does; else it acts on the
 * link, as remove does, and the folder alone is resolved. A name that isn't there yet is its folder's, resolved, and
 * itself. A server that has no answer for a link to nothing, while open would create the file that it leads to, gives
 * none here. Throws `protocol_violation` where the server's answer is no path.
 */
export async function resolvePath(asker: PathAsker, path: string, follow: boolean): Promise<Resolved> {
  const { folder, name } = splitPath(path);
  const isName = name !== "" && name !== "." && name !== "..";
  if (!follow && isName && !path.endsWith("/")) return inFolder(asker, folder, name);
  const answer = await asker.realpath(path);
  if (Buffer.isBuffer(answer)) return serverPath(answer);
  if (answer.code !== Status.NO_SUCH_FILE || !isName || (await asker.exists(path))) return answer;
  return inFolder(asker, folder, name);
}

async function inFolder(asker: PathAsker, folder: string, name: string): Promise<Resolved> {
  const answer = await asker.realpath(folder);
  return Buffer.isBuffer(answer) ? normalisePath(name, serverPath(answer)) : answer;
}

/** A path that a server answered. Throws `protocol_violation` where it isn't absolute or can't be judged. */
export function serverPath(bytes: Buffer): string {
  let path: string;
  try {
    path = pathText(bytes);
  } catch {
    throw new SallyportError("protocol_violation", "the target resolved a path to one that can't be judged");
  }
  if (!path.startsWith("/")) {
    throw new SallyportError("protocol_violation", "the target resolved a path to one that isn't absolute");
  }
  return normalisePath(path, "/");
}
