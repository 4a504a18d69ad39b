import type { ShellEffect } from "../facts.ts";
import { type Call, type Findings, type Program, type Word, wordOf } from "./program.ts";

const ANY: Word = { text: null, pattern: null };

/** Programs that make, change, copy and remove files. Which files may be told, so words may be any. */
export const CHANGING_FILES: Readonly<Record<string, Program>> = {
  rm: {
    effects: ["delete"],
    options:
      "dfiIrRv --force --recursive --interactive=? --one-file-system --no-preserve-root --preserve-root=? --dir --verbose",
    operands: "writes",
    harmless: true,
  },
  "rmdir unlink": {
    effects: ["delete"],
    options: "pv --parents --ignore-fail-on-non-empty --verbose",
    operands: "writes",
    harmless: true,
  },
  shred: {
    effects: ["delete", "write"],
    options: "fn:s:uvxz --remove=? --zero --iterations= --verbose",
    reads: "--random-source=",
    operands: "writes",
  },
  mkdir: {
    effects: ["write"],
    options: "m:pvZ --mode= --parents --verbose",
    operands: "writes",
    harmless: true,
  },
  mkfifo: { effects: ["write"], options: "m: --mode=", operands: "writes" },
  mknod: {
    effects: ["write", "change-system"],
    options: "m:",
    operands: "text",
    more: (call, found) => first(call, found),
  },
  touch: {
    effects: ["write"],
    options: "acd:fhmt: --no-create --date= --time= --no-dereference",
    reads: "r: --reference=",
    operands: "writes",
    harmless: true,
  },
  truncate: {
    effects: ["write"],
    options: "cos: --no-create --size=",
    reads: "r: --reference=",
    operands: "writes",
    harmless: true,
  },
  fallocate: { effects: ["write"], options: "cdl:no:pvxz --length=", operands: "writes" },
  mktemp: {
    effects: ["write"],
    options: "dqtup:V --directory --quiet --suffix= --tmpdir=?",
    operands: "text",
    more: (_, found) => found.write(wordOf("/tmp/*")),
  },
  cp: {
    effects: ["write"],
    options:
      "abdfiHlLnPpRrsS:Tuvxt:Z --archive --attributes-only --backup=? --copy-contents --force --interactive --link --dereference --no-clobber --no-dereference --preserve=? --no-preserve= --parents --recursive --reflink=? --remove-destination --sparse= --strip-trailing-slashes --symbolic-link --suffix= --target-directory= --no-target-directory --update=? --verbose --one-file-system",
    deep: "arR --archive --recursive",
    more: (call, findings) => copies(call, findings, []),
  },
  mv: {
    effects: ["write", "delete"],
    options:
      "bfinS:t:Tuv --backup=? --force --interactive --no-clobber --suffix= --target-directory= --no-target-directory --update=? --verbose",
    more: (call, findings) => copies(call, findings, ["delete"]),
  },
  ln: {
    effects: ["write"],
    options:
      "bfFiLnPrsS:t:Tv --symbolic --force --relative --no-dereference --target-directory= --no-target-directory --verbose --backup=?",
    more: (call, findings) => copies(call, findings, []),
  },
  install: {
    effects: ["write", "change-mode"],
    options:
      "bcCdDg:m:o:pS:t:Tv --mode= --owner= --group= --directory --target-directory= --backup=? --verbose",
    more(call, findings) {
      if (call.options.some(({ name }) => name === "-d" || name === "--directory")) {
        for (const word of call.operands) findings.write(word);
      } else copies(call, findings, []);
    },
  },
  "chmod chown chgrp chattr setfacl chcon restorecon": {
    effects: ["change-mode"],
    options:
      "cfvRHLPhmbxkdt --changes --silent --verbose --recursive --dereference --no-dereference --from= --no-preserve-root --preserve-root",
    reads: "--reference=",
    numbers: true,
    more(call, findings) {
      for (const word of call.operands) findings.write(word);
    },
  },
  "lsattr getfacl getcap": { options: "RVadlvpraet", operands: "lists" },
  tee: {
    effects: ["write"],
    options: "aip --append --ignore-interrupts --output-error=?",
    operands: "writes",
    harmless: true,
  },
  split: {
    effects: ["write"],
    options: "a:b:C:dl:n:x --bytes= --lines= --number= --numeric-suffixes=? --suffix-length=",
    operands: "text",
    more: (_, found) => found.write(ANY),
  },
  sponge: { effects: ["write"], options: "a", operands: "writes" },
  patch: {
    effects: ["write"],
    options: "p:Nb --dry-run --strip=",
    operands: "text",
    more: (_, found) => found.write(ANY),
  },
  dd: { effects: [], verbatim: true, more: copiesBlocks },
  sync: { effects: ["write"], options: "df", operands: "text" },
  yq: {
    options: "eyrPo:jMCnNp:0 --prettyPrint --no-colors --null-input --unwrapScalar=?",
    operands: "text-then-reads",
    does: { "i --inplace": ["write"] },
    more(call, findings) {
      if (
        call.operands.some(({ text }) =>
          /\b(?:load\w*|env|envsubst|strenv|eval|import|include)\b|\$ENV|^(?:e|eval|ea|eval-all)$/.test(
            text ?? "load",
          ),
        )
      ) {
        findings.unknown("Its expression reads more than its input.");
      }
      if (call.options.some(({ name }) => name === "-i" || name === "--inplace"))
        for (const word of call.operands.slice(1)) findings.write(word);
    },
  },
  "gzip gunzip bzip2 bunzip2 xz unxz zstd unzstd lz4 compress uncompress": {
    effects: [],
    options:
      "cdfkltTqvnN0123456789rehz --stdout --to-stdout --decompress --force --keep --list --test --quiet --verbose --recursive --best --fast --threads=",
    more(call, findings) {
      const shows = call.options.some(({ name }) =>
        /^(?:-[clt]|--stdout|--to-stdout|--list|--test)$/.test(name),
      );
      findings.does("read");
      for (const word of call.operands) {
        findings.read(word);
        if (!shows) findings.write(word);
      }
      if (!shows && call.operands.length > 0) findings.does("write", "delete");
    },
  },
  zip: {
    effects: ["write"],
    options: "rqjyu0123456789vXDoe i:x: --recurse-paths --quiet",
    deep: "r --recurse-paths",
    more(call, findings) {
      if (call.operands[0] !== undefined) findings.write(call.operands[0]);
      for (const word of call.operands.slice(1)) findings.read(word, true);
    },
  },
  unzip: {
    effects: [],
    options: "lpvtqojnZ1 d:x:",
    more(call, findings) {
      const shows = call.options.some(({ name }) => /^-[lpvtZ]$/.test(name));
      findings.does(shows ? "read" : "write");
      if (call.operands[0] !== undefined) findings.read(call.operands[0]);
      if (!shows) findings.write(call.options.find(({ name }) => name === "-d")?.value ?? wordOf("."));
    },
  },
  zipinfo: { options: "1lmsvhtz", operands: "lists" },
  tar: { effects: [], verbatim: true, more: archives },
};

function first(call: Call, findings: Findings): void {
  findings.write(call.operands[0] ?? ANY);
}

/** The last operand, or the value of -t, is what the others are copied to. */
function copies(call: Call, findings: Findings, effects: readonly ShellEffect[]): void {
  const folder = call.options.find(({ name }) => name === "-t" || name === "--target-directory")?.value;
  const sources = folder ? call.operands : call.operands.slice(0, -1);
  const target = folder ?? call.operands.at(-1);
  const deep =
    call.options.some(({ name }) => /^(?:-[arR]|--archive|--recursive)$/.test(name)) || effects.length > 0;
  for (const word of sources) {
    findings.read(word, deep);
    if (effects.length > 0) findings.write(word);
  }
  if (target !== undefined) findings.write(target);
}

function copiesBlocks(call: Call, findings: Findings): void {
  for (const { text } of call.operands) {
    const [, name, value] = text?.match(/^([a-z]+)=([\s\S]*)$/) ?? [];
    if (name === "if") {
      findings.does("read");
      findings.read(wordOf(value!));
    } else if (name === "of") {
      findings.does("write");
      findings.write(wordOf(value!));
    } else if (!/^(?:bs|ibs|obs|cbs|count|skip|seek|iseek|oseek|status|conv|iflag|oflag)$/.test(name ?? "")) {
      findings.unknown("An operand isn't understood.");
    }
  }
}

const TAR_VALUES = "fCXTIFbgKNVL";
const TAR_LONG =
  /^--(?:list|extract|get|create|gzip|gunzip|bzip2|xz|zstd|verbose|to-stdout|strip-components=\d+|exclude=.*|wildcards|numeric-owner|one-file-system|no-same-owner|same-owner|preserve-permissions|totals|sort=name|owner=\w+|group=\w+|mtime=.*|dereference|ignore-failed-read|warning=[\w-]+|force-local|auto-compress|full-time|absolute-names)$/;

/** tar(1), with its old form of options, where the first word has no dash. */
function archives(call: Call, findings: Findings): void {
  const words = [...call.operands];
  const modes = new Set<string>();
  const members: Word[] = [];
  let archive: Word | null = null;
  let folder: Word | null = null;
  for (let at = 0; at < words.length; at++) {
    const word = words[at]!;
    const { text } = word;
    if (text === null) {
      if (word.pattern === null || /^[-*?[]/.test(word.pattern))
        findings.unknown("A word that isn't static may be an option.");
      members.push(word);
    } else if (text.startsWith("--")) {
      if (!TAR_LONG.test(text)) findings.unknown(`The option ${text.slice(0, 40)} isn't known.`);
      if (/^--(?:extract|get)$/.test(text)) modes.add("x");
      if (text === "--create") modes.add("c");
      if (text === "--list") modes.add("t");
      if (text === "--to-stdout") modes.add("O");
    } else if (text.startsWith("-") || at === 0) {
      const letters = text.replace(/^-/, "");
      const old = !text.startsWith("-");
      for (let i = 0; i < letters.length; i++) {
        const letter = letters[i]!;
        if (TAR_VALUES.includes(letter)) {
          const rest = letters.slice(i + 1);
          if (old && rest !== "") findings.unknown("The order of its options isn't understood.");
          const value = rest === "" ? (words[++at] ?? ANY) : wordOf(rest);
          if (value.text === null) findings.unknown(`The value of -${letter} isn't static.`);
          if (letter === "f") archive = value;
          else if (letter === "C") folder = value;
          else if (letter === "X") findings.read(value);
          else findings.unknown(`The option -${letter} isn't understood.`);
          break;
        }
        if (!"xctruAdzjJvpkOhSmowaZP".includes(letter))
          findings.unknown(`The option -${letter} isn't known.`);
        if ("xctruAdO".includes(letter)) modes.add(letter);
      }
    } else members.push(word);
  }
  // A colon names another host, which it reaches by rsh.
  if (archive?.text?.includes(":")) findings.unknown("Its archive may be on another host.");
  const extracts = modes.has("x") && !modes.has("O");
  const makes = modes.has("c") || modes.has("r") || modes.has("u") || modes.has("A");
  findings.does(extracts || makes ? "write" : "read");
  if (archive !== null && archive.text !== "-") {
    if (makes) findings.write(archive);
    else findings.read(archive);
  }
  if (archive === null) findings.unknown("Its archive isn't named.");
  if (extracts) findings.write(modes.has("P") ? ANY : (folder ?? wordOf(".")));
  if (makes || modes.has("d")) for (const word of members) findings.read(folder === null ? word : ANY, true);
}
