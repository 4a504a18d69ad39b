import { absolutePath, isPattern } from "../../../protocol/scp/command.ts";
import { errorLine } from "../../../protocol/scp/message.ts";
import { normalisePath, splitPath } from "../../../protocol/ssh/path.ts";
import { declined, type Place, type Reply, type ScpConversation } from "./scp-conversation.ts";

/**
 * `scp -f`: the target sends files, the agent receives them. Which they are the target says, and each is judged before
 * the agent hears of it. Rejects with `protocol_violation` for what the protocol has no place for, and as the guard and
 * the target's names do.
 */
export async function carryToAgent(talk: ScpConversation): Promise<void> {
  const { command, names } = talk.options;
  const operands = command.paths.map((path) => absolutePath(path, names.home));
  const ready = await talk.reply();
  if (ready === null) return;
  await talk.from.write(ready.line);
  if (!ready.isOk) return;

  for await (const { message, lines } of talk.announced()) {
    const there = announcedPlace(message.name, talk.folders.at(-1), operands);
    if (typeof there === "string") {
      await tell(talk, there);
      await talk.decline("not permitted");
      continue;
    }
    const path = await permitted(talk, message.type === "file" ? "read" : "list", there);
    if (path === null) {
      await talk.decline("not permitted");
      continue;
    }
    const reply = await announce(talk, lines);
    if (reply === null || !(await talk.follow(message, there, path, reply))) return;
  }
}

/**
 * Where an announced file lies: in the folder that is being sent, or else in that of the operand whose last name it has,
 * or whose last name is a pattern. Words where that can't be told: the target chooses what it sends, and what it says
 * must not be judged as another file.
 */
function announcedPlace(
  name: string,
  folder: Place | undefined,
  operands: readonly string[],
): Place | string {
  if (folder !== undefined) return placeIn(folder.text, name);
  const found = new Map<string, Place>();
  for (const operand of operands) {
    const last = splitPath(operand);
    if (isPattern(last.folder)) return `${operand}: a pattern in a folder's name can't be judged`;
    if (last.name !== name && !isPattern(last.name)) continue;
    const place = placeIn(last.folder, name);
    found.set(place.given, place);
  }
  const [first, ...others] = found.values();
  if (first === undefined) return `${name}: the target sends a file that was not asked for`;
  if (others.length > 0) return `${name}: it can't be told from which folder it is; copy one after the other`;
  return first;
}

function placeIn(folder: string, name: string): Place {
  const text = `${folder}/${name}`;
  return { text, given: normalisePath(text, "/") };
}

/** The path that was judged; null, and the agent is told, where it is refused. */
async function permitted(
  talk: ScpConversation,
  operation: "read" | "list",
  place: Place,
): Promise<string | null> {
  let judged: string | null = null;
  const outcome = await talk.judge(operation, place, async (path) => {
    judged = path;
  });
  const words = declined(outcome, place.given);
  if (words === null) return judged;
  await talk.to.write(errorLine(words));
  return null;
}

async function tell(talk: ScpConversation, words: string): Promise<void> {
  await talk.to.write(errorLine(`sallyport: ${words}`));
}

/** The agent's answer to times and name; null where it has ended. */
async function announce(talk: ScpConversation, announcement: readonly Buffer[]): Promise<Reply | null> {
  let reply: Reply | null = null;
  for (const line of announcement) {
    reply = await talk.ask(line);
    if (reply === null || !reply.isOk) break;
  }
  return reply;
}
