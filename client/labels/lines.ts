import { columnPatternText } from "../../protocol/column-pattern.ts";
import { HIDDEN } from "../../protocol/hidden-characters.ts";
import type { ColumnPlace, LabelProposal, ProposedMask } from "../../protocol/label-scan.ts";
import { exactText } from "../approvals/words.ts";

/** A line of settings, without its indentation. */
export interface SettingsLine {
  key: string;
  text: string;
}

/** What proposals come to in a target's settings. */
export interface ProposedLines {
  labels: SettingsLine[];
  /** Of labels that have a form of their own; the others are masked as null. */
  masks: SettingsLine[];
  /** Too unsure to be more than comments; keyed by what stands before the reasons. */
  unsure: SettingsLine[];
}

/** The lines for these proposals. `known`: labels that the settings have, with or without a mask. */
export function proposedLines(
  proposals: readonly LabelProposal[],
  known: ReadonlySet<string>,
): ProposedLines {
  const sure = proposals.filter(({ confidence }) => confidence !== "low");
  const unsure = proposals.filter(({ confidence }) => confidence === "low");
  const width = Math.max(0, ...proposals.map((one) => lineOf(one).length));
  const text = (one: LabelProposal) => {
    const why = `# ${one.confidence}: ${one.reasons.map(exactText).join("; ")}`;
    return `${lineOf(one).padEnd(Math.min(width, MAX_WIDTH))}  ${why}`;
  };
  return {
    labels: sure.map((one) => ({ key: columnPatternText(one), text: text(one) })),
    masks: maskLines(sure, known),
    unsure: unsure.map((one) => ({ key: `# ${lineOf(one)}`, text: `# ${text(one)}` })),
  };
}

const MAX_WIDTH = 60;

/** A column for people to read. */
export function placeWords(place: ColumnPlace): string {
  return exactText(columnPatternText(place));
}

function lineOf(proposal: LabelProposal): string {
  return `${yamlKey(columnPatternText(proposal))}: ${proposal.label}`;
}

/** What YAML reads as this text without quotes. */
const PLAIN = /^[a-z_][a-z0-9_$]*(?:\.[a-z_][a-z0-9_$]*){2}(?:->'[A-Za-z0-9_]+')*$/;

/** In YAML's double quotes any character can be written as its number: none is there that isn't seen. */
function yamlKey(pattern: string): string {
  if (PLAIN.test(pattern)) return pattern;
  const escaped = pattern.replace(/["\\]/g, "\\$&").replace(/[\n\t]/g, numbered);
  return `"${escaped.replace(HIDDEN, numbered)}"`;
}

function numbered(character: string): string {
  const code = character.codePointAt(0)!;
  return code > 0xffff
    ? `\\U${code.toString(16).padStart(8, "0")}`
    : `\\u${code.toString(16).padStart(4, "0")}`;
}

/** A label has one mask for all its columns: where they'd need several it stays null, which needs no line. */
function maskLines(proposals: readonly LabelProposal[], known: ReadonlySet<string>): SettingsLine[] {
  const masks = new Map<string, string>();
  for (const { label, mask } of proposals) {
    if (mask === null || known.has(label)) continue;
    const text = maskText(mask);
    masks.set(label, (masks.get(label) ?? text) === text ? text : NULL);
  }
  return [...masks]
    .filter(([, text]) => text !== NULL)
    .map(([key, text]) => ({ key, text: `${key}: ${text}` }));
}

const NULL = maskText({ mask: "null" });

function maskText(mask: ProposedMask): string {
  const members = Object.entries(mask).map(
    ([name, value]) => `${name}: ${value === "null" ? '"null"' : value}`,
  );
  return `{${members.join(", ")}}`;
}
