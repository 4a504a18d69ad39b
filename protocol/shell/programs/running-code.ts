import type { ShellEffect } from "../facts.ts";
import type { Program } from "./program.ts";

/** Programs whose arguments, input or files are code, or that may run any: what they do isn't in the line. */
const RUNS: readonly [names: string, ...effects: ShellEffect[]][] = [
  [
    "perl python python2 python3 pypy3 ruby irb node nodejs deno bun php php-fpm lua luajit tclsh wish expect osascript Rscript R julia guile java jjs jshell groovy scala kotlin go cargo rustc gcc cc g++ clang tcc as ld swift ghc erl elixir iex m4 bc dc",
    "run-code",
  ],
  [
    "make gmake cmake ninja meson bazel gradle mvn ant rake npm npx yarn pnpm pip pip3 pipx poetry uv bundle composer gem cpan luarocks ansible ansible-playbook puppet chef-client salt-call terraform vagrant packer helm",
    "run-code",
    "change-software",
  ],
  ["busybox toybox coreutils", "run-code"],
  [
    "gdb lldb strace ltrace perf bpftrace valgrind rr script scriptreplay unbuffer rlwrap socat xterm dtrace stap",
    "run-code",
  ],
  [
    "vi vim nvim vimdiff view rvim nano pico ed red ex emacs micro joe mcedit mc jed ne",
    "run-code",
    "interactive",
    "write",
  ],
  ["man info pinfo most lynx w3m links elinks", "run-code", "interactive"],
  [
    "psql mysql mariadb mysqldump pg_dump sqlite3 redis-cli mongo mongosh mongodump cqlsh influx clickhouse-client etcdctl consul vault",
    "run-code",
    "network",
  ],
  ["screen tmux byobu dtach abduco reptyr", "run-code", "interactive"],
  [
    "dialog whiptail sftp ftp lftp tftp telnet rlogin rsh mosh slogin ssh-agent ssh-add sshpass ssh-copy-id autossh mutt mail mailx sendmail",
    "run-code",
    "network",
  ],
  [
    "tcpdump tshark dumpcap nmap ncat nc netcat nc.openbsd nc.traditional hping3 masscan",
    "run-code",
    "network",
  ],
  [
    "chrt taskset setpriv nocache cpulimit capsh dmsetup flock logsave start-stop-daemon run-parts rpmbuild debuild entr inotifywait incrontab logrotate certbot letsencrypt acme.sh needrestart aa-exec choom torsocks proxychains aria2c vlock xdg-open",
    "run-code",
  ],
  [
    "wine qemu-system-x86_64 virsh lxc lxc-exec lxc-attach machinectl nixos-rebuild nix flatpak snap",
    "run-code",
    "change-system",
  ],
];

export const RUNNING_CODE: Readonly<Record<string, Program>> = Object.fromEntries(
  RUNS.map(([names, ...effects]): [string, Program] => [
    names,
    {
      effects: [],
      verbatim: true,
      more(call, findings) {
        // Asked alone, each only prints its version.
        const [only] = call.operands;
        if (call.operands.length === 1 && only?.text === "--version" && effects.length === 1) {
          findings.does("read");
          return;
        }
        findings.does(...effects);
        findings.unknown("The code that it runs isn't understood.");
      },
    },
  ]),
);
