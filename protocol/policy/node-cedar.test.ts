import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { nodeCedar } from "./node-cedar.ts";
import { type Cedar, PolicySet } from "./policy-set.ts";
import { RecoveringCedar } from "./recovering-cedar.ts";
import { ALLOW_ALL } from "./starter.ts";

const alice = { principal: "corp/alice", groups: [] };
const orders = { name: "orders", kind: "postgres", connector: "main" } as const;
const connect = (set: PolicySet) => set.decide(alice, "connect", orders, { listed: true, mode: "framed" });

/** Deeper than the parser's stack reaches; our own bounds on texts keep it from Cedar. */
const nested = (depth: number) =>
  `permit (principal, action, resource) when { ${"(".repeat(depth)}true${")".repeat(depth)} };`;

describe("Cedar in Node", () => {
  for (const [what, depth] of [
    ["a stack overflow", 1_000],
    ["a trap", 100_000],
  ] as const) {
    test(`answers again after ${what}, by the sets that it had parsed before`, () => {
      const set = PolicySet.load(nodeCedar(), ALLOW_ALL);
      assert.equal(connect(set).verdict, "allow");
      for (let round = 0; round < 3; round++) {
        assert.throws(() => nodeCedar().policySetTextToParts(nested(depth)), /begun anew/);
        assert.equal(connect(set).verdict, "allow");
        assert.equal(connect(PolicySet.load(nodeCedar(), `${ALLOW_ALL}// ${round}`)).verdict, "allow");
      }
    });
  }
});

describe("a verdict", () => {
  /** Cedar in which one function traps as long as a test wants. */
  function trapping(name: keyof Cedar) {
    const one = { trap: false, made: 0, cedar: undefined as unknown as Cedar };
    one.cedar = new RecoveringCedar(() => {
      one.made++;
      const broken = { now: false };
      const function_ = <K extends keyof Cedar>(key: K) =>
        ((...args: never[]) => {
          broken.now ||= one.trap && key === name;
          if (broken.now) throw new WebAssembly.RuntimeError("unreachable");
          return (nodeCedar()[key] as (...args: never[]) => unknown).apply(nodeCedar(), args);
        }) as unknown as Cedar[K];
      return {
        policySetTextToParts: function_("policySetTextToParts"),
        policyToJson: function_("policyToJson"),
        validate: function_("validate"),
        preparsePolicySet: function_("preparsePolicySet"),
        statefulIsAuthorized: function_("statefulIsAuthorized"),
      };
    });
    return one;
  }

  for (const name of ["statefulIsAuthorized", "preparsePolicySet"] as const) {
    test(`is a refusal while ${name} traps, and right again with the next question`, () => {
      const engine = trapping(name);
      const set = PolicySet.load(engine.cedar, ALLOW_ALL);
      engine.trap = true;
      for (let round = 0; round < 2; round++) {
        const decision = connect(set);
        assert.equal(decision.verdict, "block");
        assert.match(decision.verdict === "block" ? decision.reason : "", /engine failed.*unreachable/);
      }
      engine.trap = false;
      assert.equal(connect(set).verdict, "allow");
      assert.equal(engine.made, 3, "an instance that trapped is not asked again");
    });
  }

  test("is a refusal while no instance can be made", () => {
    let memory = true;
    const cedar = new RecoveringCedar(() => {
      if (!memory) throw new RangeError("out of memory");
      return nodeCedar();
    });
    const set = PolicySet.load(cedar, ALLOW_ALL);
    assert.throws(() => cedar.policySetTextToParts(nested(100_000)));
    memory = false;
    assert.equal(connect(set).verdict, "block");
    memory = true;
    assert.equal(connect(set).verdict, "allow");
  });

  test("of a set that traps when it is parsed is a refusal, others go on", () => {
    const engine = trapping("policySetTextToParts");
    const good = PolicySet.load(engine.cedar, ALLOW_ALL);
    engine.trap = true;
    assert.throws(() => PolicySet.load(engine.cedar, `${ALLOW_ALL}// other`));
    assert.equal(connect(good).verdict, "allow");
  });
});
