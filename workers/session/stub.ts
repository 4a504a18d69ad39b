import type { Env } from "../environment.ts";
import type { Session } from "./object.ts";

/** The Session object that holds this session (32 lower-case hex characters). */
export function sessionStub(
  env: Pick<Env, "SESSION" | "SESSION_SHARDS">,
  session: string,
): DurableObjectStub<Session> {
  return env.SESSION.getByName(sessionObjectName(session, Number(env.SESSION_SHARDS ?? 0)));
}

/** With shards, sessions spread over that many objects by their id's first 32 bits; without, each has its own. */
export function sessionObjectName(session: string, shards: number): string {
  return shards > 0 ? `shard-${Number.parseInt(session.slice(0, 8), 16) % shards}` : session;
}
