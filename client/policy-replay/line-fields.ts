import { argumentsText } from "../../protocol/policy/arguments.ts";
import type { CommandFacts, LineFacts } from "../../protocol/shell/facts.ts";

/** A line of an explanation. */
export type Field = [name: string, value: string];

/** What was proved of a command line, for people; each command begins with its words. */
export function lineFields({ commands, opaque, fingerprint }: LineFacts): Field[] {
  return [
    ["complete", opaque.length === 0 ? "yes: these are all its commands" : `no: ${opaque.join("; ")}`],
    ...commands.flatMap(commandFields),
    ["fingerprint", fingerprint],
  ];
}

function commandFields(facts: CommandFacts): Field[] {
  const { argv, via, runAs, host, reads, writes, assignments, stdin, known, effects, opaque } = facts;
  const list = (name: string, values: readonly string[]): Field[] =>
    values.length === 0 ? [] : [[name, values.join(", ")]];
  return [
    ["command", argumentsText(argv)],
    ...list("  run by", via),
    ...list("  as", runAs === null ? [] : [runAs]),
    ...list("  on", host === null ? [] : [host]),
    ...list("  effects", effects),
    ...list("  reads", reads),
    ...list("  writes", writes),
    ...list("  variables", assignments),
    ...list("  input", stdin === "agent" ? [] : [stdin]),
    ...list("  not known", known || opaque.length > 0 ? opaque : ["what it does"]),
  ];
}
