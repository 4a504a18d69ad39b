import { tmpdir } from "node:os";
import { parseArgs } from "node:util";

/** What can be measured, in the order of the table. */
export const WORKLOADS = [
  "pgbench",
  "copy",
  "opening",
  "cpu",
  "sealing",
  "idle",
  "slow-reader",
  "hops",
  "verdicts",
  "masks",
  "detectors",
  "ssh-exec",
  "ssh-echo",
  "ssh-scp",
  "ssh-sftp",
  "ssh-pipe",
  "http-request",
  "http-list",
  "http-file",
  "kubernetes-request",
  "kubernetes-list",
  "kubernetes-watch",
  "kubernetes-exec",
] as const;
export type WorkloadName = (typeof WORKLOADS)[number];

/** Kinds of targets other than databases; each names all workloads that begin so. */
const KINDS = ["ssh", "http", "kubernetes"] as const;

/** Those of one kind of targets. */
export function workloadsOf(kind: (typeof KINDS)[number]): WorkloadName[] {
  return WORKLOADS.filter((name) => name.startsWith(`${kind}-`));
}

/** The ways to what is measured, in the order of the table; `direct` is what the others are compared with. */
export const PATHS = [
  "direct",
  "pgbouncer",
  "relay",
  "memory",
  "disk",
  "memory-edge",
  "disk-edge",
  "memory-own",
  "disk-own",
] as const;
export type PathName = (typeof PATHS)[number];

/** Statement protocols of pgbench. */
export type QueryMode = "simple" | "prepared";

export interface Options {
  only: WorkloadName[];
  paths: PathName[];
  clients: number[];
  modes: QueryMode[];
  /** Alternating repetitions; the table has their medians. */
  repetitions: number;
  /** How long each run of pgbench takes, s. */
  seconds: number;
  /** pgbench's scale: 100,000 rows, about 10 MB, each. */
  scale: number;
  /** Idle sessions that are opened, and how long they rest before memory is read, s. */
  sessions: number;
  rest: number;
  /** Bytes of the COPY to a slow reader, MB. */
  megabytes: number;
  /** Bytes of a file that is copied by SSH, or moved by HTTP, MB. */
  file: number;
  /** Where the path `disk` keeps its state. */
  disk: string;
  json: string | undefined;
}

export const HELP = `Measures Sallyport beside a direct connection, pgbouncer and a relay that records nothing.
Sets up its own PostgreSQL; prints a table in Markdown on standard output, progress on standard error.

Usage: npm run bench -- [options]

  --quick               fewer and shorter runs, smaller data: for a look, not for a figure
  --only LIST           of: ${WORKLOADS.join(", ")};
                        ssh, http, kubernetes: all that begin so
  --paths LIST          of: ${PATHS.join(", ")}
                        (direct always runs; -edge: HTTP and Kubernetes by the edge's own address, instead of the client's;
                        -own: a session object for each session, instead of one shared;
                        verdicts, masks and detectors take none: they are the connector's own work, without network)
  --clients LIST        pgbench's clients, and those of small requests (1,8,32)
  --modes LIST          pgbench's protocols (simple,prepared)
  --repetitions N       alternating repetitions (5; quick: 2)
  --seconds N           of each run of pgbench, and of commands, keys and small requests (4; quick: 1)
  --scale N             of pgbench's tables; one COPY has about 10 MB each (10; quick: 2)
  --sessions N          idle sessions (200; quick: 50)
  --rest SECONDS        that they rest before memory is read (12; quick: 2)
  --megabytes N         of the COPY to a slow reader (500; quick: 50)
  --file N              of the file that SSH copies and HTTP moves, MB (64; quick: 16)
  --disk FOLDER         on a real disk, for the path disk (${tmpdir()})
  --json FILE           writes the table for machines: an array, one object a row
  --help

Examples:
  npm run bench
  npm run bench -- --only pgbench --paths memory,relay --clients 1 --modes simple
  npm run bench -- --quick --json bench.json
`;

/** Reads the command line; undefined when help was asked for. Throws `TypeError` with words for the user. */
export function readOptions(argv: string[]): Options | undefined {
  const text = { type: "string" } as const;
  const { values } = parseArgs({
    args: argv,
    options: {
      quick: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
      only: text,
      paths: text,
      clients: text,
      modes: text,
      repetitions: text,
      seconds: text,
      scale: text,
      sessions: text,
      rest: text,
      megabytes: text,
      file: text,
      disk: text,
      json: text,
    },
  });
  if (values.help) return undefined;
  const { quick } = values;
  const paths = choices("paths", values.paths, PATHS) ?? [
    ...["pgbouncer", "relay", "memory", "disk", "memory-edge", "disk-edge"],
  ];
  return {
    only: choices("only", values.only && spelledOut(values.only), WORKLOADS) ?? [...WORKLOADS],
    paths: PATHS.filter((name) => name === "direct" || paths.includes(name)),
    clients: values.clients?.split(",").map((one) => whole("clients", one)) ?? [1, 8, 32],
    modes: choices("modes", values.modes, ["simple", "prepared"] as const) ?? ["simple", "prepared"],
    repetitions: whole("repetitions", values.repetitions ?? (quick ? "2" : "5")),
    seconds: whole("seconds", values.seconds ?? (quick ? "1" : "4")),
    scale: whole("scale", values.scale ?? (quick ? "2" : "10")),
    sessions: whole("sessions", values.sessions ?? (quick ? "50" : "200")),
    rest: whole("rest", values.rest ?? (quick ? "2" : "12")),
    megabytes: whole("megabytes", values.megabytes ?? (quick ? "50" : "500")),
    file: whole("file", values.file ?? (quick ? "16" : "64")),
    disk: values.disk ?? tmpdir(),
    json: values.json,
  };
}

function spelledOut(list: string): string {
  return KINDS.reduce(
    (text, kind) => text.replace(new RegExp(`(?<=^|,)${kind}(?=,|$)`), workloadsOf(kind).join(",")),
    list,
  );
}

function choices<T extends string>(
  name: string,
  text: string | undefined,
  known: readonly T[],
): T[] | undefined {
  return text?.split(",").map((one) => {
    const choice = known.find((word) => word === one);
    if (choice === undefined) throw new TypeError(`--${name}: ${one} is none of ${known.join(", ")}`);
    return choice;
  });
}

function whole(name: string, text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1) {
    throw new TypeError(`--${name}: ${text} is not a whole number above 0`);
  }
  return number;
}
