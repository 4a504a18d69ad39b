import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { clusterUnavailable } from "./cluster/cluster.ts";
import { OLDER, READS } from "./differential/reads.ts";
import { type Sides, startSides, titleOf } from "./differential/sides.ts";

describe("kubectl reads the same directly and through the edge", {
  skip: clusterUnavailable(),
  timeout: 300_000,
}, () => {
  let sides: Sides;

  before(async () => {
    sides = await startSides();
  });

  after(() => sides?.stop());

  for (const row of READS) test(titleOf(row), () => sides.compare(row));

  for (const row of OLDER) {
    test(titleOf(row), async (t) => {
      if (sides.gateway.cluster.binaries.olderKubectl === null) return t.skip("there is no older kubectl");
      await sides.compare(row);
    });
  }

  for (const args of [
    ["exec", "web-1", "--", "true"],
    ["port-forward", "web-1", ":80"],
  ]) {
    test(`older kubectl ${args.join(" ")} is refused with what to do`, async (t) => {
      if (sides.gateway.cluster.binaries.olderKubectl === null) return t.skip("there is no older kubectl");
      const env = { KUBECTL_REMOTE_COMMAND_WEBSOCKETS: "false", KUBECTL_PORT_FORWARD_WEBSOCKETS: "false" };
      const { status, stderr } = await sides.edge.kubectl(args, { older: true, env });
      assert.equal(status, 1);
      assert.match(stderr, /go through WebSockets here, not SPDY.*kubectl 1\.31/);
    });
  }
});
