import type { CatalogName, Hook, Relation, Routine } from "../../../protocol/sql/catalog.ts";
import type { Loaded } from "./answers.ts";

/** Names that are kept, and characters of what they mean; the oldest go first. */
const MAX_NAMES = 20_000;
const MAX_SIZE = 64 * 1024 * 1024;

interface Entry {
  loaded: Loaded;
  size: number;
}

/** What is known of a catalog, by kind, schema and name. Bounded. */
export class KnownNames {
  readonly #entries = new Map<string, Entry>();
  #size = 0;

  get count(): number {
    return this.#entries.size;
  }

  /** `size`: characters that it takes, about. */
  put(name: CatalogName, loaded: Loaded, size: number): void {
    const key = nameKey(name.kind, name.schema, name.name);
    this.#delete(key);
    this.#entries.set(key, { loaded, size });
    this.#size += size;
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= MAX_NAMES && this.#size <= MAX_SIZE) break;
      this.#delete(oldest);
    }
  }

  clear(): void {
    this.#entries.clear();
    this.#size = 0;
  }

  relation(schema: string, name: string): Relation | null | undefined {
    const loaded = this.#get("relation", schema, name);
    return loaded?.kind === "relation" ? loaded.relation : undefined;
  }

  functions(schema: string, name: string): readonly Routine[] | undefined {
    const loaded = this.#get("functions", schema, name);
    return loaded?.kind === "functions" ? loaded.functions : undefined;
  }

  user(kind: "operator" | "type", schema: string, name: string): boolean | undefined {
    const loaded = this.#get(kind, schema, name);
    return loaded?.kind === kind && "user" in loaded ? loaded.user : undefined;
  }

  exists(kind: "type" | "schema", schema: string, name: string): boolean | undefined {
    const loaded = this.#get(kind, schema, name);
    return loaded !== undefined && "exists" in loaded ? loaded.exists : undefined;
  }

  hooks(): readonly Hook[] | undefined {
    const loaded = this.#get("hooks", "", "");
    return loaded?.kind === "hooks" ? loaded.hooks : undefined;
  }

  #get(kind: CatalogName["kind"], schema: string, name: string): Loaded | undefined {
    return this.#entries.get(nameKey(kind, schema, name))?.loaded;
  }

  #delete(key: string): void {
    this.#size -= this.#entries.get(key)?.size ?? 0;
    this.#entries.delete(key);
  }
}

/** One text for a name; names hold no zero byte. */
export function nameKey(kind: CatalogName["kind"], schema: string, name: string): string {
  return `${kind}\0${schema}\0${name}`;
}

/** What a catalog answers from the names that it knows at the moment of asking. */
export abstract class KnownCatalog {
  /** The names that still count. */
  protected abstract fresh(): KnownNames;

  relation(schema: string, name: string): Relation | null | undefined {
    return this.fresh().relation(schema, name);
  }

  functions(schema: string, name: string): readonly Routine[] | undefined {
    return this.fresh().functions(schema, name);
  }

  userOperator(schema: string, name: string): boolean | undefined {
    return this.fresh().user("operator", schema, name);
  }

  userType(schema: string, name: string): boolean | undefined {
    return this.fresh().user("type", schema, name);
  }

  typeExists(schema: string, name: string): boolean | undefined {
    return this.fresh().exists("type", schema, name);
  }

  schemaExists(schema: string): boolean | undefined {
    return this.fresh().exists("schema", schema, "");
  }

  hooks(): readonly Hook[] | undefined {
    return this.fresh().hooks();
  }
}
