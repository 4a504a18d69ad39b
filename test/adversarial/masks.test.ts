import { CONFIRMED } from "./attacks/stored-values.ts";
import { SAME_FOR_BOTH } from "./masks.ts";
import { describeAttacks } from "./suite.ts";
import { byOtherPaths, plain } from "./trial.ts";

/** Half of the attacks are tried, the even or the odd ones: ATTACKS=0 or 1 of the environment, else either. */
const half = Number(process.env.ATTACKS ?? Math.floor(Math.random() * 2));
let turn = 0;

describeAttacks({
  name: `attacks on masks, ATTACKS=${half}`,
  masks: SAME_FOR_BOTH,
  chosen: (number) => number % 2 === half,
  /** Each by one path: the paths that it can take have turns. The long test has every attack by every path. */
  trialsOf(attack) {
    const trials = [plain(attack), ...byOtherPaths(attack)];
    return [trials[turn++ % trials.length]!];
  },
  mayDiffer: (_, title) => title === CONFIRMED,
});
