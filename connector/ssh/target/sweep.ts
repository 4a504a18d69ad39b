/** Looks that find nothing, one after the other, until nothing is taken to be left: a process that becomes another program has no environment for a moment. */
const EMPTY_LOOKS = 2;
/** Looks at most: what begins others faster than they are killed is not to keep the host busy. */
const MOST_LOOKS = 10;

/**
 * One line, for a login shell of whatever kind: kills what a connection runs. That is all that carries its SSH_CONNECTION
 * in its environment, and, where sshd has begun the line, all that the same sshd process has begun: what sshd has only
 * just forked for a command has sshd's own environment until it is the command. `grep` and `tr` have the variable, too,
 * and are gone by then.
 */
export const SWEEP = [
  "exec /bin/sh -c '",
  '[ -n "$SSH_CONNECTION" ] || exit 0;',
  // Whose parent is gone has another one, as init, whose children are no concern of this connection's.
  'case "$(cat /proc/$PPID/comm 2>/dev/null)" in sshd*) parent=$PPID;; *) parent=none;; esac;',
  "looks=0; empty=0;",
  `while [ $empty -lt ${EMPTY_LOOKS} ] && [ $looks -lt ${MOST_LOOKS} ]; do`,
  "looks=$((looks + 1)); empty=$((empty + 1));",
  'for pid in $({ grep -lsaF "SSH_CONNECTION=$SSH_CONNECTION" /proc/[0-9]*/environ;',
  'grep -lsx "PPid:.$parent" /proc/[0-9]*/status; } | tr -cd "0-9\\n"); do',
  'if [ "$pid" != $$ ] && kill -KILL "$pid" 2>/dev/null; then empty=0; fi;',
  "done;",
  "done'",
].join(" ");
