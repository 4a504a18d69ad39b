import { HASHES } from "./masks.ts";
import { describeAttacks } from "./suite.ts";
import { plain } from "./trial.ts";

// Hashes differ where values do, so only values that come out count, and the key, with which hashes could be tried.
describeAttacks({
  name: "attacks on hashes",
  masks: HASHES,
  trialsOf: (attack) => [plain(attack)],
  mayDiffer: () => true,
});
