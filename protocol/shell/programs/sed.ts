import { type Call, type Findings, type Program, type Word, wordOf } from "./program.ts";

/** sed(1): what its script reads, writes and runs. */
export const SED: Program = {
  options:
    "nErsuze:l:b --quiet --silent --regexp-extended --separate --unbuffered --null-data --expression= --posix --sandbox --debug --line-length= --help --version",
  // The script of a file isn't in the line.
  does: { "f: --file=": ["run-code"], "i? --in-place=?": ["write"] },
  more(call, findings) {
    const scripts = call.options.filter(({ name }) => name === "-e" || name === "--expression");
    const filed = call.options.some(({ name }) => name === "-f" || name === "--file");
    const files = scripts.length > 0 || filed ? call.operands : call.operands.slice(1);
    if (filed) findings.unknown("Its script is in a file.");
    if (scripts.length > 0)
      scripted(
        scripts.map(({ value }) => value),
        findings,
      );
    else if (!filed && call.operands[0] !== undefined) scripted([call.operands[0]], findings);
    for (const file of files) {
      findings.read(file);
      if (inPlace(call)) findings.write(file);
    }
    const suffix = call.options.find(({ name }) => name === "-i" || name === "--in-place")?.value?.text;
    if (suffix?.includes("/") || suffix?.includes("*")) findings.unknown("Its copies lie elsewhere.");
  },
};

const inPlace = (call: Call): boolean =>
  call.options.some(({ name }) => name === "-i" || name === "--in-place");

function scripted(parts: (Word | null)[], findings: Findings): void {
  if (parts.some((part) => part === null || part.text === null)) {
    findings.unknown("Its script isn't static.");
    return;
  }
  new Script(parts.map((part) => part!.text).join("\n"), findings).read();
}

/** Reads a script command by command; at the first that isn't understood it ends, and says so. */
class Script {
  readonly #text: string;
  readonly #findings: Findings;
  #at = 0;

  constructor(text: string, findings: Findings) {
    this.#text = text;
    this.#findings = findings;
  }

  read(): void {
    while (this.#at < this.#text.length) {
      this.#skip(/[\s;{}]*/y);
      if (this.#at >= this.#text.length) return;
      if (this.#peek() === "#") {
        this.#skip(/[^\n]*/y);
        continue;
      }
      if (!this.#address() || !this.#command()) {
        this.#findings.unknown("Its script isn't understood.");
        return;
      }
    }
  }

  #peek(): string {
    return this.#text[this.#at] ?? "";
  }

  #skip(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const [found = ""] = pattern.exec(this.#text) ?? [];
    this.#at += found.length;
    return found;
  }

  #address(): boolean {
    for (let count = 0; count < 2; count++) {
      if (this.#skip(/\d+(?:~\d+)?|\$/y) === "") {
        if (count === 1 && this.#skip(/[+~]\d+/y) !== "") break;
        if (this.#peek() === "/") {
          this.#at++;
          if (this.#until("/", true) === null) return false;
          this.#skip(/[IM]*/y);
        } else if (this.#peek() === "\\") {
          const end = this.#text[this.#at + 1] ?? "";
          this.#at += 2;
          if (!/[^\s\\]/.test(end) || this.#until(end, true) === null) return false;
          this.#skip(/[IM]*/y);
        } else {
          if (count === 1) return false;
          break;
        }
      }
      this.#skip(/[ \t]*/y);
      if (this.#peek() !== ",") break;
      if (count === 1) return false;
      this.#at++;
      this.#skip(/[ \t]*/y);
    }
    this.#skip(/[ \t!]*/y);
    return true;
  }

  /**
   * The text to the next `end` that no backslash hides; null where there is none, or where it can't be told. Versions
   * differ in whether a bracket hides it, so a bracket around one isn't understood.
   */
  #until(end: string, regex: boolean): string | null {
    const begin = this.#at;
    for (; this.#at < this.#text.length; this.#at++) {
      const char = this.#text[this.#at]!;
      if (char === "\\") {
        this.#at++;
      } else if (char === end) {
        const found = this.#text.slice(begin, this.#at++);
        return regex && /\[[^\]]*$/.test(found.replace(/\\[\s\S]/g, "")) ? null : found;
      } else if (char === "\n" && regex) {
        return null;
      }
    }
    return null;
  }

  #command(): boolean {
    const name = this.#peek();
    this.#at++;
    switch (name) {
      case "{":
      case "}":
        return true;
      case "s":
        return this.#substitute();
      case "y": {
        const end = this.#peek();
        this.#at++;
        return (
          /[^\s\\\w]/.test(end) &&
          this.#until(end, false) !== null &&
          this.#until(end, false) !== null &&
          this.#ended()
        );
      }
      case "a":
      case "i":
      case "c":
        this.#skip(/(?:\\\n|[^\n])*/y);
        return true;
      case "b":
      case "t":
      case "T":
      case ":":
        this.#skip(/[ \t]*\w*[ \t]*/y);
        return this.#ended();
      case "q":
      case "Q":
      case "l":
      case "L":
        this.#skip(/[ \t]*\d*/y);
        return this.#ended();
      case "r":
      case "R":
      case "w":
      case "W":
        return this.#file(name.toLowerCase() === "w");
      case "e":
        this.#findings.does("run-code");
        return false;
      default:
        return /[=dDgGhHnNpPxzF]/.test(name) && this.#ended();
    }
  }

  #ended(): boolean {
    this.#skip(/[ \t]*/y);
    return this.#peek() === "" || /[;}\n#]/.test(this.#peek());
  }

  #substitute(): boolean {
    const end = this.#peek();
    this.#at++;
    if (!/[^\s\\\w]/.test(end)) return false;
    if (this.#until(end, true) === null || this.#until(end, false) === null) return false;
    const flags = this.#skip(/[gpiIm0-9]*/y);
    if (this.#peek() === "e") {
      this.#findings.does("run-code");
      return false;
    }
    if (this.#peek() === "w") {
      this.#at++;
      return this.#file(true);
    }
    return flags !== null && this.#ended();
  }

  /** A file's name goes to the end of the line, whatever stands in it. */
  #file(writes: boolean): boolean {
    const name = this.#skip(/[^\n]*/y).trim();
    if (name === "") return false;
    if (writes) {
      this.#findings.write(wordOf(name));
      this.#findings.does("write");
    } else {
      this.#findings.read(wordOf(name));
    }
    return true;
  }
}
