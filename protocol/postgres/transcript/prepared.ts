import type { Column } from "../backend.ts";
import type { BindBody, ParseBody } from "./bodies.ts";

/** Bytes of texts and parameters that are remembered; what is older is forgotten, not misreported. */
const MAX_REMEMBERED = 16 * 1024 * 1024;

export class Prepared {
  readonly name: string;
  readonly source: ParseBody;
  /** Object ids; 0 where it isn't known. From Parse, then as the server describes them. */
  parameterTypes: number[];
  /** The result's columns once described; empty when it has none. */
  columns: Column[] | null = null;
  /** SQL has prepared or deallocated since. */
  doubtful = false;
  readonly cost: number;

  constructor(source: ParseBody) {
    this.name = source.name;
    this.source = source;
    this.parameterTypes = source.parameterTypes;
    this.cost = source.text.length + source.parameterTypes.length * 4 + 100;
  }
}

export class Portal {
  readonly name: string;
  readonly bind: BindBody;
  /** What it was bound to: by the client's words until the server has confirmed it. */
  prepared: Prepared | undefined;
  readonly cost: number;
  #columns: Column[] | null = null;

  constructor(bind: BindBody, prepared: Prepared | undefined) {
    this.name = bind.portal;
    this.bind = bind;
    this.prepared = prepared;
    this.cost = bind.parameters.reduce((sum, value) => sum + (value?.bytes.length ?? 0) + 16, 100);
  }

  describe(columns: Column[]): void {
    this.#columns = columns;
  }

  /** The columns with the formats in which this portal sends them; null when they were never described. */
  get columns(): Column[] | null {
    if (this.#columns) return this.#columns;
    const formats = this.bind.resultFormats;
    return (
      this.prepared?.columns?.map((column, index) => ({
        ...column,
        format: (formats.length === 1 ? formats[0] : formats[index]) ?? 0,
      })) ?? null
    );
  }
}

/**
 * What names stand for. `confirmed` is what the server has answered for; `said` is what the client has sent
 * since, for showing a statement before the server has answered. The two differ when a Parse or Bind fails: a
 * client could otherwise dress up what it runs.
 */
export class Names<T extends { cost: number }> {
  readonly #confirmed = new Map<string, T>();
  #cost = 0;
  readonly #said = new Map<string, T | null>();
  #saidCost = 0;

  say(name: string, item: T | null): void {
    this.#saidCost += 100 + (item?.cost ?? 0);
    if (this.#saidCost > MAX_REMEMBERED) this.settle();
    this.#said.set(name, item);
  }

  /** Forgets what the client has said and the server not confirmed. */
  settle(): void {
    this.#said.clear();
    this.#saidCost = 0;
  }

  latest(name: string): T | undefined {
    const said = this.#said.get(name);
    return said === undefined ? this.#confirmed.get(name) : (said ?? undefined);
  }

  confirmed(name: string): T | undefined {
    return this.#confirmed.get(name);
  }

  confirm(name: string, item: T): void {
    this.remove(name);
    this.#confirmed.set(name, item);
    this.#cost += item.cost;
    for (const oldest of this.#confirmed.keys()) {
      if (this.#cost <= MAX_REMEMBERED) break;
      this.remove(oldest);
    }
  }

  remove(name: string): void {
    this.#cost -= this.#confirmed.get(name)?.cost ?? 0;
    this.#confirmed.delete(name);
  }

  values(): Iterable<T> {
    return this.#confirmed.values();
  }
}
