import { SAME_FOR_BOTH } from "./masks.ts";
import { describeAttacks } from "./suite.ts";
import { byOtherPaths, plain } from "./trial.ts";

describeAttacks("attacks on masks, by every path", SAME_FOR_BOTH, (attack) => [
  plain(attack),
  ...byOtherPaths(attack),
]);
