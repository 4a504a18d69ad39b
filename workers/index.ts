import { app } from "./app.ts";
import type { Env } from "./environment.ts";
import { placeOf } from "./exchange/request.ts";
import { exchange } from "./exchange/route.ts";
import { sweep } from "./session/sweep.ts";

export { AccessRequest } from "./approval/access-object.ts";
export { ConnectorHub } from "./hub/object.ts";
export { Ledger } from "./ledger/object.ts";
export { Session } from "./session/object.ts";

export default {
  fetch(request, env, ctx) {
    // What a target answers is its own, and goes by none of the edge's routes.
    const place = placeOf(request.url);
    return place ? exchange(request, place, env, ctx) : app.fetch(request, env, ctx);
  },
  scheduled: (_controller, env) => sweep(env, Date.now()),
} satisfies ExportedHandler<Env>;
