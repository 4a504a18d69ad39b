import type { HttpRequest } from "../../protocol/http/request.ts";

const STDIN = 0;
/** Of `v5.channel.k8s.io`: the channel whose number follows is closed. */
const CLOSE = 255;
/** What the keys for interrupt and end of file send. */
const INTERRUPT = 0x03;
const END_OF_FILE = 0x04;

/**
 * The messages that end what an exec has started, as far as a client can, for a session that ends before it: API servers
 * tell a node nothing of a WebSocket that is gone, and its processes would go on. At a terminal what stands in front is
 * interrupted and the shell sees the end of its input; else standard input ends. What has neither goes on.
 */
export function farewell({ kubernetes, target }: HttpRequest, subprotocol: string | null): Buffer[] {
  if (kubernetes?.subresource !== "exec") return [];
  const { searchParams } = new URL(target, "http://target");
  const asked = (name: string) => ["true", "1"].includes(searchParams.get(name) ?? "");
  if (!asked("stdin")) return [];
  if (asked("tty")) return [Buffer.from([STDIN, INTERRUPT]), Buffer.from([STDIN, END_OF_FILE])];
  return subprotocol === "v5.channel.k8s.io" ? [Buffer.from([CLOSE, STDIN])] : [];
}
