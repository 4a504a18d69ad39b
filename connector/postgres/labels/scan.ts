import { columnPatternText } from "../../../protocol/column-pattern.ts";
import { SallyportError } from "../../../protocol/errors.ts";
import {
  type ColumnPlace,
  isScanLabelsRequest,
  type LabelledColumn,
  type LabelProposal,
  type LabelScan,
  MAX_REASON,
  MAX_REASONS,
  MAX_SCAN_LIST,
  type ScanLabelsRequest,
} from "../../../protocol/label-scan.ts";
import type { PostgresTargetConfig } from "../../config.ts";
import { labelOf } from "../../mask/label-of.ts";
import type { Labels } from "../../mask/labels.ts";
import { SideConnection } from "../catalog/side-connection.ts";
import type { SqlSource } from "../catalog/source.ts";
import { databaseOf } from "../database-of.ts";
import { columnWords } from "./column-words.ts";
import { readColumns, type ScannedColumn, type ScannedRelation } from "./columns.ts";
import { confidenceOf, REFERENCE_WEIGHT, type Suggestion, suggest, together } from "./propose.ts";
import { isTelling, type Sampled, sampleRelation, whyNot } from "./sample.ts";

/** After this nothing more is sampled, ms: names, types and comments of the rest are looked at all the same. */
const SAMPLING_MS = 40_000;
/** Characters of the lists of an answer, as JSON. */
const MAX_LISTS = 900_000;
/** What is no more than low. */
const GUESS = 0.4;
/** Foreign keys that are followed from column to column. */
const MAX_STEPS = 8;

/**
 * Proposes labels for the columns of one database. Values are looked at in this process, over a connection of its own
 * that is read-only and closed afterwards; the answer has none. Throws `invalid_request`; `not_found` for a database that isn't the
 * target's or a schema that there isn't, `session_ended` when `signal` aborts it, and what a `SideConnection` throws.
 */
export async function scanLabels(
  target: PostgresTargetConfig,
  request: ScanLabelsRequest,
  signal: AbortSignal,
): Promise<{ scan: LabelScan }> {
  // It comes from the edge, and stands in SQL.
  if (!isScanLabelsRequest(request)) {
    throw new SallyportError("invalid_request", "the question for labels is none that can be put");
  }
  const database = databaseOf(target, request.database);
  const source = new SideConnection(target, database);
  const end = () => source.end();
  signal.addEventListener("abort", end);
  try {
    if (signal.aborted) end();
    return { scan: await scanDatabase(source, target.labels, database, request) };
  } finally {
    signal.removeEventListener("abort", end);
    end();
  }
}

async function scanDatabase(
  source: SqlSource,
  labels: Labels,
  database: string,
  { schemas, rows }: ScanLabelsRequest,
): Promise<LabelScan> {
  const until = performance.now() + SAMPLING_MS;
  const { relations, complete } = await readColumns(source, schemas);
  const unknown = schemas.filter((schema) => !relations.some((one) => one.schema === schema));
  if (complete && unknown.length > 0) {
    throw new SallyportError(
      "not_found",
      `there is no schema ${unknown.join(", ")} with a table that the connector's role may see`,
      "Names are as the catalog has them: capital letters count.",
    );
  }
  const notSampled: LabelScan["notSampled"] = [];
  const found: Found[] = [];
  for (const relation of relations) {
    const telling = relation.columns.filter((column) => isTelling(column) && !isSettled(labels, column));
    const sampled = new Map<ScannedColumn, Sampled>();
    const skip = (why: string) =>
      notSampled.push({ schema: relation.schema, relation: relation.relation, why });
    if (telling.length > 0 && relation.foreign) {
      skip("its rows are another server's");
    } else {
      try {
        const late = () => performance.now() > until;
        await sampleRelation(source, relation, telling, rows, late, sampled);
        if (sampled.size < telling.length) skip("the time for one scan was over");
      } catch (error) {
        const why = whyNot(error);
        if (why === null) throw error;
        skip(why);
      }
    }
    for (const column of relation.columns) found.push(...ofColumn(column, sampled.get(column), labels));
  }
  const proposals = [...followed(relations, found, labels)].sort(
    (a, b) =>
      b.suggestion.score - a.suggestion.score ||
      (columnPatternText(a.place) < columnPatternText(b.place) ? -1 : 1),
  );
  const answer: LabelScan = {
    database,
    relations: relations.length,
    columns: relations.reduce((sum, { columns }) => sum + columns.length, 0),
    proposals: proposals.map(proposalOf),
    labelled: relations.flatMap(({ columns }) => columns.flatMap((column) => labelledOf(labels, column))),
    notSampled,
    leftOut: 0,
  };
  return bounded(answer, complete);
}

/** A place for which something speaks. */
interface Found {
  place: ColumnPlace;
  suggestion: Suggestion;
}

function ofColumn(column: ScannedColumn, sampled: Sampled | undefined, labels: Labels): Found[] {
  if (isSettled(labels, column)) return [];
  const { schema, relation, column: name, family, comment } = column;
  const best = new Map<string, Found>();
  const put = (path: string[], suggestion: Suggestion | null) => {
    if (suggestion === null || isLabelledNear(labels, column, path)) return;
    const key = JSON.stringify(path);
    if ((best.get(key)?.suggestion.score ?? 0) >= suggestion.score) return;
    best.set(key, { place: { schema, relation, column: name, path }, suggestion });
  };
  const evidence = sampled?.evidence ?? null;
  const whole = suggest({
    words: columnWords(name),
    around: columnWords(relation),
    family,
    comment,
    evidence,
  });
  put([], whole);
  for (const { path, words, around, family: inner, evidence: seen, below } of sampled?.places ?? []) {
    const suggestion = suggest({ words, around, family: inner, comment: "", evidence: seen });
    if (suggestion === null || confidenceOf(suggestion.score) === "low") continue;
    put(path, path.length === 0 && below === "keys" ? guessed(suggestion) : suggestion);
  }
  // What is inside of what is labelled needs no label of its own.
  const all = [...best.values()];
  const sure = all.filter(({ suggestion }) => confidenceOf(suggestion.score) !== "low");
  return all.filter(({ place }) => !sure.some((other) => isBelow(place, other.place)));
}

/** Whole documents for the sake of a few keys: that is for people to decide. */
function guessed(suggestion: Suggestion): Suggestion {
  const reasons = [...suggestion.reasons, "behind keys that few documents have"];
  return { ...suggestion, score: Math.min(suggestion.score, GUESS), reasons };
}

function isBelow(place: ColumnPlace, other: ColumnPlace): boolean {
  return place.path.length > other.path.length && other.path.every((key, at) => key === place.path[at]);
}

/** Columns that refer to such as have a label, or should have one, hold the same values. */
function followed(relations: readonly ScannedRelation[], found: readonly Found[], labels: Labels): Found[] {
  const whole = new Map(
    found
      .filter(({ place }) => place.path.length === 0)
      .map((one) => [columnPatternText(one.place), one] as const),
  );
  const referring = relations.flatMap(({ columns }) =>
    columns.filter((column) => column.refersTo !== null && !isSettled(labels, column)),
  );
  const gained = new Set<string>();
  for (let step = 0; step < MAX_STEPS; step++) {
    let changed = false;
    for (const column of referring) {
      const { schema, relation, column: name, refersTo } = column;
      const place: ColumnPlace = { schema, relation, column: name, path: [] };
      const key = columnPatternText(place);
      if (gained.has(key)) continue;
      const [refSchema, refRelation, refColumn] = refersTo!;
      const other: ColumnPlace = { schema: refSchema, relation: refRelation, column: refColumn, path: [] };
      const there = labelOf(labels, refSchema, refRelation, refColumn);
      const source = whole.get(columnPatternText(other))?.suggestion;
      const label = there.kind === "whole" ? there.label.name : source?.label;
      if (label === undefined || (there.kind !== "whole" && confidenceOf(source!.score) === "low")) continue;
      const own = whole.get(key)?.suggestion;
      const same = own?.label === label;
      if (own !== undefined && !same && own.score >= REFERENCE_WEIGHT) continue;
      whole.set(key, {
        place,
        suggestion: {
          label,
          mask: there.kind === "whole" ? null : source!.mask,
          score: together(REFERENCE_WEIGHT, same ? own.score : 0),
          reasons: [...(same ? own.reasons : []), `it refers to ${columnPatternText(other)}`],
        },
      });
      gained.add(key);
      changed = true;
    }
    if (!changed) break;
  }
  return [...found.filter(({ place }) => place.path.length > 0), ...whole.values()];
}

/** The settings say of the whole column what it is. */
function isSettled(labels: Labels, { schema, relation, column }: ScannedColumn): boolean {
  const { kind } = labelOf(labels, schema, relation, column);
  return kind === "whole" || kind === "none";
}

/** The settings label this part of its documents, one in it, or one around it. */
function isLabelledNear(
  labels: Labels,
  { schema, relation, column }: ScannedColumn,
  path: string[],
): boolean {
  const said = labelOf(labels, schema, relation, column);
  if (said.kind !== "paths") return false;
  return said.paths.some(({ path: other }) => {
    const shorter = Math.min(path.length, other.length);
    return other.slice(0, shorter).every((key, at) => key === path[at]);
  });
}

function labelledOf(labels: Labels, { schema, relation, column }: ScannedColumn): LabelledColumn[] {
  const said = labelOf(labels, schema, relation, column);
  const place = { schema, relation, column };
  switch (said.kind) {
    case "unlabelled":
      return [];
    case "none":
      return [{ ...place, path: [], label: "none" }];
    case "whole":
      return [{ ...place, path: [], label: said.label.name }];
    case "paths":
      return said.paths.map(({ path, label }) => ({ ...place, path: [...path], label: label.name }));
  }
}

function proposalOf({ place, suggestion: { label, mask, score, reasons } }: Found): LabelProposal {
  const words = reasons.slice(0, MAX_REASONS).map((reason) => reason.slice(0, MAX_REASON).toWellFormed());
  // `suggest` answers nothing that is less than low.
  return { ...place, label, mask, confidence: confidenceOf(score)!, reasons: words };
}

/** Within what one answer holds; the least sure are left out first. */
function bounded(answer: LabelScan, complete: boolean): LabelScan {
  let room = MAX_LISTS;
  let leftOut = complete ? 0 : 1;
  const fit = <T>(list: T[]): T[] => {
    const taken: T[] = [];
    for (const one of list) {
      room -= JSON.stringify(one).length + 1;
      if (room < 0 || taken.length === MAX_SCAN_LIST) break;
      taken.push(one);
    }
    leftOut += list.length - taken.length;
    return taken;
  };
  const [proposals, labelled, notSampled] = [
    fit(answer.proposals),
    fit(answer.labelled),
    fit(answer.notSampled),
  ];
  return { ...answer, proposals, labelled, notSampled, leftOut };
}
