import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type StubEdge, startStubEdge } from "./stub-edge.ts";

const nested = (depth: number) =>
  `permit (principal, action, resource) when { ${"(".repeat(depth)}true${")".repeat(depth)} };`;

describe("Cedar in workerd", { timeout: 300_000 }, () => {
  let stub: StubEdge;
  let token: string;
  const parse = async (text: string) => (await stub.call("POST", "/test/cedar", undefined, { text })).body;

  before(async () => {
    stub = await startStubEdge();
    token = await stub.newToken("agent");
  });
  after(() => stub.stop());

  for (const depth of [1_000, 100_000]) {
    test(`answers again after ${depth} brackets broke it, and decides by the policies that it had before`, async () => {
      for (let round = 0; round < 3; round++) {
        assert.equal((await stub.register(token)).status, 200);
        const { failed } = await parse(nested(depth));
        assert.match(String(failed), /engine failed and was begun anew/);
        assert.equal((await stub.register(token)).status, 200);
        assert.deepEqual(await parse("permit (principal, action, resource);"), { parsed: "success" });
        const refused = await stub.register(token, "staff");
        assert.equal((refused.body as { code?: string }).code, "unknown_target");
      }
      const other = `// ${depth}\n${stub.settings().policies}`;
      assert.equal((await stub.apply({ ...stub.settings(), policies: other })).status, 200);
      assert.equal((await stub.register(token)).status, 200);
    });
  }
});
