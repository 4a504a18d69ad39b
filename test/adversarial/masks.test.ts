import { CONFIRMED } from "./attacks/stored-values.ts";
import { SAME_FOR_BOTH } from "./masks.ts";
import { describeAttacks } from "./suite.ts";
import { byOtherPaths, plain } from "./trial.ts";

let turn = 0;

describeAttacks({
  name: "attacks on masks",
  masks: SAME_FOR_BOTH,
  /** Each by one path: the paths that it can take have turns. The long test has every attack by every path. */
  trialsOf(attack) {
    const trials = [plain(attack), ...byOtherPaths(attack)];
    return [trials[turn++ % trials.length]!];
  },
  mayDiffer: (_, title) => title === CONFIRMED,
});
