import type { Field } from "../../../protocol/document.ts";

/** As whom the API server sees principals and groups. */
export interface ImpersonationConfig {
  /** Stands before a principal that no line of `users` names. */
  userPrefix: string;
  /** Stands before a group that no line of `groups` names. */
  groupPrefix: string;
  /** The first line that names a principal counts. Patterns with `*`. */
  users: readonly { principal: string; as: string }[];
  /** All lines that name a group count. Patterns with `*`. */
  groups: readonly { group: string; as: readonly string[] }[];
}

/** Names of others that somebody could have given themselves can't be mistaken for those that the cluster knows. */
export const DEFAULT_IMPERSONATION: ImpersonationConfig = {
  userPrefix: "sallyport:",
  groupPrefix: "sallyport:",
  users: [],
  groups: [],
};

const MAX_LINES = 500;
const MAX_AS = 50;
const PREFIX = /^(?!system:$)(?:[A-Za-z0-9._-]{1,60}[:/])?$/;
const NAME = /^(?!\s)[^\p{C}]{1,250}(?<!\s)$/u;

/** Reads `impersonate` of a Kubernetes target. Throws `invalid_config`. */
export function readImpersonation(field: Field): ImpersonationConfig {
  const given = field.optional((one) => one.mapping(["userPrefix", "groupPrefix", "users", "groups"]));
  if (given === null) return DEFAULT_IMPERSONATION;
  const prefix = (name: "userPrefix" | "groupPrefix") =>
    given
      .get(name)
      .optional((one) => one.matching(PREFIX, "a prefix such as 'sallyport:', other than 'system:'"));
  const as = (one: Field) =>
    one.matching(NAME, "a name that the API server knows, of at most 250 characters");
  return {
    userPrefix: prefix("userPrefix") ?? DEFAULT_IMPERSONATION.userPrefix,
    groupPrefix: prefix("groupPrefix") ?? DEFAULT_IMPERSONATION.groupPrefix,
    users: lines(given.get("users")).map((line) => {
      line.mapping(["principal", "as"]);
      return { principal: line.get("principal").string(), as: as(line.get("as")) };
    }),
    groups: lines(given.get("groups")).map((line) => {
      line.mapping(["group", "as"]);
      const names = line.get("as").list();
      if (names.length > MAX_AS) line.get("as").fail(`has more than ${MAX_AS} names`, "List fewer.");
      return { group: line.get("group").string(), as: names.map(as) };
    }),
  };
}

function lines(list: Field): Field[] {
  const fields = list.optional((field) => field.list()) ?? [];
  if (fields.length > MAX_LINES) list.fail(`has more than ${MAX_LINES} lines`, "Use patterns with *.");
  return fields;
}
