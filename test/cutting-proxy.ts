import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** A TCP relay before a server, whose connections a test can cut. */
export interface CuttingProxy {
  url: URL;
  /** Resets every connection. Answers how many there were. */
  cut(): number;
  /**
   * From now on nothing passes on these connections, either way, and none is closed: their ends don't notice. Those
   * whose first line asks for `path`, or all; answers how many.
   */
  swallow(path?: string): number;
  /** While true, new connections are reset at once. */
  down: boolean;
  close(): void;
}

export async function startCuttingProxy(target: URL): Promise<CuttingProxy> {
  const pairs = new Set<[Socket, Socket]>();
  const firstLines = new WeakMap<Socket, string>();
  const server = createServer((near) => {
    if (proxy.down) {
      near.resetAndDestroy();
      return;
    }
    const far = connect(Number(target.port), target.hostname);
    const pair: [Socket, Socket] = [near, far];
    pairs.add(pair);
    near.once("data", (head) => firstLines.set(near, head.toString("latin1").split("\r\n")[0]!));
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      one.setNoDelay();
      one.pipe(other);
      one.on("error", () => {});
      one.on("close", () => {
        pairs.delete(pair);
        other.destroy();
      });
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const proxy: CuttingProxy = {
    url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
    down: false,
    swallow(path) {
      const chosen = [...pairs].filter(
        ([near]) => path === undefined || firstLines.get(near)?.split(" ")[1] === path,
      );
      for (const [near, far] of chosen) {
        near.unpipe(far).resume();
        far.unpipe(near).resume();
      }
      return chosen.length;
    },
    cut() {
      const count = pairs.size;
      for (const [near, far] of pairs) {
        near.resetAndDestroy();
        far.resetAndDestroy();
      }
      pairs.clear();
      return count;
    },
    close() {
      server.close();
      proxy.cut();
    },
  };
  return proxy;
}
