import type { ServerChannel } from "ssh2";
import { bounded } from "../../protocol/policy/reason.ts";
import { changeNextPacket, type Protocol } from "./target/insides.ts";

/** The signals that RFC 4254 section 6.10 names: ssh2 throws at any other, in what it is told and in what it tells. */
const NAMED = /^(?:ABRT|ALRM|FPE|HUP|ILL|INT|KILL|PIPE|QUIT|SEGV|TERM|USR[12])$/;
/** Others' own names, as OpenSSH's for a signal that has none. */
const OWN = /^[\x21-\x2b\x2d-\x7e]{1,64}$/;
const MOST_WORDS = 1_000;

interface Insides {
  _client: { _protocol: Protocol };
  outgoing: { id: number; state: string };
}

/** Whether a signal can be sent on. */
export function isNamedSignal(name: string): boolean {
  return NAMED.test(name);
}

/** Tells an agent by which signal its process ended (RFC 4254 section 6.10): `signal` with `SIG` before it, as ssh2 has it. */
export function exitSignal(agent: ServerChannel, signal: string, dumped: boolean, description: string): void {
  const name = signal.replace(/^SIG/, "");
  const words = bounded(description, MOST_WORDS);
  if (isNamedSignal(name)) {
    agent.exit(name, dumped, words);
    return;
  }
  const { _client, outgoing } = agent as unknown as Insides;
  // Where ssh2 would send nothing, there is no packet to change.
  if (!OWN.test(name) || !agent.writable || outgoing.state !== "open") return;
  changeNextPacket(_client._protocol, (payload) => {
    const [head, tail] = [payload.subarray(0, 5), Buffer.of(dumped ? 1 : 0)];
    return Buffer.concat([head, text("exit-signal"), NO_REPLY, text(name), tail, text(words), text("")]);
  });
  agent.exit("KILL", dumped, "");
}

const NO_REPLY = Buffer.of(0);

/** A string, RFC 4251 section 5. */
function text(words: string): Buffer {
  const bytes = Buffer.from(words);
  const size = Buffer.alloc(4);
  size.writeUInt32BE(bytes.length);
  return Buffer.concat([size, bytes]);
}
