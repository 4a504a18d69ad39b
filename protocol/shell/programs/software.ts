import type { Program } from "./program.ts";

const SHOWS: Program = {
  options:
    "aqvini --installed --upgradable --all-versions --names-only --quiet --all --full --no-pager --showduplicates",
};
const CHANGES: Program = { effects: ["change-software", "run-code"], verbatim: true };

/** Package managers: what they know is read; all else changes software, whose own scripts run. */
export const SOFTWARE: Readonly<Record<string, Program>> = {
  apt: {
    options: "q",
    first: true,
    subcommands: {
      "list show search policy depends rdepends": SHOWS,
      "install remove purge update upgrade full-upgrade dist-upgrade autoremove autoclean clean edit-sources source build-dep download satisfy reinstall changelog":
        CHANGES,
    },
  },
  "apt-get aptitude apt-key add-apt-repository apt-mark dpkg-reconfigure dpkg-divert update-alternatives unattended-upgrade alternatives":
    CHANGES,
  "apt-cache": {
    options: "q",
    first: true,
    subcommands: { "policy show search depends rdepends madison stats showpkg pkgnames showsrc": SHOWS },
  },
  dpkg: {
    options:
      "lLsSpWC --list= --listfiles --status --search --print-avail --get-selections --version --print-architecture --audit",
    does: {
      "i r P a --install --remove --purge --unpack --configure --set-selections --force-all": [
        "change-software",
        "run-code",
      ],
    },
    operands: "text",
    more(call, findings) {
      if (call.options.length === 0) findings.does("change-software");
    },
  },
  "dpkg-query": {
    options: "lLsSW f: --list --listfiles --status --search --show --showformat=",
    operands: "text",
  },
  debsums: { options: "ascl", operands: "text" },
  "yum dnf microdnf": {
    options: "qC --quiet --cacheonly",
    first: true,
    subcommands: {
      "list info search repolist provides deplist check-update": SHOWS,
      "install remove erase update upgrade downgrade reinstall autoremove clean makecache groupinstall localinstall module swap distro-sync builddep":
        CHANGES,
    },
  },
  "zypper apk pacman emerge brew port snapcraft": CHANGES,
  rpm: {
    options:
      "qailcdRfV --query --all --info --list --last --changelog --version --file --requires --provides --whatprovides= --verify --qf= --queryformat= --configfiles",
    does: {
      "e U F --install --erase --upgrade --freshen --import= --rebuilddb --initdb": [
        "change-software",
        "run-code",
      ],
    },
    operands: "text",
    more(call, findings) {
      const names = call.options.map(({ name }) => name);
      // "%(command)" in a format or by --eval runs one; a package of one's own has scripts for --verify.
      if (
        call.options.some(
          ({ value }) => value !== null && (value.text === null || /%[({]?[^{]*\(/.test(value.text)),
        )
      ) {
        findings.unknown("A format may run commands.");
      }
      if (!names.some((name) => /^(?:-[qV]|--query|--version)$/.test(name))) findings.does("change-software");
      if (names.includes("-V") || names.includes("--verify"))
        findings.unknown("Scripts of the package may run.");
    },
  },
};
