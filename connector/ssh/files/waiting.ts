import { Packet } from "../../../protocol/sftp/numbers.ts";
import { readSingleName } from "../../../protocol/sftp/packets.ts";
import type { SftpRequest } from "../../../protocol/sftp/request.ts";
import { normalisePath } from "../../../protocol/ssh/path.ts";
import type { FileOperation } from "../../../protocol/ssh/request.ts";
import type { OpenFile } from "./open-files.ts";
import { type Asked, asked, fileRequests, linkTarget } from "./operations.ts";
import type { OwnQuestions } from "./own-questions.ts";
import { resolvePath, serverPath } from "./resolve.ts";
import type { Waiting } from "./verdict-queue.ts";

/** Where a request comes from, and whom to ask about its paths. */
interface Context {
  id: number;
  packet: Buffer;
  /** Where the target's relative paths begin. */
  home: string;
  questions: OwnQuestions;
}

const HERE: ReadonlySet<string> = new Set([".", ""]);

/**
 * What there is to judge of a request that names paths. Null where it names none, or none but ".". Throws `invalid_request` where they
 * can't be judged.
 */
export function waitingFor(request: SftpRequest, context: Context): Waiting | null {
  const { id, packet, home, questions } = context;
  if (request.type === "home-directory" || (request.type === "expand-path" && request.path[0] === 0x7e)) {
    return { id, packet, given: [], resolve: () => expanded(packet, questions) };
  }
  // Clients begin with it; where the target's paths begin is told to whoever may use it at all.
  if (request.type === "realpath" && HERE.has(request.path.toString("latin1"))) return null;
  const ask = asked(request);
  if (ask === null) return null;
  const { operations, path, other } = ask;
  const given = normalisePath(path.text, home);
  return {
    id,
    packet,
    given: fileRequests(operations, given, otherOf(other, given, home)),
    async resolve() {
      const resolved = await resolvePath(questions, path.text, path.follow);
      if (typeof resolved !== "string") return resolved;
      if (other === null || "says" in other) {
        return fileRequests(operations, resolved, otherOf(other, resolved, home));
      }
      const second = await resolvePath(questions, other.text, other.follow);
      return typeof second === "string" ? fileRequests(operations, resolved, second) : second;
    },
  };
}

/** What there is to judge of a request on files that are open: their paths were resolved when they were opened. */
export function waitingForOpen(
  id: number,
  packet: Buffer,
  operation: FileOperation,
  file: OpenFile,
  other: OpenFile | null,
): Waiting {
  const requests = fileRequests([operation], file.path, other?.path ?? null);
  return { id, packet, given: requests, resolve: async () => requests };
}

function otherOf(other: Asked["other"], path: string, home: string): string | null {
  if (other === null) return null;
  return "says" in other ? linkTarget(other.says, path) : normalisePath(other.text, home);
}

/** Only the target knows where `~user` is: it is asked, and its answer is judged before the agent gets it. */
async function expanded(packet: Buffer, questions: OwnQuestions) {
  const answer = await questions.ask(Packet.EXTENDED, packet.subarray(9), Packet.NAME, readSingleName);
  return Buffer.isBuffer(answer) ? fileRequests(["stat"], serverPath(answer), null) : answer;
}
