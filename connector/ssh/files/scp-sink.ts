import { absolutePath } from "../../../protocol/scp/command.ts";
import { normalisePath } from "../../../protocol/ssh/path.ts";
import {
  declined,
  MAX_DEPTH,
  type Place,
  type Reply,
  type ScpConversation,
  violation,
} from "./scp-conversation.ts";

/**
 * `scp -t`: the agent sends files, the target receives them. Rejects with `protocol_violation` for what the protocol has
 * no place for, and as the guard and the target's names do.
 */
export async function carryToTarget(talk: ScpConversation): Promise<void> {
  const { command, names, guard } = talk.options;
  const operand = absolutePath(command.paths[0]!, names.home);
  // What it is now decides where the target puts what comes first, as it does for the target's own scp.
  const isFolder = command.intoFolder || operand.endsWith("/") || (await names.isFolder(operand));
  const folders: Place[] = [];
  const place = (name: string): Place => {
    const top = folders.at(-1)?.text ?? (isFolder ? operand : null);
    const text = top === null ? operand : `${top}/${name}`;
    return { text, given: normalisePath(text, "/") };
  };
  const ready = await talk.reply();
  if (ready === null) return;
  await talk.from.write(ready.line);
  if (ready.isFatal) return;

  let times: Buffer | null = null;
  for (let next = await talk.message(); next !== null; next = await talk.message()) {
    const { message, line } = next;
    if (message.type === "error") {
      await talk.to.write(line);
      if (message.isFatal) return;
    } else if (message.type === "times") {
      if (times !== null) throw violation("times of nothing");
      times = line;
      await talk.accept();
    } else if (message.type === "end") {
      if (folders.pop() === undefined || times !== null) throw violation("the end of no folder");
      const reply = await talk.ask(line);
      if (reply === null) return;
      await talk.from.write(reply.line);
    } else {
      if (message.type === "folder" && !command.recursive) throw violation("a folder that was not asked for");
      if (folders.length >= MAX_DEPTH) throw violation(`folders more than ${MAX_DEPTH} deep`);
      const there = place(message.name);
      const announcement: Buffer[] = times === null ? [line] : [times, line];
      times = null;
      const answer = await announce(talk, message.type === "file" ? "write" : "mkdir", there, announcement);
      if (answer === null) return;
      if (answer === "declined") continue;
      const { path, reply } = answer;
      await talk.from.write(reply.line);
      if (reply.isFatal) return;
      if (!reply.isOk) guard.failed(path, reply.words);
      else if (message.type === "folder") folders.push(there);
      else if (!(await talk.file(path, message.size))) return;
    }
  }
}

/** The target's answer; `declined` where it was not asked; null where it has ended. */
async function announce(
  talk: ScpConversation,
  operation: "write" | "mkdir",
  place: Place,
  announcement: readonly Buffer[],
): Promise<{ path: string; reply: Reply } | "declined" | null> {
  let answer: { path: string; reply: Reply } | null = null;
  const outcome = await talk.judge(operation, place, async (path) => {
    for (const line of announcement) {
      const reply = await talk.ask(line);
      answer = reply === null ? null : { path, reply };
      if (reply === null || !reply.isOk) break;
    }
  });
  const words = declined(outcome, place.given);
  if (words === null) return answer;
  await talk.decline(words);
  return "declined";
}
