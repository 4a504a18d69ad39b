import { HTTP_STARTER_POLICIES } from "./starter-http.ts";
import { KUBERNETES_STARTER_POLICIES } from "./starter-kubernetes.ts";
import { SSH_STARTER_POLICIES } from "./starter-ssh.ts";

/** Permits everything: for tests, and for those who want recording alone. */
export const ALLOW_ALL = "permit(principal, action, resource);\n";

/** What is in force on a fresh install, and what `sallyport policy init` writes. */
export const STARTER_POLICIES = `// Sallyport's starter policies. One text for the whole edge; 'sallyport apply' puts it in force.
//
// Whatever no policy permits is blocked. A forbid wins over every permit. A policy that looks at context.approved
// holds a statement or a request until its approvers agree. 'sallyport policy check FILE' finds mistakes, 'sallyport policy test'
// runs a table of cases, docs/policies.md explains every word.
//
// The group "dba" approves here what is asked of databases, "ops" what is asked of hosts, services and clusters: rename
// them to groups that your identity provider knows.

// ---- Who may connect, and who may approve

// Each target's list 'allow' stays the place that says who may open it.
@id("connect-listed")
permit(principal, action == Action::"connect", resource)
when { context.listed };

// Members of the groups that a policy names may approve what others asked for, never what they asked for themselves.
@id("approve-by-named-group")
permit(principal, action == Action::"approve", resource)
when { context.approvers.containsAny(principal.groups) && context.requester != principal.name };

// An agent that acts for a user is no person: its word would be the asker's own.
@id("approve-by-people-only")
@reason("An agent can't approve: a person must.")
forbid(principal, action == Action::"approve", resource)
when { principal has onBehalfOf };

// ---- Who may watch sessions as they go on

// Those who approve, but never their own sessions: where a session needs a watcher, that would be nobody.
@id("watch")
permit(principal, action == Action::"watch", resource)
when { principal in [Group::"ops", Group::"dba"] && context.of != principal.name };

@id("watch-by-people-only")
@reason("An agent can't watch: a person must.")
forbid(principal, action == Action::"watch", resource)
when { principal has onBehalfOf };

// ---- What is masked

// Nobody sees labelled columns unmasked. A label stands where somebody said that not everybody may read a column, and
// no set can know for whom it is all the same; what nobody permits costs a question, what is permitted too widely a leak.
//   permit(principal in Group::"support", action == Action::"unmask", resource) when { context.label == "pii.email" };

// ---- Reading

// Reads that the planner finds cheap. The bounds are those of a careful person at a busy database: enough for
// listings, joins and reports, not for copying a table out. Results are cut, with an error, at @rows and @bytes:
// the planner only estimates.
@id("read-cheaply")
@rows("100000")
@bytes("100MB")
permit(principal, action == Action::"postgres:select", resource)
when { context has plan && context.plan.rows <= 100000 && context.plan.cost <= 500000 };

// COPY and FETCH have no plan of their own; FETCH reads what DECLARE was judged for. Their results are cut alike.
@id("read-without-plan")
@rows("100000")
@bytes("100MB")
permit(principal, action == Action::"postgres:select", resource)
when { ["COPY", "FETCH", "MOVE", "CLOSE CURSOR"].contains(context.tag) };

// PREPARE runs nothing: each EXECUTE is judged as what it executes.
@id("prepare")
permit(principal, action in [Action::"postgres:read", Action::"postgres:write"], resource)
when { context.tag == "PREPARE" };

// Any other read, dear or without an estimate, is somebody's decision. It isn't cut: they saw what it reads.
@id("read-dearly")
@reason("This read is expensive, or the planner can't say: it needs an approval. Narrow it, or add a LIMIT.")
@approvers("dba")
permit(principal, action == Action::"postgres:select", resource)
when { context.approved };

// EXPLAIN and SHOW tell how, not what. EXPLAIN ANALYZE runs its statement, which is judged as such, too.
@id("explain-and-show")
permit(principal, action in [Action::"postgres:explain", Action::"postgres:show"], resource);

// ---- Writing

// New rows harm no old ones. An upsert updates, too, which is judged below.
@id("insert")
permit(principal, action == Action::"postgres:insert", resource);

// An UPDATE or DELETE by its key changes what somebody meant. An upsert ("none": it has no WHERE) finds its row by a
// key as well.
@id("write-by-key")
permit(principal, action in [Action::"postgres:update", Action::"postgres:delete"], resource)
when { context.where == "key" || (context.where == "none" && context.tag == "INSERT") };

// By another condition, while the planner expects few rows.
@id("write-few-rows")
permit(principal, action in [Action::"postgres:update", Action::"postgres:delete"], resource)
when { context.where == "condition" && context has plan && context.plan.rows <= 100 };

// Everything else that changes rows: without WHERE, with one that no row decides, or with many rows to change.
@id("mass-write")
@reason("This may change many rows: it needs an approval. Name the rows by their key to need none.")
@approvers("dba")
permit(principal, action in [Action::"postgres:update", Action::"postgres:delete"], resource)
when { context.approved };

// ---- Defining

// A session's temporary tables are its own.
@id("own-temporary-tables")
permit(
  principal,
  action in [Action::"postgres:define", Action::"postgres:update", Action::"postgres:delete"],
  resource
)
when {
  ["CREATE TABLE", "CREATE TABLE AS", "SELECT INTO", "DROP TABLE", "TRUNCATE TABLE", "UPDATE", "DELETE"]
    .contains(context.tag) &&
  context.writeSchemas == ["pg_temp"]
};

// Definitions outlive the session, lock tables while they change, and break what relies on them.
@id("definitions")
@reason("Definitions are changed by a migration that a DBA has seen: it needs an approval.")
@approvers("dba")
permit(principal, action in Action::"postgres:define", resource)
when { context.approved };

// Rights decide what the target itself allows.
@id("rights")
@reason("Who may do what in the database is changed with an approval only.")
@approvers("dba")
permit(principal, action in [Action::"postgres:grant", Action::"postgres:assume-role"], resource)
when { context.approved };

// ---- Running code

// The parser doesn't see into procedures and DO blocks; a person who reads them does.
@id("code")
@reason("What this code does can't be told from the statement: it needs an approval.")
@approvers("dba")
permit(principal, action in [Action::"postgres:call", Action::"postgres:do"], resource)
when { context.approved };

// ---- The session, and the server

@id("transactions-and-notifications")
permit(principal, action in [Action::"postgres:transaction", Action::"postgres:notify"], resource);

@id("settings")
permit(principal, action == Action::"postgres:set", resource);

// Only settings that change how results look, how long things may take, and where names are looked up. Not here, on
// purpose: session_replication_role (switches triggers and foreign keys off), the planner's costs (they would lower
// the estimates above), settings of extensions and your own, which row security may rely on, and all that only a
// superuser needs. A list of the permitted ones stays right when PostgreSQL adds some.
@id("harmless-settings-only")
@reason("This setting isn't among those that a session may change.")
forbid(principal, action in Action::"postgres:statement", resource)
unless {
  context.settings.isEmpty() ||
  [
    "application_name", "bytea_output", "check_function_bodies", "client_encoding", "client_min_messages",
    "datestyle", "deadlock_timeout", "default_toast_compression", "default_transaction_deferrable",
    "default_transaction_isolation", "default_transaction_read_only", "extra_float_digits",
    "gin_fuzzy_search_limit", "idle_in_transaction_session_timeout", "idle_session_timeout", "intervalstyle",
    "jit", "lc_messages", "lc_monetary", "lc_numeric", "lc_time", "lock_timeout", "plan_cache_mode",
    // Whose rights the session has: an action of its own, above.
    "role", "session_authorization",
    "quote_all_identifiers", "row_security", "search_path", "standard_conforming_strings", "statement_timeout",
    "synchronize_seqscans", "tcp_keepalives_count", "tcp_keepalives_idle", "tcp_keepalives_interval",
    "tcp_user_timeout", "timezone", "transaction_deferrable", "transaction_isolation", "transaction_read_only",
    "transaction_timeout", "xmlbinary", "xmloption"
  ].containsAll(context.settings) ||
  // All of them at once, back to what the session began with.
  ["RESET", "DISCARD ALL"].contains(context.tag)
};

// ANALYZE only reads, and makes estimates better.
@id("analyze")
permit(principal, action == Action::"postgres:maintain", resource)
when { context.tag == "ANALYZE" };

// The others rewrite tables, take locks that stop everybody, or change the server.
@id("maintenance")
@reason("This can stop others, or changes the server: it needs an approval.")
@approvers("dba")
permit(
  principal,
  action in [Action::"postgres:maintain", Action::"postgres:lock", Action::"postgres:administer"],
  resource
)
when { context.approved };

// A prepared transaction keeps its locks after the session is gone, where nothing here can end it.
@id("no-two-phase")
@reason("Two-phase commit leaves locks behind that outlive the session.")
forbid(principal, action == Action::"postgres:two-phase", resource);

// ---- Never, whoever approves

// What the parser can't prove isn't judged by the rest: it could be anything. Procedures, DO blocks and the bodies of
// new functions are held above.
@id("incomplete")
@reason("What can't be proved isn't run.")
forbid(principal, action in Action::"postgres:statement", resource)
unless {
  context.complete || action in [Action::"postgres:call", Action::"postgres:do", Action::"postgres:create"]
};

// Out of the database, into the server and its network.
@id("escape")
@reason("This reaches beyond the database: the server's files, programs, network or other sessions.")
forbid(principal, action in Action::"postgres:statement", resource)
when {
  context.effects.containsAny([
    "read-file", "write-file", "run-program", "connect-out", "signal-backend", "control-server", "large-object"
  ])
};

@id("escape-action")
@reason("This reaches beyond the database: the server's files, programs, network or other sessions.")
forbid(principal, action == Action::"postgres:escape", resource);

// SQL in a string: what the parser can't see, it can't judge. In a DO block or a procedure a person reads it.
@id("dynamic-sql")
@reason("SQL that is put together at run time can't be judged: write the statement itself.")
forbid(principal, action in Action::"postgres:statement", resource)
when { context.effects.contains("dynamic-sql") }
unless { action in [Action::"postgres:call", Action::"postgres:do"] };

// pg_stats holds samples of every column, pg_authid passwords, pg_stat_activity other people's statements.
@id("system-secrets")
@reason("This shows samples of data, stored secrets or other sessions.")
forbid(principal, action in Action::"postgres:statement", resource)
when { context.effects.contains("read-system") };

@id("no-sleep")
@reason("Waiting in the database holds a connection and its locks: wait in the client.")
forbid(principal, action in Action::"postgres:statement", resource)
when { context.effects.contains("sleep") };

// ---- The runaway loop

// An agent that goes round in a circle says the same again and again. One approval covers the rest of the session.
@id("runaway-loop")
@reason("This session repeats itself, or goes faster than anybody reads: it needs an approval.")
@approvers("dba")
@scope("session")
forbid(
  principal,
  action in [Action::"postgres:read", Action::"postgres:write", Action::"postgres:define"],
  resource
)
when { context.session.repeatedLastMinute > 1000 || context.session.statementsLastMinute > 6000 }
unless { context.approved };

// The same of command lines. Clients of SFTP ask for thousands of files, which is no loop.
@id("runaway-commands")
@reason("This session repeats the same command: it needs an approval.")
@approvers("ops")
@scope("session")
forbid(principal, action == Action::"ssh:exec", resource)
when { context.session.repeatedLastMinute > 1000 }
unless { context.approved };

// The same of services and clusters: nobody looks at one thing a thousand times a minute.
@id("runaway-requests")
@reason("This session repeats the same request: it needs an approval.")
@approvers("ops")
@scope("session")
forbid(principal, action in [Action::"http:request", Action::"kubernetes:request"], resource)
when { context.session.repeatedLastMinute > 1000 }
unless { context.approved };

${SSH_STARTER_POLICIES}
${HTTP_STARTER_POLICIES}
${KUBERNETES_STARTER_POLICIES}`;
