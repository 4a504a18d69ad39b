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
  /// "postgres".
  kind: String,
  /// Name of the connector that serves it.
  connector: String,
};

/// Counts of a session, or of all sessions that a principal has on one connector.
type Usage = {
  statements: Long,
  statementsLastMinute: Long,
  /// Rows and bytes of results.
  rows: Long,
  bytes: Long,
  /// How often this statement's fingerprint was judged in the last minute.
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
    /// "framed" (the client) or "raw" (a WebSocket driver).
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
    database: String,
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
`;
