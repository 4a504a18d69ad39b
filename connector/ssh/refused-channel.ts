import type { Connection as AgentClient } from "ssh2";
import { bounded } from "../../protocol/policy/reason.ts";

/** What ssh2 has no way to say: why a channel is not opened (RFC 4254 section 5.1). The version is pinned. */
interface Insides {
  _protocol: { channelOpenFail(recipient: number, reason: number, description?: string): void };
}

/** RFC 4254 section 5.1. */
export const OpenFailure = { prohibited: 1, connectFailed: 2 } as const;

/** Refuses a channel by ssh2's own `reject`, with a reason and words. */
export function refuseChannel(
  agent: AgentClient,
  reject: () => void,
  reason: (typeof OpenFailure)[keyof typeof OpenFailure],
  words: string,
): void {
  const protocol = (agent as unknown as Insides)._protocol;
  const { channelOpenFail } = protocol;
  protocol.channelOpenFail = (recipient) =>
    channelOpenFail.call(protocol, recipient, reason, bounded(words, 500));
  try {
    reject();
  } finally {
    protocol.channelOpenFail = channelOpenFail;
  }
}
