import type { DefElem, Node } from "@pgsql/types";

/** The first option of this name. */
export function option(options: readonly Node[] | undefined, name: string): DefElem | undefined {
  for (const node of options ?? []) {
    if ("DefElem" in node && node.DefElem.defname === name) return node.DefElem;
  }
  return undefined;
}

/** An option without a value is on; a value is read as the server's defGetBoolean does, and counts as on in doubt. */
export function isOn(element: DefElem | undefined): boolean {
  if (element === undefined) return false;
  const { arg } = element;
  if (arg === undefined) return true;
  if ("Integer" in arg) return (arg.Integer.ival ?? 0) !== 0;
  if ("Boolean" in arg) return arg.Boolean.boolval === true;
  return !("String" in arg) || !/^(?:false|off)$/i.test(arg.String.sval ?? "");
}
