import type { Routine } from "../../../protocol/sql/catalog.ts";
import type { RefusedConstruct } from "./constructs.ts";
import { SECRETS, STATEMENTS } from "./system-labels.ts";

interface RefusedFamily {
  /** Names, and prefixes where they end in `*`, separated by blanks. */
  names: string;
  construct: string;
  labels: readonly string[];
  hint: string;
}

/**
 * Functions that give what no mask is put over: texts of statements, in which a hash mask's key stands; rows of tables
 * that only a string names; files, stored pages and logs, which hold rows as they are. They are known by their names,
 * those of extensions too, so that declaring one trusted doesn't let it through.
 */
const REFUSED: readonly RefusedFamily[] = [
  {
    names: `current_query pg_prepared_statement pg_cursor pg_stat_get_activity pg_stat_get_backend_activity
      pg_stat_statements pg_stat_monitor pg_show_plans pg_store_plans pg_get_backend_memory_contexts
      pg_get_process_memory_contexts pg_query_state`,
    construct: "shows the texts of statements",
    labels: [STATEMENTS],
    hint: "Read pg_stat_activity, pg_prepared_statements, pg_cursors or pg_stat_statements: their other columns are shown.",
  },
  {
    names: `query_to_xml query_to_xmlschema query_to_xml_and_xmlschema table_to_xml table_to_xmlschema
      table_to_xml_and_xmlschema schema_to_xml schema_to_xmlschema schema_to_xml_and_xmlschema database_to_xml
      database_to_xmlschema database_to_xml_and_xmlschema cursor_to_xml cursor_to_xmlschema ts_stat ts_rewrite
      crosstab* connectby xpath_table dblink dblink_* postgres_fdw_*`,
    construct: "runs SQL that a string holds",
    labels: [],
    hint: "Write the query itself.",
  },
  {
    names: `pg_read_file pg_read_file_old pg_read_binary_file pg_stat_file pg_ls_* pg_current_logfile
      pg_hba_file_rules pg_ident_file_mappings pg_show_all_file_settings pg_file_* pg_logdir_ls file_fdw_*
      lo_import lo_export`,
    construct: "reads or writes files of the server",
    labels: [],
    hint: "Ask somebody who may see all labels.",
  },
  {
    names: "lo_get loread",
    construct: "reads large objects, which have no labels",
    labels: [SECRETS],
    hint: "Ask somebody who may see all labels; writing by lo_from_bytea and lo_put is possible.",
  },
  {
    names: `get_raw_page heap_page_item* heap_tuple_infomask_flags tuple_data_split page_header bt_page_* bt_metap
      brin_page_* brin_metapage_info brin_revmap_data gin_page_* gin_metapage_info gin_leafpage_items gist_page_*
      hash_page_* hash_bitmap_info hash_metapage_info fsm_page_contents bt_multi_page_stats pg_surgery*`,
    construct: "shows stored pages",
    labels: [],
    hint: "Ask somebody who may see all labels.",
  },
  {
    names: `pg_logical_slot_get_* pg_logical_slot_peek_* pg_create_logical_replication_slot
      pg_copy_logical_replication_slot pg_get_wal_record_info pg_get_wal_records_info* pg_get_wal_block_info
      pg_get_wal_stats* pg_logical_replication_slot_*`,
    construct: "shows changed rows from the log",
    labels: [],
    hint: "Ask somebody who may see all labels.",
  },
  {
    names: "pg_mcv_list_items",
    construct: "shows samples of rows",
    labels: ["system.samples"],
    hint: "Read pg_stats_ext: its other columns are shown.",
  },
  {
    names: "binary_upgrade_* pg_nextoid pg_stop_making_pinned_objects",
    construct: "changes the catalog beside its statements",
    labels: [],
    hint: "Ask somebody who may see all labels.",
  },
  {
    names: "plpgsql_call_handler plpgsql_inline_handler",
    construct: "runs code",
    labels: [],
    hint: "Write the statements themselves.",
  },
  {
    names: "http http_* pg_net_*",
    construct: "reaches other systems",
    labels: [],
    hint: "Ask somebody who may see all labels.",
  },
];

/**
 * PostgreSQL's own functions that are not immutable and yet pass: they read their arguments, the session's own state
 * or the catalog, never rows of tables. What an immutable one reads can only be its arguments. One that stands in
 * neither list is refused, so that what a new release brings is noticed.
 */
const PASSING: readonly [reason: string, names: string][] = [
  [
    "makes text, JSON or a hash of its arguments, under the session's settings",
    `anytextcat textanycat array_to_json array_to_string concat concat_ws convert convert_from convert_to format
    json_agg json_build_array json_build_object json_object_agg json_object_agg_strict json_object_agg_unique
    json_object_agg_unique_strict json_agg_strict json_populate_record json_populate_recordset json_to_record
    json_to_recordset json_to_tsvector jsonb_agg jsonb_agg_strict jsonb_build_array jsonb_build_object
    jsonb_object_agg_strict jsonb_object_agg_unique jsonb_object_agg_unique_strict jsonb_path_exists_tz
    jsonb_path_match_tz jsonb_path_query_array_tz jsonb_path_query_first_tz jsonb_path_query_tz jsonb_populate_record
    jsonb_populate_record_valid jsonb_populate_recordset jsonb_to_record jsonb_to_recordset jsonb_to_tsvector
    json_agg_transfn json_agg_strict_transfn json_object_agg_transfn json_object_agg_strict_transfn
    json_object_agg_unique_transfn json_object_agg_unique_strict_transfn jsonb_agg_finalfn jsonb_agg_transfn
    jsonb_agg_strict_transfn jsonb_object_agg_finalfn jsonb_object_agg_transfn jsonb_object_agg_strict_transfn
    jsonb_object_agg_unique_transfn jsonb_object_agg_unique_strict_transfn length quote_literal quote_nullable
    row_to_json to_char to_date to_json to_jsonb to_number xml xml_is_well_formed money numeric string_agg_transfn
    pg_input_is_valid pg_input_error_info pg_column_size pg_column_compression pg_column_toast_chunk_id pg_typeof
    pg_basetype pg_collation_for array_shuffle array_sample enum_first enum_last enum_range`,
  ],
  [
    "text search over its arguments, by dictionaries of the catalog",
    `phraseto_tsquery plainto_tsquery to_tsquery to_tsvector ts_debug ts_headline ts_match_tq ts_match_tt ts_parse
    ts_token_type websearch_to_tsquery get_current_ts_config`,
  ],
  [
    "dates and times",
    `age clock_timestamp date date_add date_subtract date_part date_trunc extract generate_series in_range
    interval_pl_timestamptz make_timestamptz now overlaps statement_timestamp time timeofday timestamp timestamptz
    timestamptz_mi_interval timestamptz_pl_interval timetz timezone to_timestamp transaction_timestamp
    date_cmp_timestamptz date_eq_timestamptz date_ge_timestamptz date_gt_timestamptz date_le_timestamptz
    date_lt_timestamptz date_ne_timestamptz timestamp_cmp_timestamptz timestamp_eq_timestamptz
    timestamp_ge_timestamptz timestamp_gt_timestamptz timestamp_le_timestamptz timestamp_lt_timestamptz
    timestamp_ne_timestamptz timestamptz_cmp_date timestamptz_cmp_timestamp timestamptz_eq_date
    timestamptz_eq_timestamp timestamptz_ge_date timestamptz_ge_timestamp timestamptz_gt_date timestamptz_gt_timestamp
    timestamptz_le_date timestamptz_le_timestamp timestamptz_lt_date timestamptz_lt_timestamp timestamptz_ne_date
    timestamptz_ne_timestamp pg_timezone_abbrevs pg_timezone_abbrevs_abbrevs pg_timezone_abbrevs_zone
    pg_timezone_names`,
  ],
  ["random values", "random random_normal setseed gen_random_uuid uuidv4 uuidv7 bernoulli system"],
  [
    "how values of a type are read and written",
    `aclitemin aclitemout anyarray_out anyarray_recv anyarray_send anycompatiblearray_out anycompatiblearray_recv
    anycompatiblearray_send anycompatiblemultirange_in anycompatiblemultirange_out anycompatiblerange_in
    anycompatiblerange_out anyenum_out anymultirange_in anymultirange_out anyrange_in anyrange_out array_in array_out
    array_recv array_send bpcharrecv bpcharsend brin_bloom_summary_recv brin_bloom_summary_send
    brin_minmax_multi_summary_recv brin_minmax_multi_summary_send cash_in cash_out cstring_recv cstring_send date_in
    date_out domain_in domain_recv enum_in enum_out enum_recv enum_send interval_in interval_out multirange_in
    multirange_out multirange_recv multirange_send namerecv namesend oidvectortypes pg_dependencies_recv
    pg_dependencies_send pg_mcv_list_recv pg_mcv_list_send pg_ndistinct_recv pg_ndistinct_send pg_node_tree_recv
    pg_node_tree_send range_in range_out range_recv range_send record_in record_out record_recv record_send regclass
    regclassin regclassout regcollationin regcollationout regconfigin regconfigout regdatabasein regdatabaseout
    regdictionaryin regdictionaryout regnamespacein regnamespaceout regoperatorin regoperatorout regoperin regoperout
    regprocedurein regprocedureout regprocin regprocout regrolein regroleout regtypein regtypeout textrecv textsend
    time_in timestamp_in timestamp_out timestamptz_in timestamptz_out timetz_in varcharrecv varcharsend xml_in
    xml_recv xml_send pg_snapshot_recv jsonpath_recv`,
  ],
  [
    "what SQL can't call: they take or return `internal` or `trigger`, or belong to an event trigger",
    `areajoinsel areasel array_typanalyze arraycontjoinsel arraycontsel contjoinsel contsel eqjoinsel eqsel
    iclikejoinsel iclikesel icnlikejoinsel icnlikesel icregexeqjoinsel icregexeqsel icregexnejoinsel icregexnesel
    likejoinsel likesel matchingjoinsel matchingsel multirange_typanalyze multirangesel neqjoinsel neqsel
    networkjoinsel networksel nlikejoinsel nlikesel positionjoinsel positionsel prefixjoinsel prefixsel
    range_typanalyze rangesel regexeqjoinsel regexeqsel regexnejoinsel regexnesel scalargejoinsel scalargesel
    scalargtjoinsel scalargtsel scalarlejoinsel scalarlesel scalarltjoinsel scalarltsel ts_typanalyze tsmatchjoinsel
    tsmatchsel RI_FKey_* brinhandler bthandler ginhandler gisthandler hashhandler spghandler heap_tableam_handler
    dsnowball_init dsnowball_lexize suppress_redundant_updates_trigger tsvector_update_trigger
    tsvector_update_trigger_column unique_key_recheck pg_event_trigger_*`,
  ],
  [
    "what the catalog says",
    `_pg_index_position aclexplode col_description format_type has_*_privilege obj_description pg_*_is_visible
    pg_available_extension_versions pg_available_extensions pg_char_to_encoding pg_column_is_updatable
    pg_describe_object pg_encoding_to_char pg_extension_update_paths pg_filenode_relation pg_get_acl
    pg_get_catalog_foreign_keys pg_get_constraintdef pg_get_expr pg_get_function_arg_default
    pg_get_function_arguments pg_get_function_identity_arguments pg_get_function_result pg_get_function_sqlbody
    pg_get_functiondef pg_get_indexdef pg_get_keywords pg_get_object_address pg_get_partition_constraintdef
    pg_get_partkeydef pg_get_publication_tables pg_get_replica_identity_index pg_get_ruledef pg_get_sequence_data
    pg_get_serial_sequence pg_get_statisticsobjdef pg_get_statisticsobjdef_columns
    pg_get_statisticsobjdef_expressions pg_get_triggerdef pg_get_userbyid pg_get_viewdef pg_has_role
    pg_identify_object pg_identify_object_as_address pg_index_column_has_property pg_index_has_property
    pg_indexam_has_property pg_options_to_table pg_partition_ancestors pg_partition_tree pg_relation_filenode
    pg_relation_filepath pg_relation_is_publishable pg_relation_is_updatable pg_sequence_last_value
    pg_sequence_parameters pg_tablespace_databases pg_tablespace_location row_security_active shobj_description
    to_regclass to_regcollation to_regdatabase to_regnamespace to_regoper to_regoperator to_regproc to_regprocedure
    to_regrole to_regtype to_regtypemod amvalidate fmgr_c_validator fmgr_internal_validator fmgr_sql_validator
    plpgsql_validator pg_collation_actual_version pg_database_collation_actual_version
    pg_import_system_collations pg_extension_config_dump currtid2`,
  ],
  [
    "the session's own state",
    `current_database current_schema current_schemas current_setting current_user currval getdatabaseencoding
    getpgusername inet_client_addr inet_client_port inet_server_addr inet_server_port lastval pg_backend_pid
    pg_client_encoding pg_conf_load_time pg_is_other_temp_schema pg_listening_channels pg_my_temp_schema
    pg_postmaster_start_time pg_settings_get_flags pg_show_all_settings pg_trigger_depth session_user system_user
    version pg_jit_available pg_config pg_export_snapshot pg_get_loaded_modules pg_numa_available
    pg_get_wait_events`,
  ],
  [
    "sizes, counts, times and positions; no rows and no texts",
    `pg_database_size pg_indexes_size pg_relation_size pg_table_size pg_tablespace_size pg_total_relation_size
    pg_stat_get_* pg_stat_clear_snapshot pg_stat_force_next_flush pg_stat_have_stats pg_stat_reset pg_stat_reset_*
    pg_notification_queue_usage pg_get_replication_slots pg_lock_status pg_prepared_xact pg_get_shmem_allocations
    pg_get_shmem_allocations_numa pg_get_aios pg_control_checkpoint pg_control_init pg_control_recovery
    pg_control_system pg_current_wal_flush_lsn pg_current_wal_insert_lsn pg_current_wal_lsn
    pg_get_wal_replay_pause_state pg_get_wal_resource_managers pg_get_wal_summarizer_state pg_wal_summary_contents
    pg_available_wal_summaries pg_is_in_recovery pg_is_wal_replay_paused pg_last_wal_receive_lsn
    pg_last_wal_replay_lsn pg_last_xact_replay_timestamp pg_show_replication_origin_status
    pg_replication_origin_progress pg_replication_origin_session_progress pg_replication_origin_session_is_setup
    pg_replication_origin_oid`,
  ],
  [
    "ids and states of transactions",
    `mxid_age pg_blocking_pids pg_current_snapshot pg_current_xact_id pg_current_xact_id_if_assigned
    pg_get_multixact_members pg_isolation_test_session_is_blocked pg_last_committed_xact
    pg_safe_snapshot_blocking_pids pg_xact_commit_timestamp pg_xact_commit_timestamp_origin pg_xact_status
    txid_current txid_current_if_assigned txid_current_snapshot txid_status`,
  ],
  [
    "acts on locks, sequences, other sessions or the server, as policies judge, and tells nothing of rows",
    `nextval setval pg_advisory_* pg_try_advisory_* pg_notify pg_sleep pg_sleep_for pg_sleep_until set_config
    pg_terminate_backend pg_cancel_backend pg_log_backend_memory_contexts brin_desummarize_range
    brin_summarize_new_values brin_summarize_range gin_clean_pending_list pg_backup_start pg_backup_stop
    pg_copy_physical_replication_slot pg_create_physical_replication_slot pg_create_restore_point
    pg_drop_replication_slot pg_replication_slot_advance pg_replication_origin_advance pg_replication_origin_create
    pg_replication_origin_drop pg_replication_origin_session_reset pg_replication_origin_session_setup
    pg_replication_origin_xact_reset pg_replication_origin_xact_setup pg_sync_replication_slots pg_logical_emit_message
    pg_log_standby_snapshot pg_promote pg_reload_conf pg_rotate_logfile pg_rotate_logfile_old pg_switch_wal
    pg_wal_replay_pause pg_wal_replay_resume`,
  ],
  [
    "writes large objects, whose content is then masked already, or moves in them",
    `lo_open lo_close lo_creat lo_create lo_from_bytea lo_lseek lo_lseek64 lo_put lo_tell lo_tell64 lo_truncate
    lo_truncate64 lo_unlink lowrite`,
  ],
];

/** Names and patterns with one `*` at any place, by which a family is found. */
class NameTable<T> {
  readonly #exact = new Map<string, T>();
  readonly #patterns: { start: string; end: string; found: T }[] = [];

  add(names: string, found: T): void {
    for (const name of names.split(/\s+/)) {
      const [start = "", end] = name.split("*");
      if (end === undefined) this.#exact.set(name, found);
      else this.#patterns.push({ start, end, found });
    }
  }

  find(name: string): T | null {
    const exact = this.#exact.get(name);
    if (exact !== undefined) return exact;
    const pattern = this.#patterns.find(
      ({ start, end }) =>
        name.length >= start.length + end.length && name.startsWith(start) && name.endsWith(end),
    );
    return pattern?.found ?? null;
  }
}

const REFUSED_NAMES = new NameTable<RefusedFamily>();
for (const family of REFUSED) REFUSED_NAMES.add(family.names, family);
const PASSING_NAMES = new NameTable<string>();
for (const [reason, names] of PASSING) PASSING_NAMES.add(names, reason);

/** What a function of this name (without schema) would give past all masks; null when that isn't known of it. */
export function leakingFunction(name: string): RefusedConstruct | null {
  const family = REFUSED_NAMES.find(name);
  if (family === null) return null;
  return {
    construct: `the function ${name}, which ${family.construct}`,
    labels: family.labels,
    hint: family.hint,
  };
}

/** Why a function of this name passes though it is not immutable; null when it stands in no list. */
export function passingReason(name: string): string | null {
  return PASSING_NAMES.find(name);
}

/**
 * What speaks against calling this function for somebody who may not see all labels. Users' functions are judged by
 * `facts.opaque`: only trusted ones come here, and pass.
 */
export function refusedFunction(routine: Routine): RefusedConstruct | null {
  const leaking = leakingFunction(routine.name);
  if (leaking !== null) return leaking;
  if (!routine.builtin || routine.volatility === "immutable" || passingReason(routine.name) !== null)
    return null;
  return {
    construct: `the function ${routine.name}, of which it isn't known what it shows`,
    labels: [],
    hint: "Ask somebody who may see all labels.",
  };
}
