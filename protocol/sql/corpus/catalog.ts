import type { Catalog, NameContext, Relation, Routine } from "../catalog.ts";
import { functionRow } from "../functions.ts";

/** The database that the corpus is about: a small shop. */
const RELATIONS: readonly Relation[] = [
  table("customers", "id name email created_at", [["id"], ["email"]]),
  table("orders", "id customer_id amount status note", [["id"]]),
  table("order_items", "order_id product_id quantity", [["order_id", "product_id"]]),
  table("products", "id name price", [["id"]]),
  table("secrets", "id token", [["id"]], { schema: "app" }),
  table("audit_log", "id message", [["id"]], {
    writeSideEffects: ["the trigger notify_audit runs public.notify_audit"],
  }),
  table("measurements", "logged value", [], {
    kind: "partitioned",
    children: ["public.measurements_2025", "public.measurements_2026"],
  }),
  table("measurements_2025", "logged value", [], { parents: ["public.measurements"] }),
  table("measurements_2026", "logged value", [], { parents: ["public.measurements"] }),
  table("remote_orders", "id amount", [], { kind: "foreign" }),
  table("scratch", "a b", [], { schema: "pg_temp_3", temporary: true }),
  table("customers_id_seq", "last_value log_cnt is_called", [], { kind: "sequence" }),
  table("order_totals", "customer_id total", [], {
    kind: "materialized-view",
    view: "SELECT orders.customer_id, sum(orders.amount) AS total FROM public.orders GROUP BY orders.customer_id;",
  }),
  table("active_customers", "id email", [], {
    kind: "view",
    view: "SELECT customers.id, customers.email FROM public.customers WHERE (customers.name IS NOT NULL);",
  }),
  table("token_count", "n", [], { kind: "view", view: "SELECT count(*) AS n FROM app.secrets;" }),
  table("settings_view", "x", [], {
    kind: "view",
    view: "SELECT set_config('client_encoding'::text, 'SJIS'::text, false) AS x;",
  }),
  table("pg_class", "oid relname relnamespace relkind", [["oid"]], { schema: "pg_catalog" }),
  table("pg_namespace", "oid nspname", [["oid"]], { schema: "pg_catalog" }),
  table("pg_settings", "name setting", [], {
    schema: "pg_catalog",
    kind: "view",
    view: "SELECT a.name, a.setting FROM pg_show_all_settings() a(name, setting);",
  }),
  table("pg_authid", "oid rolname rolsuper rolpassword", [["oid"]], { schema: "pg_catalog" }),
  table("pg_roles", "rolname rolpassword", [], {
    schema: "pg_catalog",
    kind: "view",
    view: "SELECT pg_authid.rolname, '********'::text AS rolpassword FROM pg_authid;",
  }),
  table("pg_shadow", "usename passwd", [], {
    schema: "pg_catalog",
    kind: "view",
    view: "SELECT pg_authid.rolname AS usename, pg_authid.rolpassword AS passwd FROM pg_authid;",
  }),
  table("pg_statistic", "starelid stavalues1", [], { schema: "pg_catalog" }),
  table("pg_stats", "tablename most_common_vals", [], {
    schema: "pg_catalog",
    kind: "view",
    view: "SELECT c.relname AS tablename, s.stavalues1 AS most_common_vals FROM (pg_statistic s JOIN pg_class c ON ((c.oid = s.starelid)));",
  }),
  table("pg_stat_activity", "pid query", [], {
    schema: "pg_catalog",
    kind: "view",
    view: "SELECT s.pid, s.query FROM pg_stat_get_activity(NULL::integer) s(pid, query);",
  }),
];

/** Functions of PostgreSQL's own that the corpus calls and that do nothing but compute. */
const COMPUTING = new Set(
  `count sum avg min max lower upper length coalesce now date_trunc to_char format concat substr substring position
  overlay trim btrim abs round random generate_series array_agg string_agg json_agg jsonb_build_object row_to_json
  to_jsonb jsonb_array_elements jsonb_path_query unnest array_to_string string_to_array regexp_replace regexp_matches
  current_setting current_database version pg_typeof pg_get_viewdef pg_relation_size pg_total_relation_size
  row_number rank lag lead ntile first_value dense_rank timezone date_part extract make_date age clock_timestamp
  has_table_privilege pg_table_is_visible to_tsvector to_tsquery plainto_tsquery websearch_to_tsquery ts_headline
  ts_rank quote_ident quote_literal md5 sha256 encode decode bool_and bool_or every percentile_cont mode grouping
  xmlelement gen_random_uuid pg_show_all_settings obj_description current_schemas like_escape int4 text float8
  jsonb_set left right repeat replace reverse split_part starts_with translate div mod power sqrt ceil floor
  regexp_split_to_table pg_get_userbyid col_description format_type pg_backend_pid array_length cardinality greatest
  txid_current pg_current_xact_id width_bucket similar_to_escape normalize currval lastval system bernoulli is_normalized system_user`.split(
    /\s+/,
  ),
);

const USER_FUNCTIONS: readonly Routine[] = [
  routine("public", "refresh_totals", { securityDefiner: true }),
  routine("public", "slugify", { volatility: "immutable", language: "sql" }),
  routine("public", "archive", { kind: "procedure" }),
  routine("public", "dblink", { language: "c" }),
  routine("public", "total", { volatility: "stable", language: "sql" }),
];

export const CORPUS_CATALOG: Catalog = {
  serverVersion: 180_000,
  relation: (schema, name) =>
    RELATIONS.find((relation) => relation.schema === schema && relation.name === name) ?? null,
  functions: (schema, name) => {
    if (schema !== "pg_catalog") {
      return USER_FUNCTIONS.filter((one) => one.schema === schema && one.name === name);
    }
    if (COMPUTING.has(name)) return [routine("pg_catalog", name, { builtin: true, volatility: "stable" })];
    const known = functionRow(name) !== null && !name.startsWith("dblink");
    return known ? [routine("pg_catalog", name, { builtin: true })] : [];
  },
  userOperator: (schema, name) => schema === "evil" && name === "=",
  userType: (schema, name) => schema === "public" && name === "us_postal_code",
};

export const CORPUS_NAMES: NameContext = {
  searchPath: ["pg_temp_3", "pg_catalog", "public"],
  temporarySchema: "pg_temp_3",
  trustedFunctions: new Set(["public.slugify"]),
};

function table(name: string, columns: string, keys: string[][], rest: Partial<Relation> = {}): Relation {
  return {
    oid: 20_000 + name.length,
    schema: "public",
    name,
    kind: "table",
    temporary: false,
    columns: columns.split(" "),
    keys,
    view: null,
    children: [],
    parents: [],
    writeSideEffects: [],
    readSideEffects: [],
    ...rest,
  };
}

function routine(schema: string, name: string, rest: Partial<Routine> = {}): Routine {
  return {
    schema,
    name,
    kind: "function",
    builtin: false,
    volatility: "volatile",
    securityDefiner: false,
    language: rest.builtin ? "internal" : "plpgsql",
    ...rest,
  };
}
