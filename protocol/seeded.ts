import fc from "fast-check";

/** Of random input: `SEED` of the environment, which `test/run.ts` sets; a file that is run by itself takes another each time. */
export const SEED = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));

// Where an assertion names none; one that fails tells it.
fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: SEED });

/** `SEED`, told among what the test prints. */
export function seedOf(t: { diagnostic(message: string): void }): number {
  t.diagnostic(`SEED=${SEED}`);
  return SEED;
}

/** How often a property is tried: `many` times in `npm run test:long`, which sets `LONG_RUNS`. */
export function runs(few: number, many: number): number {
  return process.env.LONG_RUNS === undefined ? few : many;
}
