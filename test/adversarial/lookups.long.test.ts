import { CONFIRMED } from "./attacks/stored-values.ts";
import { GUESS } from "./fixture.ts";
import { LOOKUPS } from "./masks.ts";
import { describeAttacks } from "./suite.ts";
import { plain } from "./trial.ts";

const GUESSES = Object.values(GUESS).map(String);

// Exact values may be asked for, and nothing else: what names no whole value learns as little as without lookups.
describeAttacks({
  name: "attacks where values may be looked up",
  masks: LOOKUPS,
  trialsOf: (attack) => [plain(attack)],
  mayDiffer: (trial, title) =>
    title === CONFIRMED || title === "parameters" || GUESSES.some((guess) => trial.attack.includes(guess)),
});
