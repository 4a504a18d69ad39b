// The relay's middle: workerd, hosted as the edge is, with a Worker that only passes messages on. `edge.ts STATE`
// prints its address and workerd's process id.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startEdge } from "../../../client/local-edge/host.ts";

const [state = ""] = process.argv.slice(2);
const migrations = join(state, "no-migrations");
mkdirSync(migrations, { recursive: true });
const entry = fileURLToPath(new URL("../../../workers/testing/plain-relay.ts", import.meta.url));
const edge = await startEdge({ state, entry, migrations });
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  // Miniflare's own handlers would exit before workerd has ended.
  process.removeAllListeners(signal);
  process.once(signal, () => void edge.dispose().then(() => process.exit(0)));
}
console.log(JSON.stringify({ url: edge.url.origin, workerdPid: edge.workerdPid }));
