import type { Heard } from "../compatibility/conversation.ts";
import { summary } from "../guard/wire.ts";
import { type Attack, startupOf, stepsOf, titleOf, undoOf } from "./attack.ts";
import type { World } from "./canaries.ts";
import { pathsOf } from "./paths.ts";
import { canariesHeard, comparable, isAlone, Player, type Scene, type Stage } from "./play.ts";

/** One attack by one path. */
export interface Trial extends Scene {
  title: string;
  /** The title of the attack, whatever the path. */
  attack: string;
}

/** What came of a trial in both worlds. */
export interface Outcome {
  /** Cells whose values came out. */
  canaries: string[];
  /** The first line in which the worlds' answers differ, or null. */
  difference: string | null;
  /** What the agent heard, by world. */
  heard: Record<World, Heard[]>;
}

/** The attack as it stands, in simple queries. */
export function plain(attack: Attack): Trial {
  return {
    title: titleOf(attack),
    attack: titleOf(attack),
    steps: stepsOf(attack),
    undo: undoOf(attack),
    startup: startupOf(attack),
  };
}

/** The attack by every other path that it can take: only single statements can take others. */
export function byOtherPaths(attack: Attack): Trial[] {
  if (typeof attack !== "string") return [];
  return Object.entries(pathsOf(attack)).map(([name, path]) => ({
    title: `${name}: ${attack}`,
    attack,
    steps: path(attack),
    undo: null,
    startup: null,
  }));
}

/** Trials that are sent at once. */
const TOGETHER = 25;

/** Tries attacks in both worlds at once. */
export class Theatre {
  readonly #players: Record<World, Player>;
  readonly #lastOid: number;

  constructor(stages: Record<World, Stage>, lastOid: number) {
    this.#players = { a: new Player(stages.a), b: new Player(stages.b) };
    this.#lastOid = lastOid;
  }

  async outcome(trial: Trial): Promise<Outcome> {
    return this.#judged(...(await this.#played(trial)));
  }

  /** Of each trial. Those that need nobody else are sent many at once, and tried again by themselves where they leak. */
  async *outcomes(trials: readonly Trial[]): AsyncGenerator<{ trial: Trial; outcome: Outcome }> {
    for (let at = 0; at < trials.length; ) {
      const together = trials.slice(at, at + TOGETHER);
      const other = together.findIndex((trial) => !isAlone(trial));
      const batch = other < 0 ? together : together.slice(0, Math.max(other, 1));
      const { a, b } = this.#players;
      const heard =
        batch.length === 1 ? [] : await Promise.all([a.playTogether(batch), b.playTogether(batch)]);
      for (const [index, trial] of batch.entries()) {
        const [one, two] = heard.map((parts) => parts?.[index]);
        const outcome = one && two ? this.#judged(one, two) : null;
        const isSound = outcome !== null && outcome.difference === null && outcome.canaries.length === 0;
        yield { trial, outcome: isSound ? outcome : await this.outcome(trial) };
      }
      at += batch.length;
    }
  }

  #judged(a: Heard[], b: Heard[]): Outcome {
    const canaries = [...canariesHeard(a, this.#players.a.stage), ...canariesHeard(b, this.#players.b.stage)];
    const difference = firstDifference(comparable(a, this.#lastOid), comparable(b, this.#lastOid));
    return { canaries, difference, heard: { a, b } };
  }

  /**
   * How a trial leaks: a canary came out, or the worlds answer differently, each of them twice the same; null when
   * it doesn't.
   */
  async leak(trial: Trial): Promise<"canary" | "difference" | null> {
    const first = await this.outcome(trial);
    if (first.canaries.length > 0) return "canary";
    if (first.difference === null) return null;
    const [a, b] = await this.#played(trial);
    const same = (world: World, again: Heard[]) =>
      comparable(first.heard[world], this.#lastOid) === comparable(again, this.#lastOid);
    return same("a", a) && same("b", b) ? "difference" : null;
  }

  async close(): Promise<void> {
    await Promise.all([this.#players.a.close(), this.#players.b.close()]);
  }

  async #played(trial: Trial): Promise<[Heard[], Heard[]]> {
    const play = (player: Player) => player.play(trial);
    try {
      return await Promise.all([play(this.#players.a), play(this.#players.b)]);
    } catch (error) {
      throw new Error(`${trial.title}: ${error instanceof Error ? error.message : error}`, { cause: error });
    }
  }
}

/** Why a trial through the gateway is a leak, or null. */
export function leakOf({ title }: Trial, { canaries, difference }: Outcome): string | null {
  if (canaries.length > 0) return `${title}\n    shows ${canaries.slice(0, 3).join(", ")}`;
  return difference === null ? null : `${title}\n    ${difference}`;
}

/** Whether the gateway refused any of it. */
export function wasRefused({ heard }: Outcome): boolean {
  return summary(heard.a).errors.some(({ message }) => message.startsWith("refused by Sallyport"));
}

function firstDifference(a: string, b: string): string | null {
  if (a === b) return null;
  const [linesA, linesB] = [a.split("\n"), b.split("\n")];
  const at = linesA.findIndex((line, index) => line !== linesB[index]);
  const shown = (line: string | undefined) => JSON.stringify(line?.slice(0, 200));
  return `tells the worlds apart: ${shown(linesA[at])} ≠ ${shown(linesB[at])}`;
}
