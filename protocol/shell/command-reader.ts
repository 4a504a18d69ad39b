import {
  type Assignment,
  type Command,
  type CompoundCommand,
  type CompoundList,
  forEachChild,
  type Pipeline,
  type Redirection,
  type Statement,
  type SyntaxNode,
} from "unbash";
import { bindingsOf, isPlainArithmetic, MAX_VARIABLES, withTied } from "./bindings.ts";
import type { CommandFacts } from "./facts.ts";
import { folderAfter, moves } from "./folder.ts";
import { literal, operandOf } from "./operand.ts";
import type { Parsed } from "./parse.ts";
import type { Place } from "./place.ts";
import { type Call, type Describe, ProgramReader } from "./program-reader.ts";
import { readRedirections } from "./redirections.ts";
import { testWords } from "./test-words.ts";
import { bind, bindNames, choices, expandsEnvironment, readNames, readWith } from "./values.ts";
import { readWord } from "./words.ts";

/** Where the variables of the environment stand. */
const ENVIRONMENT = "/proc/self/environ";

type Node = Statement["command"];

/** Goes through a script's tree in the order of its text and collects the commands that it may run. */
export class CommandReader {
  readonly #programs: ProgramReader;

  constructor(describe: Describe) {
    this.#programs = new ProgramReader(describe, (parsed, place) => this.read(parsed, place));
  }

  get commands(): CommandFacts[] {
    return this.#programs.commands;
  }

  /** Why commands of the line may be missing, beside what the parser says. */
  get opaque(): ReadonlySet<string> {
    return this.#programs.opaque;
  }

  read({ script }: Parsed, at: Place): void {
    if (script === null) return;
    const { functions, numbers, assigned, settable, ...bindings } = bindingsOf(script);
    if (at.assigned.size + assigned.size > MAX_VARIABLES) {
      this.#programs.miss(`The line sets more than ${MAX_VARIABLES} variables.`);
      return;
    }
    const place: Place = { ...at, functions: new Set([...at.functions, ...functions]), numbers };
    place.steady = at.steady && bindings.steady && !at.assigned.has("IFS");
    place.settable = place.steady ? settable : new Map();
    if (["histchars", "HISTCHARS"].some((name) => assigned.has(name))) {
      this.#programs.miss("zsh may begin comments by another character.");
    }
    this.#everywhere = [...this.#everywhere, assigned];
    this.#statements(script.commands, place);
    this.#everywhere = this.#everywhere.slice(0, -1);
    at.assigned = place.assigned;
  }

  /** Variables that are set anywhere in the scripts that are being read. */
  #everywhere: ReadonlySet<string>[] = [];

  #statements(statements: readonly Statement[], at: Place): void {
    for (const { command, background } of statements) {
      const { folder } = at;
      this.#node(command, at);
      // It isn't known whether the change of folder has succeeded.
      if (at.folder !== folder) at.folder = background ? folder : null;
      if (!background) bind(command, at);
    }
  }

  #list({ commands }: CompoundList, at: Place): void {
    this.#statements(commands, at);
  }

  #node(node: Node, at: Place): void {
    switch (node.type) {
      case "AndOr": {
        const { folder } = at;
        let { bound } = at;
        for (const [index, command] of node.commands.entries()) {
          const mayBeSkipped = node.operators.slice(0, index).includes("||");
          if (node.operators[index - 1] === "||" && at.folder !== folder) at.folder = null;
          if (mayBeSkipped) at.bound = bound;
          this.#node(command, at);
          bind(command, at);
          if (index === 0) bound = at.bound;
        }
        at.bound = bound;
        return;
      }
      case "Pipeline":
        this.#pipeline(node, at);
        return;
      case "Command":
        this.#command(node, at);
        return;
      case "Redirected":
        this.#redirected(node.command, node.redirects, at);
        return;
      case "Function":
        this.#function(node.body, at);
        return;
      case "Coproc":
        this.#node(node.body as Node, copy(at));
        return;
      default:
        this.#compound(node, at);
    }
  }

  #pipeline({ commands, prefixes }: Pipeline, at: Place): void {
    const time = prefixes.find((prefix) => prefix.type === "Time");
    for (const [index, command] of commands.entries()) {
      const alone = commands.length === 1;
      const place = alone ? at : copy(at);
      if (index > 0) Object.assign(place, { stdin: "pipe", stdinText: null });
      const { folder } = place;
      if (index === 0 && time?.type === "Time") this.#timed(command, time.posix !== undefined, place);
      else this.#node(command, place);
      if (alone) continue;
      at.assigned = union(at.assigned, place.assigned);
      // zsh and ksh run the last one themselves.
      if (place.folder !== folder) at.folder = null;
    }
  }

  /** "time" is a word of the grammar in bash, ksh and zsh, and a program in dash. */
  #timed(command: Node, posix: boolean, at: Place): void {
    const plain = command.type === "Command" && command.name !== undefined && command.prefix.length === 0;
    if (!plain || /^(-|time$)/.test(readWord(command.name!).value ?? "-")) {
      this.#programs.miss('What "time" runs differs between shells.');
      this.#node(command, at);
      return;
    }
    this.#command(command, at, posix ? ["time", "-p"] : ["time"]);
  }

  #function(body: SyntaxNode, at: Place): void {
    const place = copy(at);
    place.folder = null;
    // Whoever calls it may do so before anything is set.
    place.bound = new Map();
    place.assigned = this.#everywhere.reduce<ReadonlySet<string>>(union, at.assigned);
    this.#node(body as Node, place);
    at.assigned = union(at.assigned, place.assigned);
  }

  #redirected(command: CompoundCommand, redirections: readonly Redirection[], at: Place): void {
    const { reads, writes, effects, opaque, stdin, stdinText } = readRedirections(redirections, at);
    const place = { ...at, stdin, stdinText };
    if (reads.length + writes.length + effects.length + opaque.length > 0) {
      this.#programs.run(
        { operands: [literal(":")], reads, writes, effects, opaque, assignments: [] },
        place,
      );
    }
    this.#expanded(redirections, at);
    for (const redirection of redirections) this.#substitutions(redirection, at);
    this.#compound(command, place);
    at.folder = place.folder;
    at.assigned = place.assigned;
  }

  /** Words that no command has, and what of the environment expands in them. */
  #expanded(nodes: readonly SyntaxNode[], at: Place): void {
    if (!nodes.some((node) => expandsEnvironment(node, at.bound))) return;
    this.#programs.run(
      {
        operands: [literal(":")],
        reads: [ENVIRONMENT],
        writes: [],
        effects: [],
        opaque: [],
        assignments: [],
      },
      { ...at },
    );
  }

  /** What is set in a part of it may not be set after it. */
  #compound(node: CompoundCommand, at: Place): void {
    const { bound } = at;
    this.#parts(node, at);
    at.bound = bound;
  }

  #parts(node: CompoundCommand, at: Place): void {
    switch (node.type) {
      case "If": {
        this.#list(node.clause, at);
        const { bound } = at;
        this.#list(node.then, at);
        for (const { clause, then } of node.elif) {
          at.bound = bound;
          this.#list(clause, at);
          this.#list(then, at);
        }
        at.bound = bound;
        if (node.else !== undefined) this.#list(node.else, at);
        return;
      }
      case "For":
      case "Select": {
        const name = node.name.text;
        this.#expanded(node.wordlist ?? [], at);
        for (const word of node.wordlist ?? []) this.#substitutions(word, at);
        at.assigned = union(at.assigned, new Set(withTied(name)));
        bindNames([name], at);
        this.#loop(node, [node.body], at);
        return;
      }
      case "While":
        this.#loop(node, [node.clause, node.body], at);
        return;
      case "ArithmeticFor":
        this.#loop(node, [node.body], at);
        return;
      case "Case":
        this.#expanded([node.word, ...node.items.flatMap(({ pattern }) => pattern)], at);
        this.#substitutions(node.word, at);
        for (const { pattern, body } of node.items) {
          const { bound } = at;
          for (const word of pattern) this.#substitutions(word, at);
          this.#list(body, at);
          at.bound = bound;
        }
        return;
      case "Subshell": {
        const place = copy(at);
        this.#list(node.body, place);
        at.assigned = union(at.assigned, place.assigned);
        return;
      }
      case "BraceGroup":
        this.#list(node.body, at);
        return;
      case "TestCommand": {
        this.#expanded([node.expression], at);
        const words = testWords(node.expression).map((word) => operandOf(word, at));
        const operands = [literal("[["), ...words, literal("]]")];
        this.#programs.run(
          { operands, reads: [], writes: [], effects: [], opaque: [], assignments: [] },
          { ...at },
        );
        this.#substitutions(node, at);
        return;
      }
      case "ArithmeticCommand":
        this.#substitutions(node, at);
    }
  }

  /** What a later round sets or changes reaches the first commands of the next. */
  #loop(loop: SyntaxNode, bodies: readonly CompoundList[], at: Place): void {
    at.assigned = union(at.assigned, bindingsOf(loop).assigned);
    if (moves(loop)) at.folder = null;
    for (const body of bodies) {
      this.#list(body, at);
      if (loop.type === "While" && loop.kind === "while" && body === loop.clause) {
        bindNames(readNames(body), at);
      }
    }
  }

  /** Runs it with every value that the variables in its words may have. */
  #command(node: Command, at: Place, before: readonly string[] = []): void {
    if (this.#programs.isFull()) return;
    const targets = node.redirects.flatMap((one) => (one.type === "Redirect" ? (one.target ?? []) : []));
    const words = [...node.args.filter((argument) => argument.type === "Word"), ...targets];
    const all = choices(words, at.bound);
    const { folder } = at;
    for (const values of all) this.#once(node, values, at, before);
    // Each may have led elsewhere.
    if (all.length > 1 && at.folder !== folder) at.folder = null;
    this.#substitutions(node, at);
  }

  #once(node: Command, values: ReadonlyMap<string, string>, at: Place, before: readonly string[]): void {
    const redirected = readRedirections(node.redirects, at, (word) => readWith(word, values));
    if (expandsEnvironment(node, at.bound)) redirected.reads.push(ENVIRONMENT);
    const assignments = node.prefix.filter((part): part is Assignment => part.type === "Assignment");
    const names = assignments.flatMap(({ name }) => withTied(name));
    const name = node.name === undefined ? [] : [operandOf(node.name, at)];
    const args = node.args.map((word) => operandOf(word, at, values));
    const operands = [...before.map(literal), ...name, ...args];
    const place = { ...at, stdin: redirected.stdin, stdinText: redirected.stdinText };
    const call: Call = { ...redirected, operands, assignments: names };
    if (operands.length > 0) {
      this.#programs.run(call, place);
      at.assigned = union(at.assigned, place.assigned);
      if (operands.length === 1 && operands[0]!.value === "exec") {
        at.stdin = place.stdin;
        at.stdinText = null;
      }
      at.folder = folderAfter(operands, at);
      return;
    }
    at.assigned = union(at.assigned, new Set(names));
    // zsh runs "cat" or "more" for redirections alone.
    if (node.redirects.length > 0) {
      this.#programs.run({ ...call, operands: [literal("cat")] }, { ...place });
      if (redirected.stdin !== at.stdin)
        this.#programs.run({ ...call, operands: [literal("more")] }, { ...place });
    } else this.#expanded(assignments, at);
  }

  /** The commands of all substitutions below `node`, which run in shells of their own. */
  #substitutions(node: SyntaxNode, at: Place, input?: Place["stdin"]): void {
    if (node.type === "Script") {
      const place = copy(at);
      if (input !== undefined) Object.assign(place, { stdin: input, stdinText: null });
      this.#statements(node.commands, place);
      return;
    }
    if (node.type === "ArithmeticExpansion" && !isPlainArithmetic(node.expression, at.numbers)) {
      this.#programs.miss("An expression has a value that may be an expression itself, and run code.");
    }
    if (node.type === "ParameterExpansion" && node.operation?.type === "Default") {
      if (node.operation.operator.includes("=")) {
        at.assigned = union(at.assigned, new Set(withTied(node.parameter)));
      }
    }
    const piped = node.type === "ProcessSubstitution" && node.operator === ">" ? "pipe" : undefined;
    forEachChild(node, (child) => this.#substitutions(child, at, piped));
  }
}

function copy(at: Place): Place {
  return { ...at };
}

function union(a: ReadonlySet<string>, b: ReadonlySet<string>): ReadonlySet<string> {
  return b.size === 0 ? a : new Set([...a, ...b]);
}
