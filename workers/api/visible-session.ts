import type { Session } from "../../protocol/directory.ts";
import { SallyportError } from "../../protocol/errors.ts";
import { getSession } from "../directory/sessions.ts";
import type { Env } from "../environment.ts";
import type { Identity } from "../identity/identity.ts";
import { sessionId } from "./names.ts";
import { owns } from "./ownership.ts";
import { parse } from "./shape.ts";

/** The session, if it is there and its own or one administers. Throws `not_found`: others' sessions don't show. */
export async function visibleSession(env: Env, identity: Identity, id: string): Promise<Session> {
  const session = await getSession(env.DIRECTORY, parse(sessionId, id));
  if (!session || !(identity.administrator || owns(identity, session))) {
    throw new SallyportError("not_found", `there is no session ${id}`);
  }
  return session;
}
