import { SAME_FOR_BOTH } from "./masks.ts";
import { describeAttacks } from "./suite.ts";
import { byOtherPaths, plain, type Trial } from "./trial.ts";

/** Every attack by one path: those that can take several take turns. The long test has every attack by every path. */
let turn = 0;

describeAttacks("attacks on masks", SAME_FOR_BOTH, (attack): Trial[] => {
  const trials = [plain(attack), ...byOtherPaths(attack)];
  return [trials[turn++ % trials.length]!];
});
