import { type Duplex, duplexPair } from "node:stream";
import type { Connection as AgentClient, Client, ServerChannel } from "ssh2";

/** What ssh2 has of agent forwarding (OpenSSH's PROTOCOL.agent) beside its interface; the version is pinned. */
interface ClientInsides {
  _agent: { getStream(callback: (error: Error | undefined, stream?: Duplex) => void): void };
}

interface ServerInsides {
  _chanMgr: { add(opened: Opened & { type: string }): number };
  _protocol: { openssh_authAgent(channel: number, window: number, packet: number): void };
}

type Opened = (error: Error | undefined, channel: ServerChannel) => void;

const WINDOW = 2 * 1024 * 1024;
const PACKET = 32 * 1024;

/** Calls for each connection that the target makes to the agent's ssh-agent, where a channel was let forward it. */
export function onAuthAgent(client: Client, call: (accept: () => Duplex, reject: () => void) => void): void {
  (client as unknown as ClientInsides)._agent = {
    getStream(callback) {
      const accept = () => {
        const [ours, theirs] = duplexPair();
        callback(undefined, theirs);
        return ours;
      };
      call(accept, () => callback(new Error("refused")));
    },
  };
}

/** Opens a channel to the ssh-agent of the agent's client. */
export function openAuthAgent(agent: AgentClient, opened: Opened): void {
  const { _chanMgr, _protocol } = agent as unknown as ServerInsides;
  const number = _chanMgr.add(Object.assign(opened, { type: "auth-agent@openssh.com" }));
  if (number === -1) opened(new Error("no channel is free"), undefined as never);
  else _protocol.openssh_authAgent(number, WINDOW, PACKET);
}
