/** The part of the starter policies that judges SSH targets. */
export const SSH_STARTER_POLICIES = `// ---- SSH: command lines

// Each command of a line is asked about, also those in substitutions and those that sudo, xargs or find run; the worst
// answer counts. The group "ops" approves here: rename it to one that your identity provider knows.

// What only looks, by programs whose every option and operand is understood, as the account itself. A terminal isn't
// given: with one, pagers begin, and a pager runs whatever is typed.
@id("ssh-look")
permit(principal, action == Action::"ssh:exec", resource)
when {
  context.complete && context.known && !context.terminal && !(context has host) &&
  context.runAs == context.account &&
  ["read", "run-command"].containsAll(context.effects) &&
  // A redirection writes without the program's knowing.
  ["/dev/null"].containsAll(context.writes) &&
  // Names, sizes and modes tell no secret; the values of variables do.
  (context.secrets.isEmpty() ||
    (["ls", "find", "stat", "df", "readlink", "realpath", "test", "["].contains(context.program) &&
      !context.reads.contains("/proc/self/environ")))
};

// Finding out why a host isn't reached sends nothing but the name, which stands in the line.
@id("ssh-reach")
permit(principal, action == Action::"ssh:exec", resource)
when {
  ["ping", "ping6", "traceroute", "tracepath", "dig", "host", "nslookup"].contains(context.program) &&
  context.complete && context.known && !context.terminal && !(context has host) &&
  context.runAs == context.account &&
  ["read", "network"].containsAll(context.effects) &&
  context.writes.isEmpty() && context.secrets.isEmpty()
};

// Whatever else is understood is somebody's decision: the approver sees the whole line.
@id("ssh-change")
@reason("This changes something, reaches another host, or reads what may hold a secret: it needs an approval.")
@approvers("ops")
permit(principal, action == Action::"ssh:exec", resource)
when { context.approved && context.complete && context.known && !context.terminal };

// With a terminal a command can be typed into: it is held as a shell is, and watched.
@id("ssh-terminal-command")
@reason("A command with a terminal can be typed into, and what is typed isn't judged: it needs an approval. Ask without one (ssh -T).")
@approvers("ops")
@watched
permit(principal, action == Action::"ssh:exec", resource)
when { context.approved && context.terminal && context.complete && context.known };

// A program that isn't known, of a line of which all else is proved: one's own tools, by their name or path.
@id("ssh-unknown-program")
@reason("What this program does isn't known here: it needs an approval, or a policy that permits it by name.")
@approvers("ops")
permit(principal, action == Action::"ssh:exec", resource)
when { context.approved && context.program != "" && context.opaque == ["What this program does isn't known."] };

// ---- Command lines: never, whoever approves

// Code in a string, a pipe or a file isn't understood, and often isn't in the line that the approver reads.
@id("ssh-hidden-code")
@reason("This runs code that isn't commands of the line: write the commands themselves.")
forbid(principal, action == Action::"ssh:exec", resource)
when { context.effects.contains("run-code") && !context.complete };

@id("ssh-hidden-program")
@reason("What this runs can't be told from the line: write the program's name as it is.")
forbid(principal, action == Action::"ssh:exec", resource)
when { context.program == "" && (!context.complete || !context.operands.isEmpty()) };

// Variables with which the loader, the shell or a program finds its code. A list of harmless ones stays right when
// somebody invents another.
@id("ssh-variables")
@reason("A variable that this sets may change what programs do.")
forbid(principal, action == Action::"ssh:exec", resource)
unless {
  [
    "LANG", "LC_ALL", "LC_CTYPE", "LC_COLLATE", "LC_MESSAGES", "LC_NUMERIC", "LC_TIME", "TZ", "NO_COLOR",
    "COLUMNS", "LINES", "DEBIAN_FRONTEND", "SYSTEMD_COLORS"
  ].containsAll(context.assignments)
};

// What stays when the session is gone: an approval is for what is done while people look.
@id("ssh-stays")
@reason("This leaves something that runs later, or changes accounts: it is done by those who run the host, not in a session.")
forbid(principal, action == Action::"ssh:exec", resource)
when { context.effects.containsAny(["schedule", "change-account"]) };

// Files that decide who logs in, what runs then, and who is believed.
@id("ssh-own-door")
@reason("This file decides who may log in, or what runs then.")
forbid(principal, action == Action::"ssh:exec", resource)
when {
  context.writeDirectories.containsAny([
    "~/.ssh", "/root/.ssh", "/etc/ssh", "/etc/shadow", "/etc/passwd", "/etc/group", "/etc/sudoers", "/etc/sudoers.d",
    "/etc/pam.d", "/etc/security", "/etc/ld.so.preload", "/etc/profile", "/etc/profile.d", "/etc/bash.bashrc",
    "/etc/environment", "/etc/crontab", "/etc/cron.d", "/etc/cron.hourly", "/etc/cron.daily", "/etc/cron.weekly",
    "/etc/cron.monthly", "/var/spool/cron", "/etc/systemd", "/usr/lib/systemd", "/lib/systemd", "/etc/init.d",
    "/etc/rc.local", "/proc", "/sys", "/dev/mem", "/dev/sda", "/boot",
    "~/.bashrc", "~/.bash_profile", "~/.bash_login", "~/.bash_logout", "~/.profile", "~/.zshrc", "~/.zshenv",
    "~/.zprofile", "~/.zlogin", "~/.pam_environment", "~/.config", "~/.local", "~/.gitconfig"
  ])
};

// ---- SSH: shells

// What is typed into a shell can't be judged ahead. A person agrees to it, and a person watches: it waits for the
// watcher, and stops when the watcher leaves.
@id("ssh-shell")
@reason("What is typed into a shell isn't judged: it needs an approval, and somebody who watches. Single commands may need neither.")
@approvers("ops")
@watched
permit(principal, action == Action::"ssh:shell", resource)
when { context.approved };

// ---- SSH: files

// Names, sizes and modes.
@id("ssh-list-files")
permit(principal, action == Action::"ssh:sftp:read", resource)
when { ["list", "stat", "readlink"].contains(context.operation) };

// Contents, but of files that commonly hold secrets.
@id("ssh-read-files")
permit(principal, action == Action::"ssh:sftp:read", resource)
when { !context.secret };

@id("ssh-read-secrets")
@reason("This file commonly holds a secret: reading it needs an approval.")
@approvers("ops")
permit(principal, action == Action::"ssh:sftp:read", resource)
when { context.approved };

// Every change is held, also below /tmp and in the home folder: a file there is a program, a script or a
// repository's settings to the next command, and sshd's bash reads ~/.bashrc for single commands, too.
@id("ssh-write-files")
@reason("This changes a file: it needs an approval.")
@approvers("ops")
permit(principal, action == Action::"ssh:sftp:write", resource)
when { context.approved };

@id("ssh-own-door-by-file")
@reason("This file decides who may log in, or what runs then.")
forbid(principal, action == Action::"ssh:sftp:write", resource)
when {
  context.directories.containsAny([
    "~/.ssh", "/root/.ssh", "/etc/ssh", "/etc/shadow", "/etc/passwd", "/etc/group", "/etc/sudoers", "/etc/sudoers.d",
    "/etc/pam.d", "/etc/security", "/etc/ld.so.preload", "/etc/profile", "/etc/profile.d", "/etc/bash.bashrc",
    "/etc/environment", "/etc/crontab", "/etc/cron.d", "/etc/cron.hourly", "/etc/cron.daily", "/etc/cron.weekly",
    "/etc/cron.monthly", "/var/spool/cron", "/etc/systemd", "/usr/lib/systemd", "/lib/systemd", "/etc/init.d",
    "/etc/rc.local", "/proc", "/sys", "/dev"
  ]) ||
  context.path like "*/.ssh/*" || context.path like "*/.ssh" ||
  [
    ".bashrc", ".bash_profile", ".bash_login", ".bash_logout", ".profile", ".zshrc", ".zshenv", ".zprofile",
    ".zlogin", ".pam_environment", ".gitconfig", ".rhosts", ".shosts", ".forward", ".inputrc", ".vimrc"
  ].contains(context.name)
};

// ---- SSH: forwarding

// A forwarded connection isn't judged, masked or shown in the recording; the agent's keys and display lend the target
// what isn't the target's. Permit the destinations that are meant, by host and port:
//   permit(principal in Group::"developers", action == Action::"ssh:forward", resource)
//   when { context.direction == "local" && context.host == "localhost" && context.port == 8080 };
`;
