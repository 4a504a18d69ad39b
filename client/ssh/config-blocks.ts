import { join } from "node:path";
import type { ListedTarget } from "../../protocol/directory.ts";
import { SallyportError } from "../../protocol/errors.ts";
import { configFolder } from "../login/credentials.ts";
import { readIfPresent, writePrivate } from "../private-file.ts";
import { DEFAULT_USER, hostOptions, proxyCommand } from "./host-options.ts";

/** The block of one edge's targets for ssh_config(5), between markers. ssh takes the first value that it reads: twice is as good as once. */
export function configBlock(edge: URL, targets: readonly ListedTarget[], env = process.env): string {
  const lines = targets.flatMap((target) => [
    "",
    `Host ${target.name}`,
    `  ProxyCommand ${proxyCommand(edge, target.name)}`,
    `  User ${DEFAULT_USER}`,
    ...hostOptions(edge, target, env).map(([name, value]) => `  ${name} ${value}`),
  ]);
  const [begin, end] = markers(edge);
  return [begin, ...lines, "", end, ""].join("\n");
}

/** Puts an edge's block into our own file, in place of the one before; answers the file's path. */
export function writeConfig(edge: URL, block: string, env = process.env): string {
  const file = join(configFolder(env), "ssh_config");
  const [begin, end] = markers(edge);
  const before = readIfPresent(file) ?? "";
  const from = before.indexOf(`${begin}\n`);
  const to = before.indexOf(`${end}\n`, Math.max(from, 0));
  if (from >= 0 && to < 0) {
    throw new SallyportError(
      "conflict",
      `${file} was changed: the line that ends the block of ${edge.origin} is missing.`,
      "Remove the file, and run this again for each edge.",
    );
  }
  const rest = from < 0 ? [before, ""] : [before.slice(0, from), before.slice(to + end.length + 1)];
  writePrivate(file, `${rest[0]}${block}${rest[1]}`);
  return file;
}

function markers(edge: URL): [begin: string, end: string] {
  return [
    `# >>> sallyport ${edge.origin}, written by \`sallyport ssh-config\``,
    `# <<< sallyport ${edge.origin}`,
  ];
}
