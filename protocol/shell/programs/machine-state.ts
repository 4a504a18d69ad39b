import type { Program } from "./program.ts";

const SHOWS: Program = { operands: "none", harmless: true };

/** Programs that tell about files, processes, the network and the machine. */
export const MACHINE_STATE: Readonly<Record<string, Program>> = {
  ls: {
    options:
      "aAbBcCdDfFgGhHiIlLmnNoOpqQrRsStTuUvw:xXZ1 --all --almost-all --author --block-size= --color=? --classify=? --directory --format= --full-time --group-directories-first --human-readable --inode --indicator-style= --hide= --ignore= --no-group --numeric-uid-gid --quote-name --recursive --reverse --si --size --sort= --time= --time-style= --zero --context --dereference --help --version",
    operands: "lists",
    harmless: true,
  },
  "dir vdir": { options: "alhtr1", operands: "lists", harmless: true },
  tree: {
    options: "adfilxpsughDFqNQrtcUvCnAS JXL:P:I: --dirsfirst --noreport --du --prune",
    operands: "lists",
  },
  stat: {
    options: "Lftc: --dereference --file-system --format= --printf= --terse --cached= --help",
    operands: "lists",
    harmless: true,
  },
  namei: { options: "xmolnv", operands: "lists", harmless: true },
  du: {
    options:
      "0aB:bcd:DhHklmLsSt:xPX: --all --apparent-size --block-size= --bytes --total --max-depth= --human-readable --si --summarize --separate-dirs --threshold= --time=? --one-file-system --exclude= --help --inodes",
    reads: "--exclude-from= --files0-from=",
    operands: "lists",
    harmless: true,
  },
  df: {
    options:
      "aB:hHiklPTt:x:v --all --block-size= --human-readable --si --inodes --local --no-sync --output=? --portability --print-type --total --type= --exclude-type= --help",
    operands: "lists",
    harmless: true,
  },
  free: {
    options: "bkmghltwvs:c: --human --mega --giga --mebi --gibi --si --wide --total",
    operands: "none",
    harmless: true,
  },
  uptime: { options: "ps --pretty --since", operands: "none", harmless: true },
  vmstat: { options: "afmnsdDtwS:p:", operands: "text", harmless: true },
  "mpstat iostat": { options: "Aacdghjkmnopstuvxyz HNI:P:T", operands: "text", harmless: true },
  pidstat: { options: "dhHIlRrstUuVvw C:G:p:T:", operands: "text", first: true },
  sar: { options: "AbBdFhHpqrRSuvwWyzP:n:I:m:s?i:", reads: "f:", operands: "text" },
  "nproc lsmod arch logname tty users lsusb lsns lslogins": { options: "alnpt --all", operands: "none" },
  lscpu: { options: "abceJpxy --json --extended=? --parse=? --all", operands: "none", harmless: true },
  lsmem: { options: "abJno:prS: --json --summary=?", operands: "none", harmless: true },
  lspci: { options: "vnktmDqbxs:d: ", operands: "none" },
  "lsblk blkid findmnt": {
    options:
      "abdDefhiIJlLmnOpPrstSTuo:x: --all --bytes --fs --json --list --output= --paths --noheadings --nodeps --topology --tree --raw --df --types= --target=",
    operands: "lists",
  },
  "w who": {
    options: "abdHlmpqrstTuhsfoi --all --boot --heading --count --short",
    operands: "text",
    most: 0,
  },
  "last lastb lastlog": {
    options: "0123456789adFiRwxn:t:s:p:u:b: --time-format= --since= --until= --fullnames",
    operands: "text",
    numbers: true,
  },
  "getconf locale": { options: "ackm", operands: "text" },
  ipcs: { options: "aqmstpcluib i:", operands: "none" },
  sensors: { options: "AfuJj", operands: "text" },
  id: { options: "agGnruzZ --user --group --groups --name --real --help", operands: "text", harmless: true },
  groups: { operands: "text", harmless: true },
  whoami: SHOWS,
  getent: {
    options: "s: --service= --no-idn",
    operands: "text",
    more(call, findings) {
      const database = call.operands[0]?.text;
      if (database === null || database === undefined) findings.unknown("The database isn't static.");
      else if (/shadow/.test(database)) findings.read({ text: `/etc/${database}`, pattern: null });
    },
  },
  uname: {
    options:
      "asnrvmpio --all --kernel-name --nodename --kernel-release --kernel-version --machine --processor --operating-system --help",
    operands: "none",
    harmless: true,
  },
  "seq basename dirname sleep factor yes": {
    effects: [],
    options: "aezs:w --suffix= --multiple --zero --separator= --equal-width --format= f:",
    operands: "text",
    harmless: true,
    numbers: true,
  },
  shuf: {
    options: "en:i:rz --head-count= --input-range= --echo --repeat",
    reads: "--random-source=",
    writes: "o: --output=",
    operands: "reads",
  },
  "realpath readlink": {
    options:
      "eEfLmnPqsvz --canonicalize --canonicalize-existing --canonicalize-missing --no-newline --quiet --relative-to= --zero --strip --no-symlinks",
    operands: "lists",
    harmless: true,
  },
  "cal ncal": { options: "13yjmsnwh", operands: "text", harmless: true },
  file: {
    options:
      "bcEhikLNnprsv0 --brief --mime --mime-type --mime-encoding --dereference --no-dereference --keep-going --raw --help",
    reads: "f:",
    operands: "lists",
    more(call, findings) {
      if (call.options.some(({ name }) => name === "-f")) findings.read({ text: null, pattern: null });
    },
  },
  date: {
    options: "d:uRI? --date= --utc --universal --rfc-3339= --iso-8601=? --rfc-email --debug --help --version",
    reads: "r: f: --reference= --file=",
    does: { "s: --set=": ["change-system"] },
    operands: "text",
    more(call, findings) {
      // "MMDDhhmm" sets the clock.
      for (const { text } of call.operands) {
        if (text === null) findings.unknown("An operand that isn't static may set the clock.");
        else if (!text.startsWith("+")) findings.does("change-system");
      }
    },
  },
  "hostname dnsdomainname domainname": {
    options:
      "aAdfiIsy --all-fqdns --all-ip-addresses --domain --fqdn --long --ip-address --short --alias --help",
    does: { "F: --file=": ["change-system"], b: ["change-system"] },
    operands: "text",
    more(call, findings) {
      if (call.operands.length > 0) findings.does("change-system");
    },
  },
  // The environment is what sshd and the account's start-up files gave: tokens often stand there.
  printenv: {
    options: "0 --null",
    operands: "text",
    more(call, findings) {
      const names = call.operands.map(({ text }) => text);
      if (names.length === 0 || names.some((name) => name === null || !HARMLESS_VARIABLES.has(name))) {
        findings.read({ text: "/proc/self/environ", pattern: null });
      }
    },
  },
  ps: {
    options:
      "AadeNfFjlOcHwLmTyMZVnrvxXSsugh o:p:C:G:g:U:u:t:q:s:k: --forest --sort= --pid= --ppid= --user= --User= --group= --no-headers --headers --format= --cols= --columns= --width= --rows= --deselect --cumulative --info --help --version",
    operands: "text",
    harmless: true,
    more(call, findings) {
      const formats = call.options.filter(({ name }) => /^(?:-[oO]|--format)$/.test(name));
      if (formats.some(({ value }) => /env/i.test(value?.text ?? "env"))) {
        findings.read({ text: "/proc/*/environ", pattern: null });
      }
      // BSD's "e" prints each process's variables.
      for (const { text } of call.operands) {
        if (text === null) continue;
        if (
          /e/.test(text.replace(/[=,:%].*/, "")) &&
          !/^[0-9,]+$/.test(text) &&
          !/^(?:[a-z]+,)+[a-z]+$/.test(text) &&
          /^[A-Za-z]+$/.test(text)
        ) {
          findings.read({ text: "/proc/*/environ", pattern: null });
        }
      }
    },
  },
  "pgrep pidof": {
    options:
      "acd:fg:G:ilno:P:qsS:t:u:U:vwx --count --delimiter= --list-name --list-full --newest --oldest --full --exact --parent= --euid= --uid= --ignore-case",
    reads: "F: --pidfile=",
    operands: "text",
  },
  pstree: { options: "acAghlnNpsStTuUZG H:", operands: "text", harmless: true },
  top: {
    options: "bcHiSsn:d:p:u:U:w?o:E:e: --help",
    operands: "none",
    more(call, findings) {
      const names = call.options.map(({ name }) => name);
      if (!names.includes("-b")) findings.does("interactive");
    },
  },
  "htop btop atop iotop iftop nethogs glances nmon slabtop powertop": {
    effects: ["read", "interactive"],
    options: "",
    operands: "none",
  },
  lsof: {
    options: "abhlnNPRtUVXOi?p:u:c:g:d:s?T?w +L? --help",
    operands: "lists",
    more(call, findings) {
      if (call.operands.some(({ text }) => text?.startsWith("+")))
        findings.unknown("An option with + isn't understood.");
    },
  },
  ss: {
    options:
      "nralopemiKtuxwdsSb46HOTzZNE f:A: --numeric --tcp --udp --listening --processes --all --summary --extended --memory --no-header --oneline --help --unix",
    reads: "F: --filter=",
    writes: "D: --diag=",
    operands: "text",
    more: killSockets,
  },
  netstat: {
    options:
      "atunlpreisgoWv46cN --tcp --udp --listening --programs --numeric --all --route --interfaces --statistics --help",
    operands: "none",
  },
  arp: { options: "aevn i:H:", does: { "d s": ["change-system"] }, operands: "text" },
  route: { options: "neveFC46", operands: "text", more: anyOperandChanges },
  ifconfig: { options: "asv", operands: "text", most: 1 },
  "iwconfig ethtool": { options: "iSkcagm", operands: "text", most: 1 },
  "which whereis": { options: "apsbmu --all", operands: "text", harmless: true },
  "apropos whatis": { options: "", operands: "text" },
};

const HARMLESS_VARIABLES = new Set([
  "PATH",
  "HOME",
  "USER",
  "LOGNAME",
  "SHELL",
  "LANG",
  "TERM",
  "PWD",
  "HOSTNAME",
  "TZ",
  "LC_ALL",
  "EDITOR",
]);

function anyOperandChanges(...[call, findings]: Parameters<NonNullable<Program["more"]>>): void {
  if (call.operands.length > 0) findings.does("change-system");
}

function killSockets(...[call, findings]: Parameters<NonNullable<Program["more"]>>): void {
  if (call.options.some(({ name }) => name === "-K")) findings.does("change-system");
  if (call.options.some(({ name }) => name === "-E")) findings.does("interactive");
}
