/*
 * What is known to do nothing but compute a value from its arguments, whatever they are. Fingerprints need it
 * (fingerprint.ts): what stands here wrongly makes statements equal that do different things, what is missing only
 * makes constants count. Nothing that takes a name, SQL, a path or an address as a value may stand here.
 */

const FUNCTIONS = words(`
  abs age any_value array_agg array_append array_cat array_length array_position array_positions array_prepend
  array_remove array_replace array_to_string ascii avg bit_and bit_length bit_or bool_and bool_or btrim cardinality
  cbrt ceil ceiling char_length character_length chr clock_timestamp concat concat_ws corr count covar_pop covar_samp
  cume_dist date_bin date_part date_trunc decode degrees dense_rank div encode ends_with every exp extract first_value
  floor gcd gen_random_uuid generate_series greatest initcap isempty isfinite json_agg json_array_elements
  json_array_elements_text json_array_length json_build_array json_build_object json_each json_each_text
  json_extract_path json_extract_path_text json_object_agg json_object_keys json_typeof jsonb_agg jsonb_array_elements
  jsonb_array_elements_text jsonb_array_length jsonb_build_array jsonb_build_object jsonb_each jsonb_each_text
  jsonb_extract_path jsonb_extract_path_text jsonb_insert jsonb_object_agg jsonb_object_keys jsonb_path_exists
  jsonb_path_query jsonb_set jsonb_strip_nulls jsonb_typeof justify_days justify_hours justify_interval lag last_value
  lcm lead least left length like_escape ln log log10 lower lpad ltrim make_date make_interval make_time
  make_timestamp make_timestamptz max md5 min mod mode normalize now nth_value ntile nullif octet_length overlaps
  overlay percent_rank percentile_cont percentile_disc pi plainto_tsquery position power quote_literal quote_nullable
  radians random range_agg rank regexp_count regexp_instr regexp_like regexp_match regexp_matches regexp_replace
  regexp_split_to_array regexp_split_to_table regexp_substr regr_slope repeat replace reverse right round row_number
  row_to_json rpad rtrim sha224 sha256 sha384 sha512 sign similar_to_escape split_part sqrt starts_with
  statement_timestamp stddev stddev_pop stddev_samp string_agg string_to_array string_to_table strpos substr substring
  sum timezone to_char to_date to_hex to_json to_jsonb to_number to_timestamp to_tsquery to_tsvector
  transaction_timestamp translate trim_array trunc unnest upper uuidv4 uuidv7 var_pop var_samp variance
  websearch_to_tsquery width_bucket`);

const TYPES = words(`
  bit bool bpchar bytea char cidr date float4 float8 inet int2 int4 int8 interval json jsonb macaddr money numeric
  point text time timestamp timestamptz timetz tsquery tsvector uuid varbit varchar xml`);

/** Operators that PostgreSQL has itself, for some types at least. */
export const PLAIN_OPERATORS: ReadonlySet<string> = new Set([
  ...words(`
  = <> < > <= >= + - * / % ^ || ~ ~* !~ !~* ~~ !~~ ~~* !~~* & | # << >> && @> <@ -> ->> #> #>> #- ? ?| ?& @@ @? -|-
  |/ ||/ @`),
  ...["BETWEEN", "NOT BETWEEN", "BETWEEN SYMMETRIC", "NOT BETWEEN SYMMETRIC"],
]);

/** Whether a function, by the parts of its name as the statement writes it, only computes. */
export function isPlainFunction(parts: readonly string[]): boolean {
  return isOf(FUNCTIONS, parts);
}

/** Whether a value of this type is no more than a value: 'x'::regclass is a table, and a type of one's own has functions. */
export function isPlainType(parts: readonly string[]): boolean {
  return isOf(TYPES, parts);
}

function isOf(names: ReadonlySet<string>, parts: readonly string[]): boolean {
  const [schema = "", name] = parts;
  if (name === undefined) return parts.length === 1 && names.has(schema);
  return parts.length === 2 && schema === "pg_catalog" && names.has(name);
}

function words(text: string): Set<string> {
  return new Set(text.split(/\s+/).filter((word) => word !== ""));
}
