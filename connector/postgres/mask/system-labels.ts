import type { Label, LabelRule, Labels } from "../../mask/labels.ts";

/** Samples of rows, and what is counted and measured of them, which the planner keeps. */
export const SAMPLES = "system.samples";
/** Texts of statements, in which constants of others stand, and keys of hash masks. */
export const STATEMENTS = "system.statements";
/** Passwords, options of connections, and large objects, which have no labels of their own. */
export const SECRETS = "system.secrets";

/** Columns by label. All are of types that NULL can be cast to. */
const COLUMNS: readonly [label: string, columns: readonly string[]][] = [
  [
    SAMPLES,
    [
      "pg_catalog.pg_stats_ext.most_common_vals",
      "pg_catalog.pg_stats_ext.most_common_val_nulls",
      // Numbers that tell of the values, and of their order.
      ...["pg_stats", "pg_stats_ext_exprs"].flatMap((view) =>
        [
          "avg_width",
          "n_distinct",
          "most_common_freqs",
          "correlation",
          "most_common_elem_freqs",
          "elem_count_histogram",
        ].map((column) => `pg_catalog.${view}.${column}`),
      ),
      ...["n_distinct", "dependencies", "most_common_freqs", "most_common_base_freqs"].map(
        (column) => `pg_catalog.pg_stats_ext.${column}`,
      ),
    ],
  ],
  [
    STATEMENTS,
    [
      "pg_catalog.pg_stat_activity.query",
      "pg_catalog.pg_prepared_statements.statement",
      "pg_catalog.pg_cursors.statement",
      // The name of a prepared statement's memory is its text.
      "pg_catalog.pg_backend_memory_contexts.ident",
      // Views of extensions, wherever they stand.
      "*.pg_stat_statements.query",
      "*.pg_stat_monitor.query",
      "*.pg_stat_monitor.query_plan",
    ],
  ],
  [
    SECRETS,
    [
      "pg_catalog.pg_authid.rolpassword",
      "pg_catalog.pg_shadow.passwd",
      "pg_catalog.pg_user_mapping.umoptions",
      "pg_catalog.pg_user_mappings.umoptions",
      "information_schema._pg_user_mappings.umoptions",
      "information_schema.user_mapping_options.option_value",
      "pg_catalog.pg_subscription.subconninfo",
      "pg_catalog.pg_hba_file_rules.options",
      "pg_catalog.pg_largeobject.data",
    ],
  ],
];

/**
 * Labels of PostgreSQL's own relations, for sessions that have masks at all. They stand behind the lines of the
 * settings, so that a line can take one away. A view of pg_catalog or information_schema counts as a table of its own:
 * it is not looked through, for it is read under its owner's rights, and what it shows of others is labelled here or
 * refused (constructs.ts).
 *
 * Samples of the type `anyarray` (pg_stats, pg_stats_ext_exprs, pg_statistic) can't be masked, since no expression has
 * that type: statements that read them are refused.
 */
export const SYSTEM_LABELS: Labels = {
  rules: COLUMNS.flatMap(([name, columns]) => columns.map((column) => rule(column, labelNamed(name)))),
  labels: new Map(COLUMNS.map(([name]) => [name, labelNamed(name)])),
};

function labelNamed(name: string): Label {
  return { name, mask: { kind: "null" }, lookup: null };
}

function rule(written: string, label: Label): LabelRule {
  const [schema = "", relation = "", column = ""] = written.split(".");
  return { schema, relation, column, path: null, label };
}

/** Of these no column may be named by a statement: `pg_catalog.name`. */
export const REFUSED_RELATIONS: ReadonlySet<string> = new Set([
  "pg_catalog.pg_statistic",
  "pg_catalog.pg_statistic_ext_data",
]);

/** Samples whose type can't be masked: `pg_catalog.relation.column`. */
export const REFUSED_COLUMNS: ReadonlySet<string> = new Set(
  ["pg_stats", "pg_stats_ext_exprs"].flatMap((view) =>
    ["most_common_vals", "histogram_bounds", "most_common_elems"].map(
      (column) => `pg_catalog.${view}.${column}`,
    ),
  ),
);
