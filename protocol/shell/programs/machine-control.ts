import type { ShellEffect } from "../facts.ts";
import type { Call, Findings, Program } from "./program.ts";

const row = (effects: readonly ShellEffect[]): Program => ({ effects, verbatim: true });
const CONTROLS = row(["control-service"]);
const CHANGES_SYSTEM = row(["change-system"]);
const CHANGES_ACCOUNT = row(["change-account"]);
const SHOWS: Program = {
  options:
    "alqrt:n:o:p:P:s: --no-pager --all --full --lines= --output= --property= --type= --state= --failed --plain --no-legend --value --quiet --recursive --no-ask-password --json= --with-dependencies --user --system --timestamp= --show-types --legend=",
};

const SERVICE = /^[A-Za-z0-9_][\w@.:-]*$/;

/** Programs that steer services, the machine, its disks and its accounts, with the calls that only show them. */
export const MACHINE_CONTROL: Readonly<Record<string, Program>> = {
  systemctl: {
    options: `${SHOWS.options!} -f --now --force --runtime --no-block --no-wall --no-reload --global --signal= --kill-whom=`,
    subcommands: {
      "status is-active is-enabled is-failed is-system-running list-units list-unit-files list-timers list-sockets list-dependencies list-jobs list-machines list-paths get-default cat":
        SHOWS,
      "": SHOWS,
      // Settings of units, with the variables that they give.
      "show show-environment": {
        ...SHOWS,
        more(call, findings) {
          const properties = call.options.filter(
            ({ name }) => name === "-p" || name === "-P" || name === "--property",
          );
          if (
            properties.length === 0 ||
            properties.some(({ value }) => value?.text === undefined || /Env|^$/.test(value?.text ?? ""))
          ) {
            findings.read({ text: "/proc/*/environ", pattern: null });
          }
        },
      },
      "start stop restart reload try-restart reload-or-restart try-reload-or-restart condrestart kill clean freeze thaw isolate reset-failed daemon-reload daemon-reexec default rescue emergency halt poweroff reboot kexec exit suspend hibernate hybrid-sleep soft-reboot switch-root":
        {
          ...SHOWS,
          effects: ["control-service"],
          options: `${SHOWS.options!} -f --now --force --no-block --signal= --kill-whom=`,
        },
      "enable disable reenable mask unmask link preset preset-all set-default add-wants add-requires revert set-property set-environment unset-environment import-environment edit bind mount-image":
        row(["control-service", "schedule"]),
    },
    // Options after the operand that names what to do are read with it.
    first: true,
  },
  service: {
    options: "--status-all",
    first: true,
    more(call, findings) {
      const [name, verb] = call.operands;
      if (call.operands.length === 0) return;
      if (verb?.text !== "status" || call.operands.length > 2) findings.does("control-service");
      // A script of that name is run; with a folder in it, any.
      if (!SERVICE.test(name?.text ?? "")) {
        findings.does("run-code");
        findings.unknown("The service's name isn't one.");
      }
    },
  },
  "rc-service initctl invoke-rc.d supervisorctl pm2 apachectl apache2ctl svc sv s6-svc monit": {
    first: true,
    verbatim: true,
    effects: [],
    more(call, findings) {
      const texts = call.operands.map(({ text }) => text);
      const shows = ["status", "list", "ls", "summary", "configtest", "-t", "fullstatus"];
      if (texts.length === 1 && shows.includes(texts[0] ?? "")) findings.does("read");
      else if (texts[0] === "status" && texts.length === 2 && SERVICE.test(texts[1] ?? ""))
        findings.does("read");
      else findings.does("control-service");
    },
  },
  nginx: {
    options: "vVtTq",
    does: { "s:": ["control-service"] },
    effects: [],
    more(call, findings) {
      findings.does("read");
      const names = call.options.map(({ name }) => name);
      if (!names.some((name) => /^-[vVtT]$/.test(name))) findings.does("control-service");
    },
  },
  haproxy: {
    options: "cvqV",
    reads: "f:",
    more(call, findings) {
      if (!call.options.some(({ name }) => name === "-c" || name === "-v")) findings.does("control-service");
      // Scripts that the settings name are run to check them.
      if ([...findings.reads].some((name) => !name.startsWith("/etc/haproxy/"))) {
        findings.does("run-code");
        findings.unknown("Settings from elsewhere may run code.");
      }
    },
  },
  "sshd named-checkconf named-checkzone postconf": {
    effects: ["control-service"],
    verbatim: true,
    more: beyond,
  },
  journalctl: {
    options:
      "u:n?p:fkb?rexqalS:U:o:t:g:mN --unit= --lines=? --priority= --follow --dmesg --boot=? --reverse --since= --until= --output= --no-pager --pager-end --catalog --quiet --all --disk-usage --list-boots --identifier= --grep= --no-hostname --utc --user-unit= --no-full --full --output-fields= --case-sensitive=? --header --fields --no-tail --merge",
    does: {
      "--vacuum-size= --vacuum-time= --vacuum-files= --rotate": ["delete"],
      "--flush --sync --relinquish-var --smart-relinquish-var": ["control-service"],
      "--setup-keys --update-catalog": ["change-system"],
    },
    // "-n" and "-b" may be followed by their value.
    operands: "text",
    more(call, findings) {
      for (const { text } of call.operands) {
        if (text === null || !/^-?\d+$|^[A-Z_]+=/.test(text))
          findings.unknown("An operand isn't understood.");
      }
    },
  },
  "loginctl timedatectl hostnamectl localectl networkctl resolvectl bootctl coredumpctl": {
    options: SHOWS.options!,
    subcommands: {
      "status show list list-sessions list-users list-seats session-status user-status show-session show-user show-timesync timesync-status list-timezones list-locales statistics":
        SHOWS,
      "": SHOWS,
      "kill-session kill-user terminate-session terminate-user lock-session unlock-session lock-sessions unlock-sessions activate flush-caches reset-statistics":
        CONTROLS,
      "set-time set-timezone set-local-rtc set-ntp set-hostname set-icon-name set-chassis set-deployment set-location hostname set-locale set-keymap enable-linger disable-linger attach flush-devices up down reconfigure reload dns domain":
        CHANGES_SYSTEM,
    },
    first: true,
  },
  "systemd-analyze": {
    options: "--no-pager",
    subcommands: { "": SHOWS, "time blame critical-chain": SHOWS },
    first: true,
  },
  sysctl: {
    options: "aAnNeqrb: --all --names --values --ignore --pattern=",
    does: { "w --write": ["change-system"], "p?f --load=? --system": ["change-system"] },
    more(call, findings) {
      if (call.operands.some(({ text }) => text === null || text.includes("=")))
        findings.does("change-system");
    },
  },
  dmesg: {
    options:
      "dehHkLlPrSTtuwWxf:l:s: --human --ctime --level= --facility= --follow --decode --nopager --kernel --userspace --color=? --reltime --time-format= --since= --until= --notime",
    does: {
      "c C --clear --read-clear": ["delete"],
      "D E n: --console-off --console-on --console-level=": ["change-system"],
    },
    operands: "none",
    more(call, findings) {
      if (call.options.some(({ name }) => name === "-H" || name === "--human")) findings.does("interactive");
    },
  },
  mount: {
    options: "lt: --types= --show-labels",
    more(call, findings) {
      if (call.operands.length > 0) findings.does("change-system");
    },
  },
  "umount swapon swapoff losetup cryptsetup mdadm mkswap wipefs mkfs mkfs.ext4 mkfs.ext3 mkfs.xfs mkfs.btrfs mkfs.vfat fsck e2fsck tune2fs resize2fs xfs_growfs xfs_repair parted sgdisk gdisk cfdisk sfdisk partprobe lvcreate lvextend lvremove lvreduce lvresize vgcreate vgextend vgremove vgreduce pvcreate pvremove pvresize lvm zfs zpool btrfs blkdiscard hdparm badblocks debugfs fstrim modprobe insmod rmmod depmod kexec setcap setenforce semanage aa-disable update-grub grub-install dracut update-initramfs hwclock chvt setterm loadkeys tc brctl nmcli netplan ifup ifdown dhclient wg wg-quick ipset iptables-restore ip6tables-restore firewall-cmd ebtables ipvsadm conntrack swaplabel eject rfkill numactl cset cgexec cgset":
    CHANGES_SYSTEM,
  fdisk: { options: "", does: { "l --list": ["read"] }, effects: [], more: onlyListing },
  "pvs vgs lvs pvdisplay vgdisplay lvdisplay": { options: "ao:vS: --noheadings --units= --all" },
  "iptables ip6tables": {
    options: "nvxt:w?L?S? --list=? --list-rules=? --numeric --verbose --line-numbers --table= --exact",
    effects: [],
    more(call, findings) {
      const lists = call.options.some(({ name }) => /^(?:-[LS]|--list|--list-rules)$/.test(name));
      findings.does(lists ? "read" : "change-system");
    },
  },
  nft: {
    options: "nasj",
    subcommands: {
      list: {},
      "add create delete flush insert replace rename reset destroy import": CHANGES_SYSTEM,
    },
    first: true,
  },
  ufw: {
    options: "",
    subcommands: {
      status: {},
      "enable disable reset allow deny reject limit delete insert route default reload logging prepend":
        CHANGES_SYSTEM,
    },
    first: true,
  },
  ip: {
    options: "46sdhjopr -br -brief -c -color -s -d -j -json -p -pretty -o -oneline -4 -6 -stats -details -h",
    first: true,
    effects: [],
    more: addresses,
  },
  "kill killall pkill skill xkill fuser": { effects: ["signal"], verbatim: true },
  renice: { effects: ["signal"], verbatim: true },
  "reboot shutdown halt poweroff init telinit wall write": CONTROLS,
  "useradd usermod userdel adduser deluser addgroup delgroup groupadd groupmod groupdel gpasswd passwd chpasswd chgpasswd chage chsh chfn newusers vipw vigr pwconv grpconv newgrp sg faillock pam_tally2 smbpasswd htpasswd ssh-keygen":
    CHANGES_ACCOUNT,
  visudo: row(["change-account", "run-code", "interactive"]),
  crontab: {
    options: "u:",
    does: { l: ["read"], "r i": ["schedule"], e: ["schedule", "run-code", "interactive"] },
    effects: [],
    more(call, findings) {
      if (!call.options.some(({ name }) => name === "-l")) findings.does("schedule");
    },
  },
  "at batch atrm": row(["schedule"]),
  atq: { options: "q:V" },
};

/** Words of ip(8) that change nothing. What is shortened differs: "s" is "show" of an address and "set" of a link. */
const SHOWN =
  /^(?:a|addr|address|l|link|r|ro|route|rule|n|neigh|neighbour|neighbor|maddr|sh|show|list|ls|get|dev|up|to|from|table|main|all|default|via|type|scope|global|[a-z]{2,4}\d[\w.]*|lo|docker0|eth\d+|[\d.]+(?:\/\d+)?|[0-9a-f:]+(?:\/\d+)?)$/;

function addresses(call: Call, findings: Findings): void {
  const texts = call.operands.map(({ text }) => text);
  const [object, verb] = texts;
  const shows = verb === undefined || /^(?:sh|show|list|ls|get)$/.test(verb ?? "") || verb === "dev";
  if (
    texts.length > 0 &&
    object !== null &&
    shows &&
    texts.every((text) => text !== null && SHOWN.test(text))
  ) {
    findings.does("read");
    return;
  }
  findings.does("change-system");
  if (object === "netns" || object === "vrf") findings.does("run-code");
  findings.unknown("What it changes isn't understood.");
}

function onlyListing(call: Call, findings: Findings): void {
  if (call.options.length === 0) findings.does("change-system");
}

function beyond(_: Call, findings: Findings): void {
  findings.unknown("What it does isn't looked into.");
}
