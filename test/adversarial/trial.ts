import type { Heard } from "../compatibility/conversation.ts";
import { summary } from "../guard/wire.ts";
import { type Attack, startupOf, stepsOf, titleOf, undoOf } from "./attack.ts";
import type { World } from "./canaries.ts";
import { pathsOf } from "./paths.ts";
import { canariesHeard, comparable, Player, type Scene, type Stage } from "./play.ts";

/** One attack by one path. */
export interface Trial extends Scene {
  title: string;
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
    steps: path(attack),
    undo: null,
    startup: null,
  }));
}

/** Tries attacks in both worlds at once. */
export class Theatre {
  readonly #players: Record<World, Player>;
  readonly #lastOid: number;

  constructor(stages: Record<World, Stage>, lastOid: number) {
    this.#players = { a: new Player(stages.a), b: new Player(stages.b) };
    this.#lastOid = lastOid;
  }

  async outcome(trial: Trial): Promise<Outcome> {
    const [a, b] = await this.#played(trial);
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
