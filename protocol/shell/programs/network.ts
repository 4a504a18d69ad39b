import type { Call, Findings, Program } from "./program.ts";

/** Programs that reach other hosts. */
export const NETWORK: Readonly<Record<string, Program>> = {
  "ping ping6": {
    effects: ["network"],
    options: "46aAbc:Dhi:I:Llm:M:nOp:qrRs:S:t:T:UvVw:W:",
    operands: "text",
  },
  "traceroute traceroute6 tracepath": { effects: ["network"], options: "46nIm:q:w:p:T", operands: "text" },
  dig: {
    effects: ["network"],
    options: "46c:p:q:t:x:b:u",
    reads: "f:k:",
    operands: "text",
  },
  host: { effects: ["network"], options: "at:vCdlrTW:R:46", operands: "text" },
  nslookup: {
    effects: ["network"],
    options: "-type= -query= -debug -timeout=",
    operands: "text",
    more(call, findings) {
      // It asks what its input says.
      const [name] = call.operands;
      if (name === undefined || name.text === "-") {
        findings.does("interactive");
        findings.unknown("What it asks for isn't in the line.");
      }
    },
  },
  whois: { effects: ["network"], options: "h:p:H", operands: "text" },
  curl: {
    effects: ["network"],
    options:
      "sSiIvkLgf46NGX:A:e:m:H:u:x:b:w:r:y:Y:0a# --silent --show-error --include --head --verbose --insecure --location --fail --ipv4 --ipv6 --no-buffer --get --request= --user-agent= --referer= --max-time= --connect-timeout= --header= --user= --write-out= --range= --retry= --retry-delay= --compressed --resolve= --url= --fail-with-body --http1.1 --http2 --no-progress-meter --tlsv1.2 --location-trusted --retry-connrefused --json= --data-raw= --help --version",
    reads: "E:T: --cert= --cacert= --key= --upload-file= --unix-socket=",
    writes: "o:D:c: --output= --dump-header= --cookie-jar= --trace= --trace-ascii= --stderr=",
    does: {
      "d:F: --data= --data-binary= --data-urlencode= --data-ascii= --form=": ["network"],
      "O J --remote-name --remote-header-name --remote-name-all --create-dirs": ["write"],
    },
    operands: "text",
    more: curls,
  },
  wget: {
    effects: ["network"],
    options:
      "qnvScbt:T:U:4 6 --quiet --no-verbose --spider --server-response --timeout= --tries= --user-agent= --header= --no-check-certificate --max-redirect=",
    reads: "i: --input-file= --post-file= --body-file=",
    writes: "O:P:o:a: --output-document= --directory-prefix= --output-file=",
    operands: "text",
    more(call, findings) {
      if (call.options.some(({ name }) => name === "--spider")) return;
      const target = call.options.find(({ name }) => name === "-O" || name === "--output-document");
      if (target?.value?.text === "-") findings.writes.clear();
      else {
        findings.does("write");
        if (target === undefined) findings.write({ text: null, pattern: null });
      }
    },
  },
  // What runs on the other side's behalf, and what -e and -o bring, is decided there.
  rsync: {
    effects: ["network", "read", "write"],
    options:
      "avzhnrlptgoDuiPqcxWHAXSRydmC08B:e? --archive --verbose --compress --human-readable --dry-run --recursive --delete --delete-after --delete-before --delete-during --delete-excluded --progress --partial --stats --exclude= --include= --bwlimit= --checksum --times --perms --links --update --itemize-changes --info= --numeric-ids --no-owner --no-group --no-perms --ignore-existing --size-only --inplace --timeout= --relative --max-size= --server --sender --existing --list-only --append --safe-links --whole-file",
    reads: "--exclude-from= --include-from= --files-from=",
    does: {
      "--delete --delete-after --delete-before --delete-during --delete-excluded --remove-source-files": [
        "delete",
      ],
    },
    more: synchronises,
  },
  scp: {
    effects: ["network", "read", "write"],
    options: "346BCpqrTvdtf l:P:",
    reads: "i:",
    more(call, findings) {
      if (call.options.some(({ name }) => name === "-t"))
        for (const word of call.operands) findings.write(word);
      else if (call.options.some(({ name }) => name === "-f"))
        for (const word of call.operands) findings.read(word, true);
      else transfers(call, findings);
    },
  },
  "sftp-server internal-sftp": {
    effects: ["read", "write", "delete"],
    verbatim: true,
    more: (_, findings) => findings.unknown("What is asked of it isn't in the line."),
  },
  "openssl gpg gpg2 keytool certutil": {
    effects: [],
    verbatim: true,
    more: cryptography,
  },
};

function curls(call: Call, findings: Findings): void {
  for (const { name, value } of call.options) {
    const text = value?.text ?? "";
    if (
      /^(?:-[dFbHwK]|--data|--data-binary|--data-urlencode|--data-ascii|--form|--header|--write-out|--json|--cookie)$/.test(
        name,
      )
    ) {
      // "@file", "<file", and with --form "name=@file", with --data-urlencode "name@file".
      if (/[@<]|%output/.test(text)) findings.read({ text: null, pattern: null });
    }
  }
  for (const { text } of [
    ...call.operands,
    ...call.options.filter(({ name }) => name === "--url").map(({ value }) => value),
  ].filter((word) => word !== null)) {
    if (text === null || !/^(?:https?:\/\/)?[\w.:@-]+(?:[/?#][\s\S]*)?$/.test(text))
      findings.unknown("Its address isn't understood.");
  }
}

function synchronises(call: Call, findings: Findings): void {
  const names = call.options.map(({ name }) => name);
  if (!names.includes("--server")) {
    transfers(call, findings);
    if (names.includes("-e")) {
      findings.does("run-code");
      findings.unknown("What it reaches the other host by isn't looked into.");
    }
    return;
  }
  // What the other end can, not a command: "-e.iLsfxC".
  if (call.options.some(({ name, value }) => name === "-e" && !value?.text?.startsWith("."))) {
    findings.unknown("The option -e isn't understood.");
  }
  // "rsync --server [--sender] OPTIONS . PATH…": the other end of a transfer by the agent.
  const files = call.operands.filter(({ text }, index) => !(index === 0 && text === "."));
  for (const word of files) {
    if (names.includes("--sender")) findings.read(word, true);
    else findings.write(word);
  }
}

function transfers(call: Call, findings: Findings): void {
  const target = call.operands.at(-1);
  for (const word of call.operands) {
    if (word.text?.includes(":") && !/^[./~]/.test(word.text)) continue;
    if (word === target && call.operands.length > 1) findings.write(word);
    else findings.read(word, true);
  }
}

/** Only what shows certificates and digests is understood. */
function cryptography(call: Call, findings: Findings): void {
  const texts = call.operands.map(({ text }) => text);
  const plain =
    /^-(?:noout|text|subject|issuer|dates|startdate|enddate|fingerprint|serial|sha256|purpose|ext|subjectAltName|inform|outform|PEM|DER|email|hash|checkend|modulus)$|^(?:PEM|DER|pem|der|subjectAltName|\d+)$/;
  const [verb] = texts;
  if (verb === "version" && texts.length <= 2) {
    findings.does("read");
    return;
  }
  if (verb !== "x509" && verb !== "req" && verb !== "crl") {
    findings.does("run-code");
    findings.unknown("What it does isn't looked into.");
    return;
  }
  findings.does("read");
  for (let at = 1; at < texts.length; at++) {
    if (texts[at] === "-in") {
      findings.read(call.operands[++at] ?? { text: null, pattern: null });
    } else if (texts[at] === null || !plain.test(texts[at]!)) findings.unknown("An option isn't understood.");
  }
}
