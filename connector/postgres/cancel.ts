import { timingSafeEqual } from "node:crypto";
import { SallyportError } from "../../protocol/errors.ts";
import type { BackendKeyData } from "../../protocol/postgres/backend.ts";
import { cancelRequest } from "../../protocol/postgres/frontend.ts";
import type { PostgresTargetConfig } from "../config.ts";
import { CONNECT_TIMEOUT_MS, dial, readChunk } from "./dial.ts";

/** A session whose statements can be cancelled with the key that its agent was given. */
export interface Cancellable {
  principal: string;
  target: string;
  session: string;
  /** The key given to the agent: the target's process id, a secret of the connector's own. */
  processId: number;
  secret: Uint8Array;
  /** Cancels what runs on the target. Resolves when the target has taken note; never rejects. */
  cancel(): Promise<void>;
}

/** The cancel keys that this connector process has given out; one for all its sessions. */
export class CancelRegistry {
  /** Process ids of different targets may be the same. */
  readonly #byProcess = new Map<number, Set<Cancellable>>();

  /** Returns the function that takes it out again. */
  register(session: Cancellable): () => void {
    const { processId } = session;
    const same = this.#byProcess.get(processId) ?? new Set();
    this.#byProcess.set(processId, same.add(session));
    return () => {
      same.delete(session);
      if (same.size === 0 && this.#byProcess.get(processId) === same) this.#byProcess.delete(processId);
    };
  }

  /**
   * The session that a key names, if its principal and target are these. The secret is compared in constant time,
   * and a key of somebody else's is as good as none.
   */
  find(principal: string, target: string, processId: number, secret: Uint8Array): Cancellable | null {
    for (const session of this.#byProcess.get(processId) ?? []) {
      if (session.principal !== principal || session.target !== target) continue;
      if (session.secret.length === secret.length && timingSafeEqual(session.secret, secret)) return session;
    }
    return null;
  }

  /** Cancels on behalf of another replica, which was asked; true when the key is held here. */
  cancelHere(principal: string, target: string, processId: number, secret: Uint8Array): boolean {
    const session = this.find(principal, target, processId, secret);
    void session?.cancel();
    return session !== null;
  }
}

/**
 * Sends a CancelRequest with the target's own key, over TCP and TLS as the session's own connection. Resolves when
 * the target has closed the connection, which it does after it has told the backend. Throws what `dial` throws.
 */
export async function cancelOnTarget(
  target: PostgresTargetConfig,
  key: BackendKeyData,
  timeoutMs: number = CONNECT_TIMEOUT_MS,
): Promise<void> {
  const controller = new AbortController();
  const late = () => {
    controller.abort(
      new SallyportError("target_unreachable", `target ${target.name} did not take the cancel`),
    );
  };
  const timer = setTimeout(late, timeoutMs);
  try {
    const { socket } = await dial(target, controller.signal);
    controller.signal.addEventListener("abort", () => socket.destroy(), { once: true });
    socket.write(cancelRequest(key.processId, key.secret));
    // There is no answer; the target closes.
    await readChunk(socket).catch(() => {});
    socket.destroy();
  } finally {
    clearTimeout(timer);
  }
}
