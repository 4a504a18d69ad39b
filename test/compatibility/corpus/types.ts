import { type Case, extended, simple, unnamed } from "./case.ts";

/** A type, its values as SQL has them, and where it is easily told one value's binary form, in hex. */
interface TypeRow {
  type: string;
  values: string[];
  oid?: number;
  binary?: string;
}

const TYPES: TypeRow[] = [
  { type: "bool", values: ["true", "false"], oid: 16, binary: "01" },
  { type: "int2", values: ["-32768", "32767"], oid: 21, binary: "7fff" },
  { type: "int4", values: ["-2147483648", "0"], oid: 23, binary: "80000000" },
  { type: "int8", values: ["-9223372036854775808", "1"], oid: 20, binary: "0000000100000000" },
  { type: "oid", values: ["0", "4294967295"], oid: 26, binary: "ffffffff" },
  { type: "float4", values: ["1.5", "NaN", "-Infinity", "1e-45"], oid: 700, binary: "3fc00000" },
  {
    type: "float8",
    values: ["0.1", "-0", "Infinity", "1.7976931348623157e308"],
    oid: 701,
    binary: "7ff0000000000000",
  },
  {
    type: "numeric",
    values: ["0", "-12345678901234567890.000123", "NaN", "Infinity", "1e-20"],
    oid: 1700,
    binary: "0002000000000002007b1194",
  },
  { type: "numeric(8,3)", values: ["1.5"] },
  { type: "money", values: ["-12.34"] },
  { type: "text", values: ["", "ascii", "é ☃ 𝄞", "tab\there\nline\\"], oid: 25, binary: "c3a9" },
  { type: "varchar(7)", values: ["seven"] },
  { type: "char(5)", values: ["ab"] },
  { type: '"char"', values: ["x"] },
  { type: "name", values: ["identifier"] },
  { type: "bytea", values: ["\\x", "\\x00ff5c27"], oid: 17, binary: "00ff00" },
  { type: "bit(5)", values: ["10110"] },
  { type: "varbit", values: ["", "101"] },
  { type: "date", values: ["2026-11-21", "0001-01-01 BC", "infinity"], oid: 1082, binary: "000025b5" },
  { type: "time", values: ["23:59:59.999999", "24:00"] },
  { type: "timetz", values: ["12:00+05:45"] },
  { type: "timestamp", values: ["2026-11-21 01:02:03.000004", "-infinity"] },
  { type: "timestamptz", values: ["2026-11-21 01:02:03+00"], oid: 1184, binary: "0002d8a3b1c00000" },
  { type: "interval", values: ["1 year 2 mons -3 days 04:05:06.7", "0"] },
  {
    type: "uuid",
    values: ["00112233-4455-6677-8899-aabbccddeeff"],
    oid: 2950,
    binary: "00112233445566778899aabbccddeeff",
  },
  {
    type: "json",
    values: ['{"a": [1, null, "ü"]}', "null"],
    oid: 114,
    binary: Buffer.from('{"a":1}').toString("hex"),
  },
  {
    type: "jsonb",
    values: ['{"b": 1, "a": {"c": 1.50}}'],
    oid: 3802,
    binary: `01${Buffer.from("[1]").toString("hex")}`,
  },
  { type: "jsonpath", values: ["$.a[*] ? (@ > 1)"] },
  { type: "xml", values: ["<a>b</a>"] },
  { type: "inet", values: ["10.0.0.1/8", "::1"] },
  { type: "cidr", values: ["10.0.0.0/8"] },
  { type: "macaddr", values: ["08:00:2b:01:02:03"] },
  { type: "point", values: ["(1,2.5)"] },
  { type: "box", values: ["(2,2),(0,0)"] },
  { type: "path", values: ["[(0,0),(1,1)]"] },
  { type: "polygon", values: ["((0,0),(1,1),(1,0))"] },
  { type: "circle", values: ["<(0,0),5>"] },
  { type: "tsvector", values: ["a fat cat"] },
  { type: "tsquery", values: ["fat & !rat"] },
  { type: "int4range", values: ["[1,5)", "empty", "(,)"] },
  { type: "tstzrange", values: ["[2026-01-01 00:00+00,)"] },
  { type: "int4multirange", values: ["{[1,2),[5,9)}"] },
  {
    type: "int4[]",
    values: ["{}", "{1,NULL,3}", "[2:3]={7,8}", "{{1,2},{3,4}}"],
    oid: 1007,
    binary: "000000010000000000000017000000010000000100000004000000ff",
  },
  { type: "text[]", values: ['{"a b","",NULL,"NULL","q\\"q"}'] },
  { type: "mood", values: ["happy"] },
  { type: "mood[]", values: ["{sad,happy}"] },
  { type: "positive", values: ["5"] },
  { type: "point3", values: ['(1,,"l, m")'] },
  { type: "regclass", values: ["pg_class"] },
  { type: "pg_lsn", values: ["16/B374D848"] },
  { type: "tid", values: ["(0,1)"] },
  { type: "xid8", values: ["7"] },
];

/** Every common type: text and binary results, parameters as text and as binary. */
export const VALUES: Case[] = TYPES.map(({ type, values, oid, binary }) => {
  const list = values.map((value) => `'${value.replaceAll("'", "''")}'::${type}`).join(", ");
  return {
    name: `type ${type}`,
    steps: [
      ...simple(`SELECT ${list}, NULL::${type}`),
      extended(unnamed({ sql: `SELECT ${list}, NULL::${type}`, binary: true })),
      ...values.map((value) =>
        extended(unnamed({ sql: `SELECT $1::${type}`, values: [value], binary: true })),
      ),
      ...(binary === undefined || oid === undefined
        ? []
        : [extended(unnamed({ sql: "SELECT $1", types: [oid], values: [Buffer.from(binary, "hex")] }))]),
      extended(unnamed({ sql: `SELECT $1::${type}`, values: ["\u0001 nonsense"] })),
    ],
  };
});
