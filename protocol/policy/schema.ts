/**
 * The Cedar schema that every policy set is validated against, strictly. docs/policies.md explains each attribute.
 * Other kinds of targets add their actions and their context beside these.
 */
export const POLICY_SCHEMA = `
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
  kind: String,
  connector: String,
};

/// Counts of a session, or of all sessions that a principal has on one connector.
type Usage = {
  statements: Long,
  statementsLastMinute: Long,
  rows: Long,
  bytes: Long,
  /// How often this statement's fingerprint was judged in the last minute.
  repeatedLastMinute: Long,
};

/// The planner's estimate, asked before the statement runs, only where a policy mentions it.
type Plan = {
  rows: Long,
  cost: Long,
};

type Statement = {
  /// False at first; true when it is asked what an approval would change.
  approved: Bool,
  database: String,
  tag: String,
  /// The parser proved all that the statement does.
  complete: Bool,
  opaque: Set<String>,
  reads: Set<String>,
  writes: Set<String>,
  readColumns: Set<String>,
  writeColumns: Set<String>,
  functions: Set<String>,
  effects: Set<String>,
  settings: Set<String>,
  where: String,
  limit?: Long,
  fingerprint: String,
  inTransaction: Bool,
  plan?: Plan,
  session: Usage,
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

action "postgres:read", "postgres:write", "postgres:define";

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
  "postgres:administer", "postgres:escape" appliesTo {
  principal: [Principal], resource: [Target], context: Statement,
};
`;
