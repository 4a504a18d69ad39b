import { EXCHANGE_SCHEMA } from "./schema-exchanges.ts";

/**
 * The Cedar schema that every policy set is validated against, strictly. docs/policies.md explains each attribute.
 * Other kinds of targets add their actions and their context beside these.
 */
export const POLICY_SCHEMA = `
/// A group that the identity provider names.
entity Group;

/// A verified identity: a user, a workload, or an agent acting for a user.
entity Principal in [Group] {
  name: String,
  groups: Set<String>,
  /// The user for whom an agent acts.
  onBehalfOf?: String,
};

entity Target {
  name: String,
  /// "postgres", "ssh", "http" or "kubernetes".
  kind: String,
  /// Name of the connector that serves it.
  connector: String,
};

/// Counts of a session, or of all sessions that a principal has on one connector.
type Usage = {
  /// Of other targets than databases: requests.
  statements: Long,
  statementsLastMinute: Long,
  /// Rows and bytes of results; rows are of databases alone.
  rows: Long,
  bytes: Long,
  /// How often this statement's or request's fingerprint was judged in the last minute.
  repeatedLastMinute: Long,
};

/// The planner's estimate, asked before the statement runs, only where a policy mentions it.
type Plan = {
  /// Rows that it returns or changes.
  rows: Long,
  /// The planner's cost units, rounded up.
  cost: Long,
};

/// What the parser proved of one statement, and where it runs.
type Statement = {
  /// False at first; true when it is asked what an approval would change.
  approved: Bool,
  database: String,
  /// PostgreSQL's command tag: "SELECT", "CREATE TABLE".
  tag: String,
  /// The parser proved all that the statement does.
  complete: Bool,
  /// Why it isn't complete, in words.
  opaque: Set<String>,
  /// Relations: "schema.name"; "pg_temp.name" for temporary ones.
  reads: Set<String>,
  writes: Set<String>,
  /// The schemas of these.
  readSchemas: Set<String>,
  writeSchemas: Set<String>,
  /// "schema.relation.column".
  readColumns: Set<String>,
  writeColumns: Set<String>,
  /// Functions called: "schema.name".
  functions: Set<String>,
  /// What it does beside reading and writing rows: "read-file", "sleep".
  effects: Set<String>,
  /// Settings changed, lower case; "*" for all.
  settings: Set<String>,
  /// Of UPDATE and DELETE: "missing", "constant", "condition", "key"; "none" for others.
  where: String,
  limit?: Long,
  /// Equal for statements that differ in constants only.
  fingerprint: String,
  inTransaction: Bool,
  plan?: Plan,
  session: Usage,
  /// All sessions of the principal on this connector.
  principalUsage: Usage,
};

action "connect" appliesTo {
  principal: [Principal],
  resource: [Target],
  context: {
    approved: Bool,
    /// The target's list \`allow\` names the principal, its user, or a group.
    listed: Bool,
    /// "framed" (the client), "raw" (a WebSocket driver) or "http" (requests to the edge's own address).
    mode: String,
  },
};

action "approve" appliesTo {
  principal: [Principal],
  resource: [Target],
  context: {
    /// Groups that the deciding policy's @approvers names.
    approvers: Set<String>,
    /// Who asks.
    requester: String,
    /// The action that waits for approval.
    action: String,
  },
};

/// Seeing the values of columns with a label as they are. Asked once for each label, when a session begins: whatever
/// isn't allowed is masked. Nobody can be asked for an approval.
action "unmask" appliesTo {
  principal: [Principal],
  resource: [Target],
  context: {
    /// As the target's settings name it: "pii.email".
    label: String,
    /// Empty where the target is no database.
    database: String,
  },
};

/// Watching a session as it goes on. Nobody can be asked for an approval.
action "watch" appliesTo {
  principal: [Principal],
  resource: [Target],
  context: {
    /// The principal whose session it is.
    of: String,
    /// The target's kind.
    kind: String,
  },
};

/// Every statement; statements that read rows, write rows, define objects.
action "postgres:statement";
action "postgres:read", "postgres:write", "postgres:define" in ["postgres:statement"];

action "postgres:select", "postgres:explain", "postgres:show" in ["postgres:read"] appliesTo {
  principal: [Principal], resource: [Target], context: Statement,
};
action "postgres:insert", "postgres:update", "postgres:delete" in ["postgres:write"] appliesTo {
  principal: [Principal], resource: [Target], context: Statement,
};
action "postgres:create", "postgres:alter", "postgres:drop", "postgres:truncate" in ["postgres:define"] appliesTo {
  principal: [Principal], resource: [Target], context: Statement,
};
action "postgres:grant", "postgres:call", "postgres:do", "postgres:set", "postgres:assume-role",
  "postgres:transaction", "postgres:two-phase", "postgres:lock", "postgres:maintain", "postgres:notify",
  "postgres:administer", "postgres:escape" in ["postgres:statement"] appliesTo {
  principal: [Principal], resource: [Target], context: Statement,
};

/// What was proved of one command of a command line; each command of a line is asked about. Files are absolute and
/// normalised; "~/…" below the account's home; "*" where a name isn't static.
type Command = {
  /// False at first; true when it is asked what an approval would change.
  approved: Bool,
  /// The login name on the target.
  account: String,
  /// The program's name without its folder: "systemctl"; empty where it isn't static, or there is none.
  program: String,
  /// The program as it stands in the line: "systemctl", "/bin/systemctl".
  path: String,
  /// All words from the program on, a blank between, quoted where need be; * for one that isn't static.
  arguments: String,
  /// Words after the program that don't begin with "-", and those that do; "*" in both for one that isn't static.
  operands: Set<String>,
  options: Set<String>,
  /// The programs that run it: "sudo", "xargs".
  via: Set<String>,
  /// The account that it runs as: "root" by sudo; else the login name.
  runAs: String,
  /// The host that it runs on, where ssh leads on.
  host?: String,
  reads: Set<String>,
  writes: Set<String>,
  /// These files, and all folders above them.
  readDirectories: Set<String>,
  writeDirectories: Set<String>,
  /// Those of the files that may hold passwords or keys, as far as their names tell.
  secrets: Set<String>,
  /// Variables that are set for it, but for those that no shell or program is known to heed.
  assignments: Set<String>,
  /// Where its input comes from: "agent", "pipe", "file", "text".
  stdin: String,
  /// The program is one whose options and operands are understood.
  known: Bool,
  /// What it does: "delete", "control-service".
  effects: Set<String>,
  /// All that it does, and all that the line runs, is proved.
  complete: Bool,
  /// Why it isn't complete, in words.
  opaque: Set<String>,
  /// How many commands the line has.
  commands: Long,
  /// It has a terminal.
  terminal: Bool,
  /// The whole line as it was sent.
  line: String,
  session: Usage,
  /// All sessions of the principal on this connector.
  principalUsage: Usage,
};

/// An interactive shell: what is typed there isn't judged.
type Shell = {
  approved: Bool,
  account: String,
  terminal: Bool,
  session: Usage,
  principalUsage: Usage,
};

/// One operation on files by SFTP or scp. Of an operation on two files each is asked about.
type File = {
  approved: Bool,
  account: String,
  /// "read", "list", "remove".
  operation: String,
  /// Absolute and normalised.
  path: String,
  /// The path, and all folders above it.
  directories: Set<String>,
  /// The last part of the path.
  name: String,
  /// Of an operation on two files the other one.
  other?: String,
  /// The same of the other one; empty where there is none.
  otherDirectories: Set<String>,
  /// The path or the other one may hold passwords or keys, as far as its name tells.
  secret: Bool,
  /// "sftp" or "scp".
  protocol: String,
  session: Usage,
  principalUsage: Usage,
};

/// A connection through the target, or the agent's own keys or display on it.
type Forward = {
  approved: Bool,
  account: String,
  /// "local" (from the target outward), "remote" (the target listens), "agent", "x11".
  direction: String,
  /// Where to, or where the target listens, in lower case; the path of a Unix socket; empty for "agent" and "x11".
  host: String,
  /// 0 for Unix sockets, "agent" and "x11".
  port: Long,
  session: Usage,
  principalUsage: Usage,
};

/// Every request to an SSH target; operations on files.
action "ssh:request";
action "ssh:sftp" in ["ssh:request"];

action "ssh:exec" in ["ssh:request"] appliesTo {
  principal: [Principal], resource: [Target], context: Command,
};
action "ssh:shell" in ["ssh:request"] appliesTo {
  principal: [Principal], resource: [Target], context: Shell,
};
action "ssh:sftp:read", "ssh:sftp:write" in ["ssh:sftp"] appliesTo {
  principal: [Principal], resource: [Target], context: File,
};
action "ssh:forward" in ["ssh:request"] appliesTo {
  principal: [Principal], resource: [Target], context: Forward,
};
${EXCHANGE_SCHEMA}`;
