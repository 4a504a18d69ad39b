import { CONFIRMED } from "./attacks/stored-values.ts";
import { SAME_FOR_BOTH } from "./masks.ts";
import { describeAttacks } from "./suite.ts";
import { byOtherPaths, plain } from "./trial.ts";

describeAttacks({
  name: "attacks on masks, by every path",
  masks: SAME_FOR_BOTH,
  trialsOf: (attack) => [plain(attack), ...byOtherPaths(attack)],
  mayDiffer: (_, title) => title === CONFIRMED,
});
