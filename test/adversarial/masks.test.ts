import { CONFIRMED } from "./attacks/stored-values.ts";
import { SAME_FOR_BOTH } from "./masks.ts";
import { describeAttacks } from "./suite.ts";
import { byOtherPaths, plain } from "./trial.ts";

/** An eighth of the attacks is tried: ATTACKS=0 to 7 of the environment says which, else the run's turn, else chance. */
const PARTS = 8;
const part = Number(process.env.ATTACKS ?? process.env.TURN ?? Math.floor(Math.random() * PARTS)) % PARTS;
let turn = 0;

describeAttacks({
  name: `attacks on masks, ATTACKS=${part}`,
  masks: SAME_FOR_BOTH,
  chosen: (number) => number % PARTS === part,
  /** Each by one path: the paths that it can take have turns. The long test has every attack by every path. */
  trialsOf(attack) {
    const trials = [plain(attack), ...byOtherPaths(attack)];
    return [trials[turn++ % trials.length]!];
  },
  mayDiffer: (_, title) => title === CONFIRMED,
});
