import { absolutePath } from "../../../protocol/scp/command.ts";
import { normalisePath } from "../../../protocol/ssh/path.ts";
import { declined, type Place, type Reply, type ScpConversation } from "./scp-conversation.ts";

/**
 * `scp -t`: the agent sends files, the target receives them. Rejects with `protocol_violation` for what the protocol has
 * no place for, and as the guard and the target's names do.
 */
export async function carryToTarget(talk: ScpConversation): Promise<void> {
  const { command, names } = talk.options;
  const operand = absolutePath(command.paths[0]!, names.home);
  // What it is now decides where the target puts what comes first, as it does for the target's own scp.
  const isFolder = command.intoFolder || operand.endsWith("/") || (await names.isFolder(operand));
  const place = (name: string): Place => {
    const top = talk.folders.at(-1)?.text ?? (isFolder ? operand : null);
    const text = top === null ? operand : `${top}/${name}`;
    return { text, given: normalisePath(text, "/") };
  };
  const ready = await talk.reply();
  if (ready === null) return;
  await talk.from.write(ready.line);
  if (ready.isFatal) return;

  for await (const { message, lines } of talk.announced()) {
    const there = place(message.name);
    const answer = await announce(talk, message.type === "file" ? "write" : "mkdir", there, lines);
    if (answer === null) return;
    if (answer === "declined") continue;
    if (!(await talk.follow(message, there, answer.path, answer.reply))) return;
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
