import type { FileName } from "../facts.ts";
import { ANY_FILE } from "./file-name.ts";

/**
 * Files that commonly hold passwords, keys and tokens, or that lead to any file at all. "*" stands for any characters
 * but "/", "**" for any.
 */
const SECRETS: readonly string[] = [
  // Accounts.
  "/etc/shadow",
  "/etc/shadow-",
  "/etc/gshadow",
  "/etc/gshadow-",
  "/etc/security/opasswd*",
  "/var/backups/*shadow*",
  "/etc/sudoers",
  "/etc/sudoers.d/**",
  "/etc/krb5.keytab",
  "**/*.keytab",
  "/etc/pam.d/**",
  "/var/lib/sss/**",
  "/var/lib/samba/private/**",
  // Keys.
  "**/.ssh",
  "**/.ssh/**",
  "/etc/ssh/ssh_host_*",
  "/etc/ssl/private",
  "/etc/ssl/private/**",
  "/etc/pki/tls/private/**",
  "/etc/letsencrypt/**",
  "/etc/wireguard/**",
  "/etc/openvpn/**",
  "/etc/ipsec.secrets",
  "**/id_rsa*",
  "**/id_dsa*",
  "**/id_ecdsa*",
  "**/id_ed25519*",
  "**/*.pem",
  "**/*.key",
  "**/*.p12",
  "**/*.pfx",
  "**/*.jks",
  "**/*.ppk",
  "**/*.kdbx",
  "**/.gnupg",
  "**/.gnupg/**",
  "**/.password-store/**",
  // Passwords and tokens of programs.
  "**/.env",
  "**/.env.*",
  "**/*.env",
  "**/.envrc",
  "**/.netrc",
  "**/.pgpass",
  "**/.my.cnf",
  "**/.mylogin.cnf",
  "/etc/mysql/debian.cnf",
  "**/.aws/**",
  "**/.azure/**",
  "**/.config/gcloud/**",
  "**/.boto",
  "**/.s3cfg",
  "**/.docker/config.json",
  "**/.dockercfg",
  "**/.kube/**",
  "/etc/kubernetes/**",
  "/etc/rancher/**",
  "/var/lib/kubelet/**",
  "/var/run/secrets/**",
  "/run/secrets/**",
  "/run/credentials/**",
  "/etc/credstore*/**",
  "/etc/vault*/**",
  "/etc/consul*/**",
  "**/.vault-token",
  "**/.terraform/**",
  "**/*.tfstate*",
  "**/*.tfvars*",
  "**/.npmrc",
  "**/.pypirc",
  "**/.gem/credentials",
  "**/.m2/settings*.xml",
  "**/.git-credentials",
  "**/.config/git/credentials",
  "**/.config/gh/**",
  "**/.config/sops/**",
  "**/.htpasswd*",
  "**/htpasswd*",
  "**/wp-config.php*",
  "**/*secret*",
  "**/*credential*",
  "**/*password*",
  "**/*token*",
  "**/pgbouncer/userlist.txt",
  "/etc/postfix/sasl_passwd*",
  "/etc/ppp/*-secrets",
  "/etc/NetworkManager/system-connections/**",
  "/etc/wpa_supplicant/**",
  "/etc/netplan/**",
  // What was typed.
  "**/.*history",
  "**/.*_history",
  "**/.lesshst",
  "**/.viminfo",
  // Other processes' memory, environment, open files; the disk below the file system.
  "/proc/*/environ",
  "/proc/*/mem",
  "/proc/*/maps",
  "/proc/*/auxv",
  "/proc/*/root",
  "/proc/*/root/**",
  "/proc/*/cwd",
  "/proc/*/cwd/**",
  "/proc/*/exe",
  "/proc/*/fd/**",
  "/proc/*/map_files/**",
  "/proc/*/task/**",
  "/proc/kcore",
  "/proc/kallsyms",
  "/proc/sysrq-trigger",
  "/dev/sd*",
  "/dev/hd*",
  "/dev/vd*",
  "/dev/xvd*",
  "/dev/nvme*",
  "/dev/dm-*",
  "/dev/md*",
  "/dev/loop*",
  "/dev/mapper/**",
  "/dev/disk/**",
  "/dev/block/**",
  "/dev/mem",
  "/dev/kmem",
  "/dev/port",
  "/dev/tcp/**",
  "/dev/udp/**",
  "/dev/pts/**",
  "/dev/tty*",
  "/dev/input/**",
  "/sys/kernel/security/**",
  "/var/lib/mysql/**",
  "/var/lib/postgresql/**",
  "/var/spool/cron/**",
  "/var/mail/**",
  "/var/spool/mail/**",
  "/root/**",
  "/var/crash/**",
  "/var/lib/systemd/coredump/**",
];

/**
 * Patterns in these places are taken to mean what usually lies there, so that logs can be searched: only a secret that
 * is named with its whole path counts among them. A file that is named in full is compared with every secret.
 */
const ORDINARY: readonly RegExp[] = [
  /^\/(?:var\/log|proc|sys|usr|lib|bin|sbin|run)\//,
  /^\/etc\/(?:nginx|apache2|httpd|haproxy|systemd|cron\.(?:d|hourly|daily|weekly|monthly)|apt\/sources\.list\.d|logrotate\.d|sysctl\.d|rsyslog\.d|modprobe\.d|profile\.d|ld\.so\.conf\.d|update-motd\.d|security\/limits\.d|default)\//,
  /^\/etc\/[^/]*release$/,
  // Pipes and files that a command has open itself.
  /^\/dev\/fd\/[^/]*$/,
  /\.log(?:\.[^/]*)?$/,
];

/** Those of `files` that may be one that commonly holds a secret. A file that isn't known may be any. */
export function secretFiles(files: readonly FileName[]): FileName[] {
  return files.filter(secretPath);
}

/** Characters of a pattern that is compared; comparing two patterns takes the product of their lengths. */
const MAX_PATTERN = 256;

/** For names without wildcards. */
const SECRET_NAMES = SECRETS.map(
  (secret) =>
    new RegExp(
      `^${secret
        .split(/(\*\*?)/)
        .map((part) =>
          part === "**" ? ".*" : part === "*" ? "[^/]*" : part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"),
        )
        .join("")}$`,
      "s",
    ),
);

/**
 * Whether `path`, which may hold patterns of the shell, may be a file that commonly holds a secret. A pattern that is
 * too long to be compared may be any file.
 */
export function secretPath(path: FileName): boolean {
  if (path === ANY_FILE) return true;
  if (!/[*?[]/.test(path)) return SECRET_NAMES.some((secret) => secret.test(path));
  if (path.length > MAX_PATTERN) return true;
  const ordinary = ORDINARY.some((place) => place.test(path));
  return SECRETS.some((secret) => !(ordinary && secret.startsWith("**")) && meets(path, secret));
}

/** Whether a name can be one of both patterns. */
function meets(pattern: string, secret: string): boolean {
  const known = new Map<number, boolean>();
  const ours = tokens(pattern);
  const theirs = tokens(secret);
  const at = (i: number, j: number): boolean => {
    const key = i * (theirs.length + 1) + j;
    let answer = known.get(key);
    if (answer === undefined) {
      answer = step(i, j);
      known.set(key, answer);
    }
    return answer;
  };
  const step = (i: number, j: number): boolean => {
    const a = ours[i];
    const b = theirs[j];
    if (a === undefined && b === undefined) return true;
    if (b !== undefined && many(b)) {
      if (at(i, j + 1)) return true;
      return a !== undefined && (many(a) || b === "**" || a !== "/") && at(i + 1, j);
    }
    if (a !== undefined && many(a)) {
      if (at(i + 1, j)) return true;
      if (b === undefined || (a === "*" && b === "/")) return false;
      // The shell's own patterns never begin a name with a dot by themselves.
      if (a === "*" && b === "." && ours[i - 1] === "/" && theirs[j - 1] === "/") return false;
      return at(i, j + 1);
    }
    if (a === undefined || b === undefined) return false;
    return (a === b || (a === "?" && b !== "/")) && at(i + 1, j + 1);
  };
  return at(0, 0);
}

const many = (token: string): boolean => token === "*" || token === "**";

/** Characters and wildcards; a bracket is as wide as any character. */
function tokens(pattern: string): string[] {
  return pattern.match(/\*\*|\[[^\]/]*\]|[\s\S]/g)?.map((token) => (token.length > 2 ? "?" : token)) ?? [];
}
