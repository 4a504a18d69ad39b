import type { Effect, StatementAction } from "./facts.ts";

/** What calling a function does beside computing a value. */
export interface FunctionRow {
  effects: readonly Effect[];
  /** Actions that a call adds to those of the statement. */
  actions: readonly StatementAction[];
  /** Why a call hides what is read or written; null when the effects tell all. */
  opaque: string | null;
}

interface Family {
  /** Names, and prefixes where they end in `*`, separated by blanks. */
  names: string;
  effects: readonly Effect[];
  actions?: readonly StatementAction[];
  opaque?: string;
}

const FAMILIES: readonly Family[] = [
  {
    names: `pg_read_file pg_read_file_old pg_read_binary_file pg_stat_file pg_ls_* pg_current_logfile
      pg_hba_file_rules pg_ident_file_mappings pg_show_all_file_settings pg_file_read pg_file_length
      pg_logdir_ls pg_logfile_rotate`,
    effects: ["read-file"],
    actions: ["postgres:escape"],
  },
  {
    names: "pg_file_write pg_file_rename pg_file_unlink pg_file_sync",
    effects: ["write-file"],
    actions: ["postgres:escape"],
  },
  { names: "lo_import", effects: ["large-object", "read-file"], actions: ["postgres:escape"] },
  { names: "lo_export", effects: ["large-object", "write-file"], actions: ["postgres:escape"] },
  {
    names: `lo_close lo_creat lo_create lo_from_bytea lo_get lo_lseek lo_lseek64 lo_open lo_put lo_tell lo_tell64
      lo_truncate lo_truncate64 lo_unlink lo_manage lo_oid loread lowrite`,
    effects: ["large-object"],
  },
  {
    names: "dblink dblink_*",
    effects: ["connect-out", "dynamic-sql"],
    actions: ["postgres:escape"],
    opaque: "runs SQL on another connection",
  },
  {
    names: `postgres_fdw_* http http_get http_post http_put http_patch http_delete http_head http_set_curlopt
      file_fdw_* pg_net_*`,
    effects: ["connect-out"],
    actions: ["postgres:escape"],
    opaque: "reaches other systems",
  },
  { names: "plpgsql_call_handler plpgsql_inline_handler", effects: ["dynamic-sql"], opaque: "runs code" },
  { names: "pg_sleep pg_sleep_for pg_sleep_until", effects: ["sleep"] },
  {
    names: "pg_terminate_backend pg_cancel_backend",
    effects: ["signal-backend"],
    actions: ["postgres:administer"],
  },
  {
    names: "pg_log_backend_memory_contexts",
    effects: ["signal-backend", "control-server"],
    actions: ["postgres:administer"],
  },
  { names: "set_config", effects: ["change-setting"], actions: ["postgres:set"] },
  { names: "pg_advisory_* pg_try_advisory_*", effects: ["lock"], actions: ["postgres:lock"] },
  { names: "nextval setval", effects: ["sequence"] },
  { names: "pg_notify", effects: ["notify"], actions: ["postgres:notify"] },
  {
    names: `query_to_xml query_to_xmlschema query_to_xml_and_xmlschema table_to_xml table_to_xmlschema
      table_to_xml_and_xmlschema schema_to_xml schema_to_xmlschema schema_to_xml_and_xmlschema database_to_xml
      database_to_xmlschema database_to_xml_and_xmlschema cursor_to_xml cursor_to_xmlschema`,
    effects: ["dynamic-sql"],
    opaque: "reads tables named by a string",
  },
  {
    names: "ts_stat ts_rewrite crosstab* connectby xpath_table",
    effects: ["dynamic-sql"],
    opaque: "runs SQL from a string",
  },
  {
    names: `pg_logical_slot_get_* pg_logical_slot_peek_*`,
    effects: ["read-system", "control-server"],
    actions: ["postgres:administer"],
    opaque: "shows changed rows of every table",
  },
  {
    names: `pg_create_logical_replication_slot pg_create_physical_replication_slot pg_copy_logical_replication_slot
      pg_copy_physical_replication_slot pg_drop_replication_slot pg_replication_slot_advance pg_replication_origin_*
      pg_sync_replication_slots pg_logical_emit_message pg_create_restore_point pg_switch_wal pg_switch_xlog
      pg_backup_start pg_backup_stop pg_start_backup pg_stop_backup pg_promote pg_wal_replay_pause
      pg_wal_replay_resume pg_reload_conf pg_rotate_logfile pg_rotate_logfile_old pg_import_system_collations
      pg_log_standby_snapshot pg_export_snapshot pg_extension_config_dump pg_nextoid
      pg_stop_making_pinned_objects pg_stat_reset pg_stat_reset_* pg_stat_force_next_flush
      pg_restore_relation_stats pg_restore_attribute_stats pg_clear_relation_stats pg_clear_attribute_stats
      binary_upgrade_* pg_logical_replication_slot_* currtid2`,
    effects: ["control-server"],
    actions: ["postgres:administer"],
  },
  {
    names: `brin_summarize_new_values brin_summarize_range brin_desummarize_range gin_clean_pending_list
      pg_prewarm autoprewarm_*`,
    effects: [],
    actions: ["postgres:maintain"],
  },
  {
    names: `pg_stat_get_activity pg_stat_get_backend_activity pg_stat_get_wal_receiver pg_stat_get_wal_senders
      pg_stat_get_subscription pg_stat_statements pg_get_replication_slots pg_show_replication_origin_status
      pg_lock_status pg_prepared_xact pg_get_backend_memory_contexts pg_get_process_memory_contexts
      pg_get_shmem_allocations pg_get_shmem_allocations_numa pg_control_* pg_config pg_get_aios
      pg_get_loaded_modules pg_stat_get_backend_client_addr pg_stat_get_backend_client_port
      pg_replication_origin_oid pgrowlocks`,
    effects: ["read-system"],
  },
  {
    names: `get_raw_page heap_page_item* heap_tuple_infomask_flags tuple_data_split page_header bt_page_* brin_page_*
      gin_page_* gist_page_* hash_page_* fsm_page_contents pg_get_wal_record_info pg_get_wal_records_info*
      pg_get_wal_block_info pg_truncate_visibility_map`,
    effects: ["read-system"],
    opaque: "shows stored pages of any table",
  },
];

/**
 * Volatile functions of PostgreSQL's own that do nothing a policy would ask about. One that stands neither here nor
 * above makes its statement opaque, so a function that a new release brings is noticed instead of let through.
 */
export const HARMLESS_VOLATILE: ReadonlyMap<string, string> = new Map(
  (
    [
      ["a clock", "clock_timestamp timeofday"],
      [
        "random values",
        "random random_normal setseed gen_random_uuid gen_random_bytes uuidv4 uuidv7 bernoulli system",
      ],
      ["the session's own state", "current_query currval lastval pg_safe_snapshot_blocking_pids"],
      ["what a sequence the reader may read has come to", "pg_sequence_last_value pg_get_sequence_data"],
      [
        "sizes and counts, no rows",
        `pg_database_size pg_indexes_size pg_relation_size pg_table_size pg_tablespace_size pg_total_relation_size
        pg_stat_get_xact_* pg_stat_have_stats pg_stat_get_recovery_prefetch pg_stat_clear_snapshot
        pg_notification_queue_usage pg_stat_get_backend_io pg_stat_get_backend_wal pg_numa_available`,
      ],
      [
        "positions, times and states of WAL and recovery",
        `pg_current_wal_flush_lsn pg_current_wal_insert_lsn pg_current_wal_lsn pg_get_wal_replay_pause_state
        pg_get_wal_resource_managers pg_is_in_recovery pg_is_wal_replay_paused pg_last_wal_receive_lsn
        pg_last_wal_replay_lsn pg_last_xact_replay_timestamp pg_get_wal_summarizer_state pg_wal_summary_contents
        pg_available_wal_summaries`,
      ],
      [
        "ids, times and states of transactions",
        `pg_last_committed_xact pg_xact_commit_timestamp pg_xact_commit_timestamp_origin pg_xact_status txid_status
        pg_get_multixact_members pg_blocking_pids pg_isolation_test_session_is_blocked`,
      ],
      [
        "what the catalog or the build says",
        `pg_collation_actual_version pg_database_collation_actual_version pg_jit_available pg_partition_ancestors
        pg_partition_tree amvalidate plpgsql_validator pg_get_wait_events`,
      ],
      [
        "handlers that SQL can't call: they take or return `internal` or `trigger`",
        `RI_FKey_* brinhandler bthandler ginhandler gisthandler hashhandler spghandler heap_tableam_handler
        dsnowball_init dsnowball_lexize suppress_redundant_updates_trigger tsvector_update_trigger
        tsvector_update_trigger_column unique_key_recheck`,
      ],
    ] as const
  ).flatMap(([reason, names]) => words(names).map((name) => [name, reason] as const)),
);

function words(names: string): string[] {
  return names.split(/\s+/).filter((name) => name !== "");
}

const BY_NAME = new Map<string, FunctionRow>();
/** By their first two letters, of which each has as many, so that most names need no comparison. */
const BY_PREFIX = new Map<string, [string, FunctionRow][]>();
for (const family of FAMILIES) {
  for (const name of words(family.names)) {
    if (!name.endsWith("*")) {
      BY_NAME.set(name, row(family));
      continue;
    }
    const alike = BY_PREFIX.get(name.slice(0, 2)) ?? [];
    BY_PREFIX.set(name.slice(0, 2), [...alike, [name.slice(0, -1), row(family)]]);
  }
}
const HARMLESS_PREFIXES = [...HARMLESS_VOLATILE.keys()]
  .filter((name) => name.endsWith("*"))
  .map((name) => name.slice(0, -1));

function row(family: Family): FunctionRow {
  return { effects: family.effects, actions: family.actions ?? [], opaque: family.opaque ?? null };
}

/** What a function of this name (without schema) does beside computing a value; null when nothing is known of it. */
export function functionRow(name: string): FunctionRow | null {
  const exact = BY_NAME.get(name);
  if (exact !== undefined) return exact;
  for (const [prefix, found] of BY_PREFIX.get(name.slice(0, 2)) ?? []) {
    if (name.startsWith(prefix)) return found;
  }
  return null;
}

/** Whether a volatile function of PostgreSQL's own is known to be harmless. */
export function isHarmlessVolatile(name: string): boolean {
  return HARMLESS_VOLATILE.has(name) || HARMLESS_PREFIXES.some((prefix) => name.startsWith(prefix));
}

/**
 * Relations of pg_catalog that show secrets, other sessions or samples of rows: wholly (null), or in these columns.
 * The views over them (pg_roles, pg_settings, …) are judged by what they show of these.
 */
const SYSTEM_RELATIONS: Readonly<Record<string, readonly string[] | null>> = {
  pg_authid: ["rolpassword"],
  pg_shadow: ["passwd"],
  pg_user_mapping: ["umoptions"],
  pg_user_mappings: ["umoptions"],
  pg_subscription: ["subconninfo"],
  pg_foreign_server: ["srvoptions"],
  pg_statistic: null,
  pg_statistic_ext_data: null,
  pg_stats: null,
  pg_stats_ext: null,
  pg_stats_ext_exprs: null,
  pg_largeobject: null,
  pg_stat_activity: null,
  pg_stat_replication: null,
  pg_stat_wal_receiver: null,
  pg_stat_subscription: null,
  pg_stat_ssl: null,
  pg_stat_gssapi: null,
  pg_locks: null,
  pg_prepared_xacts: null,
  pg_replication_slots: null,
  pg_replication_origin_status: null,
  pg_backend_memory_contexts: null,
  pg_shmem_allocations: null,
  pg_hba_file_rules: null,
  pg_ident_file_mappings: null,
  pg_file_settings: null,
  pg_config: null,
  pg_aios: null,
};
/** Likewise, of extensions, whatever schema they stand in. */
const EXTENSION_RELATIONS: ReadonlySet<string> = new Set([
  "pg_stat_statements",
  "pg_buffercache",
  "pg_stat_monitor",
]);

/**
 * Whether these facts read what shows secrets, other sessions or samples of rows. Relations are `schema.name`,
 * columns `schema.name.column`. `complete` says whether the columns are all; if not, any column may be read.
 */
export function readsSystem(
  reads: readonly string[],
  readColumns: readonly string[],
  complete: boolean,
): boolean {
  return reads.some((relation) => {
    const dot = relation.indexOf(".");
    const name = relation.slice(dot + 1);
    if (EXTENSION_RELATIONS.has(name)) return true;
    if (relation.slice(0, dot) !== "pg_catalog" || !Object.hasOwn(SYSTEM_RELATIONS, name)) return false;
    const columns = SYSTEM_RELATIONS[name] ?? null;
    if (columns === null || !complete) return true;
    return columns.some((column) => readColumns.includes(`${relation}.${column}`));
  });
}
