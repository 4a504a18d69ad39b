import { app } from "./app.ts";
import type { Env } from "./environment.ts";
import { sweep } from "./session/sweep.ts";

export { AccessRequest } from "./approval/access-object.ts";
export { ConnectorHub } from "./hub/object.ts";
export { Session } from "./session/object.ts";

export default {
  fetch: app.fetch,
  scheduled: (_controller, env) => sweep(env, Date.now()),
} satisfies ExportedHandler<Env>;
