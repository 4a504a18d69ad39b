import type { Activity } from "../activity/activity.ts";
import { SallyportError } from "../errors.ts";
import { requestInfo } from "../kubernetes/reading-request-info.ts";
import type { SessionContext } from "./activity.ts";
import type { ClassName } from "./event.ts";
import { bounded } from "./text.ts";

/** What the kind of a target makes of an activity: its class, which activity of that, and its own attributes. */
export interface Mapped {
  className: ClassName;
  activity: { activity: number; activityName?: string };
  attributes: Record<string, unknown>;
}

/** Datastore activities by Cedar action; of several in one statement the first of this table counts: what weighs most. */
const DATASTORE: readonly (readonly [action: string, activity: number])[] = [
  ["postgres:truncate", 7],
  ["postgres:drop", 7],
  ["postgres:delete", 7],
  ["postgres:create", 6],
  ["postgres:alter", 2],
  ["postgres:update", 2],
  ["postgres:insert", 5],
  ["postgres:select", 4],
  ["postgres:explain", 4],
  ["postgres:show", 4],
];

/** Datastore Activity 6005: a statement. */
export function datastoreActivity(activity: Activity, { database }: SessionContext): Mapped {
  const row = DATASTORE.find(([action]) => activity.actions.includes(action));
  const [first] = activity.actions;
  const name = bounded(database ?? "unknown", 256);
  return {
    className: "datastore_activity",
    activity:
      row !== undefined
        ? { activity: row[1] }
        : first === undefined
          ? { activity: 0 }
          : { activity: 99, activityName: afterColon(first) },
    attributes: {
      type_id: 1,
      type: "Database",
      database: { name, type_id: 1, type: "Relational" },
      query_info: { uid: `${activity.seq}/${activity.item}`, query_string: bounded(activity.text) },
    },
  };
}

const REFUSE = 5;

/** SSH Activity 4007: a command, a shell, an operation on a file, a forward. */
export function sshActivity(activity: Activity): Mapped {
  return {
    className: "ssh_activity",
    activity:
      activity.verdict === "block"
        ? { activity: REFUSE }
        : { activity: 99, activityName: activity.kind[0]!.toUpperCase() + activity.kind.slice(1) },
    attributes: {
      app_protocol_name: "ssh",
      ...(activity.kind === "file" && { file: fileOf(activity.text) }),
    },
  };
}

/** The file of `read /a/path (sftp)`: the operation and the protocol stand around its name. */
export function fileOf(text: string): Record<string, unknown> {
  const path = /^\S+ (.*?)(?: \([a-z]+\))?$/su.exec(text)?.[1] ?? text;
  const name = path.slice(path.lastIndexOf("/") + 1);
  return {
    name: bounded(name === "" ? path : name, 1_024),
    path: bounded(path),
    type_id: 0,
    type: "Unknown",
  };
}

const HTTP_METHODS: Readonly<Record<string, number>> = {
  DELETE: 2,
  GET: 3,
  HEAD: 4,
  OPTIONS: 5,
  POST: 6,
  PUT: 7,
  PATCH: 9,
};

/** HTTP Activity 4002: a request. */
export function httpExchange(activity: Activity, context: SessionContext): Mapped {
  const { method } = requestLine(activity.text);
  const known = HTTP_METHODS[method];
  return {
    className: "http_activity",
    activity: known === undefined ? { activity: 99, activityName: method } : { activity: known },
    attributes: { app_protocol_name: "http", ...httpAttributes(activity, context) },
  };
}

/** API activities by Kubernetes verb. */
const VERBS: Readonly<Record<string, number>> = {
  create: 1,
  get: 2,
  list: 2,
  watch: 2,
  update: 3,
  patch: 3,
  delete: 4,
  deletecollection: 4,
};

/** API Activity 6003: a request to a Kubernetes API server. */
export function kubernetesApi(activity: Activity, context: SessionContext): Mapped {
  const { method, target } = requestLine(activity.text);
  const info = activity.isCut ? null : readRequest(method, target);
  const action = activity.actions.find((one) => one.startsWith("kubernetes:"));
  const verb = info?.verb ?? (action === undefined ? method.toLowerCase() : afterColon(action));
  const known = Object.hasOwn(VERBS, verb) ? VERBS[verb] : undefined;
  const code = statusCode(activity.status);
  const resource = info?.isResource ? [info.resource, info.subresource].filter(Boolean).join("/") : null;
  const operation = resource === null ? verb : `${verb} ${resource}`;
  return {
    className: "api_activity",
    activity: known === undefined ? { activity: 99, activityName: verb } : { activity: known },
    attributes: {
      api: {
        operation: bounded(operation, 256),
        request: { uid: `${context.session}/${activity.seq}/${activity.item}` },
        service: { name: "kubernetes" },
        ...(code !== null && { response: { code } }),
        ...(info?.isResource && {
          version: bounded([info.group, info.version].filter(Boolean).join("/"), 256),
        }),
      },
      resources: [
        {
          name: bounded(info?.name || info?.resource || target, 1_024),
          ...(info?.namespace && { namespace: bounded(info.namespace, 256) }),
          ...(resource !== null && { type: bounded(resource, 256) }),
          role_id: 1,
          role: "Target",
        },
      ],
      ...httpAttributes(activity, context),
    },
  };
}

/** What the API server takes a request for; null where that can't be read, as then it was refused. */
function readRequest(method: string, target: string): ReturnType<typeof requestInfo> | null {
  try {
    return requestInfo(method, target);
  } catch (error) {
    if (error instanceof SallyportError) return null;
    throw error;
  }
}

/** Methods that the schema has names for. */
const NAMED_METHODS = new Set([...Object.keys(HTTP_METHODS), "TRACE", "CONNECT"]);

function httpAttributes(
  activity: Activity,
  { target: name, session }: SessionContext,
): Record<string, unknown> {
  const { method, target } = requestLine(activity.text);
  const query = target.indexOf("?");
  const code = statusCode(activity.status);
  return {
    http_request: {
      uid: `${session}/${activity.seq}/${activity.item}`,
      ...(NAMED_METHODS.has(method) && { http_method: method }),
      url: {
        path: bounded(query === -1 ? target : target.slice(0, query)),
        ...(query !== -1 && { query_string: bounded(target.slice(query + 1)) }),
        hostname: bounded(name, 256),
      },
    },
    ...(code !== null && { http_response: { code } }),
  };
}

/** `GET /path?query`. */
function requestLine(text: string): { method: string; target: string } {
  const blank = text.indexOf(" ");
  return blank === -1
    ? { method: text, target: "" }
    : { method: text.slice(0, blank), target: text.slice(blank + 1) };
}

function statusCode(status: string | null): number | null {
  return status !== null && /^[1-9]\d\d$/.test(status) ? Number(status) : null;
}

function afterColon(action: string): string {
  return action.slice(action.indexOf(":") + 1);
}
