import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { SallyportError } from "../../protocol/errors.ts";
import {
  cancelRequest,
  gssencRequest,
  PROTOCOL_3_0,
  passwordMessage,
  query,
  sslRequest,
  startupMessage,
} from "../../protocol/postgres/frontend.ts";
import { Doorway } from "./doorway.ts";
import "../../protocol/seeded.ts";

const STARTUP = startupMessage(PROTOCOL_3_0, [["user", "me"]]);

/** Feeds bytes in pieces; answers the replies, the token and what goes on to the session. */
function walk(pieces: Uint8Array[]) {
  const doorway = new Doorway();
  const replies: Uint8Array[] = [];
  let token: string | undefined;
  for (const piece of pieces) {
    const step = doorway.push(piece);
    replies.push(...step.replies);
    token ??= step.token;
  }
  return { replies: Buffer.concat(replies), token, session: () => Buffer.from(doorway.session) };
}

describe("the doorway of raw connections", () => {
  const whole = Buffer.concat([
    sslRequest(),
    gssencRequest(),
    STARTUP,
    passwordMessage("syp_secret"),
    query("SELECT 1"),
  ]);

  test("asks for the password, takes it off, and passes the rest on, however the bytes are cut", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(whole.length), { maxLength: 6 }), (cuts) => {
        const points = [0, ...cuts.sort((a, b) => a - b), whole.length];
        const { replies, token, session } = walk(
          points.slice(1).map((end, index) => whole.subarray(points[index], end)),
        );
        assert.equal(token, "syp_secret");
        assert.deepEqual(replies, Buffer.from("NNR\0\0\0\x08\0\0\0\x03", "latin1"));
        assert.deepEqual(session(), Buffer.concat([STARTUP, query("SELECT 1")]));
        assert.ok(!session().includes("syp_secret"));
      }),
    );
  });

  test("nothing but a password is taken after the startup message", () => {
    assert.throws(() => walk([STARTUP, query("SELECT 1")]), { code: "protocol_violation" });
  });

  test("a cancel request that names nobody is refused", () => {
    assert.throws(() => walk([cancelRequest(1, Buffer.alloc(4))]), { code: "forbidden" });
  });

  test("it does not hold more than a little", () => {
    assert.throws(() => walk([STARTUP, passwordMessage("x"), Buffer.alloc(70_000)]), {
      code: "frame_too_large",
    });
  });

  test("any bytes end in a typed error or in waiting", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 5 }), (pieces) => {
        try {
          walk(pieces);
        } catch (error) {
          assert.ok(error instanceof SallyportError, String(error));
        }
      }),
      { numRuns: 2000 },
    );
  });
});
