import type { Program } from "./program.ts";

/** Programs that print, search and compare what stands in files. */
export const READING_TEXT: Readonly<Record<string, Program>> = {
  cat: {
    options:
      "AbeEnstTuv --show-all --number --number-nonblank --show-ends --squeeze-blank --show-tabs --show-nonprinting --help --version",
    operands: "reads",
    harmless: true,
  },
  tac: { options: "brs: --before --regex --separator=", operands: "reads", harmless: true },
  nl: {
    options: "b:d:f:h:i:l:n:ps:v:w: --body-numbering= --number-format= --number-width=",
    operands: "reads",
    harmless: true,
  },
  head: {
    options: "c:n:qvz --bytes= --lines= --quiet --silent --verbose --zero-terminated --help --version",
    operands: "reads",
    harmless: true,
    numbers: true,
  },
  tail: {
    options:
      "c:fFn:qs:vz --bytes= --follow=? --lines= --max-unchanged-stats= --pid= --quiet --silent --retry --sleep-interval= --verbose --zero-terminated --help --version",
    operands: "reads",
    harmless: true,
    numbers: true,
  },
  "grep egrep fgrep": {
    options:
      "EFGPiyvwxcLlqsbHhnTUZzame:A:B:C:d:D: --extended-regexp --fixed-strings --basic-regexp --perl-regexp --regexp= --ignore-case --no-ignore-case --invert-match --word-regexp --line-regexp --count --color=? --colour=? --files-without-match --files-with-matches --max-count= --only-matching --quiet --silent --no-messages --byte-offset --with-filename --no-filename --label= --line-number --initial-tab --null --after-context= --before-context= --context= --binary-files= --devices= --directories= --exclude= --exclude-dir= --include= --text --line-buffered --null-data --help --version o m:",
    reads: "f: --file= --exclude-from=",
    deep: "rR --recursive --dereference-recursive",
    replaces: "e:f: --regexp= --file=",
    operands: "text-then-reads",
    harmless: true,
    numbers: true,
    more(call, findings) {
      const recurses = call.options.some(
        ({ name, value }) =>
          (name === "-d" || name === "--directories") && value?.text !== "skip" && value?.text !== "read",
      );
      if (recurses) findings.unknown("It may go into folders.");
    },
  },
  "zgrep zegrep zfgrep bzgrep xzgrep zstdgrep": {
    options:
      "EFGPivwxcLlqshHnaoe:A:B:C:m: --ignore-case --count --line-number --only-matching --no-filename --extended-regexp --color=?",
    reads: "f:",
    replaces: "e:f:",
    operands: "text-then-reads",
    // A script of sed is made of each name: one with a new line was code (CVE-2022-1271).
    more(call, findings) {
      if (call.operands.some(({ text }) => text?.includes("\n"))) findings.unknown("A name has a new line.");
    },
  },
  "zcat bzcat xzcat zstdcat lzcat": { options: "fqv --force --quiet", operands: "reads" },
  cut: {
    options:
      "b:c:d:f:ns z --bytes= --characters= --delimiter= --fields= --complement --only-delimited --output-delimiter= --zero-terminated --help",
    operands: "reads",
    harmless: true,
  },
  paste: { options: "d:sz --delimiters= --serial --zero-terminated", operands: "reads", harmless: true },
  join: {
    options: "1:2:a:e:ij:o:t:v:z --header --check-order --nocheck-order --ignore-case",
    operands: "reads",
    harmless: true,
  },
  tr: {
    options: "cCdst --complement --delete --squeeze-repeats --truncate-set1",
    operands: "text",
    harmless: true,
  },
  wc: {
    options: "clLmw --bytes --chars --lines --max-line-length --words --total= --help --version",
    reads: "--files0-from=",
    operands: "reads",
    harmless: true,
    more(call, findings) {
      if (call.options.some(({ name }) => name === "--files0-from"))
        findings.read({ text: null, pattern: null });
    },
  },
  sort: {
    options:
      "bdfghiMnRrVcCk:mst:uzS:T: --ignore-leading-blanks --dictionary-order --ignore-case --general-numeric-sort --human-numeric-sort --ignore-nonprinting --month-sort --numeric-sort --random-sort --reverse --sort= --version-sort --check=? --key= --merge --stable --field-separator= --unique --zero-terminated --parallel= --buffer-size= --batch-size= --debug --help --version",
    reads: "--random-source=",
    writes: "o: --output=",
    does: { "--compress-program=": ["run-code"] },
    operands: "reads",
  },
  uniq: {
    options:
      "cdDf:iNs:uw:z --count --repeated --all-repeated=? --skip-fields= --group=? --ignore-case --skip-chars= --unique --zero-terminated --check-chars= --help",
    operands: "text",
    more(call, findings) {
      const [input, output] = call.operands;
      if (input !== undefined) findings.read(input);
      if (output !== undefined) {
        findings.write(output);
        findings.does("write");
      }
      if (input?.text === null) findings.unknown("A word that isn't static may name its output.");
    },
  },
  column: {
    options:
      "tc:s:o:n:N:H:T:R:W:O:eEJlxdr:i:p: --table --separator= --output-separator= --table-columns= --json --output-width= --table-noheadings --fillrows",
    operands: "reads",
    harmless: true,
  },
  "fold fmt expand unexpand rev": {
    options: "bcsutw:i: --width= --spaces --bytes --tabs= --initial",
    operands: "reads",
    harmless: true,
    numbers: true,
  },
  pr: { options: "atTmnl:w:h:s? --columns= --merge", operands: "reads", harmless: true, numbers: true },
  comm: {
    options: "123z --check-order --nocheck-order --output-delimiter= --total",
    operands: "reads",
    harmless: true,
  },
  cmp: {
    options: "bi:ln:s --print-bytes --ignore-initial= --verbose --bytes= --quiet --silent",
    operands: "reads",
    harmless: true,
  },
  diff: {
    options:
      "abBcC:dEeiI:lnNpqsTtU:uwWyZ:x: --brief --report-identical-files --unified=? --context=? --side-by-side --width= --color=? --ignore-case --ignore-all-space --ignore-space-change --ignore-blank-lines --strip-trailing-cr --text --suppress-common-lines --exclude= --label= --new-file --minimal --no-dereference --normal",
    reads: "X: --exclude-from= --from-file= --to-file=",
    deep: "r --recursive",
    operands: "reads",
    harmless: true,
  },
  od: {
    options:
      "A:j:N:S:t:vw?abcdfiloxs --address-radix= --skip-bytes= --read-bytes= --format= --output-duplicates --width=?",
    operands: "reads",
    harmless: true,
  },
  "hexdump hd": {
    options: "bcCdoxve:n:s: --canonical --length= --skip=",
    reads: "f:",
    operands: "reads",
    harmless: true,
  },
  xxd: {
    options: "abc:Ceg:il:o:ps:u -ps -len= -cols=",
    does: { r: ["read"] },
    operands: "text",
    more(call, findings) {
      const [input, output] = call.operands;
      if (input !== undefined) findings.read(input);
      if (output !== undefined) {
        findings.write(output);
        findings.does("write");
      }
    },
  },
  "base64 base32 basenc": {
    options: "diw: --decode --ignore-garbage --wrap= --help",
    operands: "reads",
    harmless: true,
  },
  strings: {
    options: "afn:oe:t:wu d --all --bytes= --radix= --encoding= --print-file-name",
    operands: "reads",
    harmless: true,
    numbers: true,
    more(call, findings) {
      // "@file": options are read from it, and errors show them.
      if (call.operands.some(({ text }) => text?.startsWith("@")))
        findings.unknown("It reads options from a file.");
    },
  },
  "md5sum sha1sum sha224sum sha256sum sha384sum sha512sum b2sum cksum sum": {
    options: "btzwrs a: --binary --text --tag --zero --ignore-missing --quiet --status --strict --warn",
    does: { "c --check": ["read"] },
    operands: "reads",
    harmless: true,
    more(call, findings) {
      // The files to check are named by what it reads.
      if (call.options.some(({ name }) => name === "-c" || name === "--check"))
        findings.read({ text: null, pattern: null });
    },
  },
  jq: {
    options:
      "cnrjRsSaCMeih --compact-output --null-input --raw-output --join-output --raw-input --slurp --sort-keys --color-output --monochrome-output --tab --indent= --exit-status --stream --unbuffered --ascii-output --version --help --args --jsonargs",
    reads: "f: --from-file=",
    replaces: "f: --from-file=",
    operands: "text-then-reads",
    more(call, findings) {
      const [filter] = call.operands;
      if (call.options.some(({ name }) => name === "-f" || name === "--from-file")) {
        findings.unknown("Its filter is in a file.");
      }
      // Modules are files of their own; env shows the variables.
      if (filter?.text === null) findings.unknown("Its filter isn't static.");
      if (/(?<![.\w])(?:import|include|env)\b|\$ENV/.test(filter?.text ?? "")) {
        findings.unknown("Its filter reads more than its input.");
      }
    },
  },
};
