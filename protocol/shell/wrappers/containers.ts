import { has, lastValue, readOptions } from "./options.ts";
import { ALONE, runs, unknown, type Wrapper } from "./wrapper.ts";

/** What the other subcommands do is said by the program's own row: those that run something aren't known there. */
const container: Wrapper = ({ args }) => {
  const [subcommand, ...rest] = args;
  if (subcommand === null) return unknown("The subcommand isn't static.");
  if (subcommand !== "exec") return ALONE;
  const options = readOptions(rest, {
    flags: "dit",
    values: "uwe",
    long: "--detach --interactive --tty --user= --workdir= --env= --privileged",
  });
  if (typeof options === "string") return unknown(options);
  const [name, ...words] = options.rest;
  const user = lastValue(options, "u", "user");
  if (typeof name !== "string") return unknown("The container isn't static.");
  if (words.length === 0) return ALONE;
  return runs(words, {
    host: `container:${name}`,
    // The image says who it is, where nobody else does; most say nothing, which is root.
    runAs: (user ?? "root").split(":")[0]!,
    folder: null,
    opaque: has(options, "e", "env") ? ["Variables are set in the container."] : [],
  });
};

/** `kubectl exec [options] POD [options] -- COMMAND`. */
const kubectl: Wrapper = ({ args }) => {
  const table = {
    flags: "itq",
    values: "cn",
    long: "--stdin --tty --quiet --container= --namespace= --context=",
  };
  const before = readOptions(args, { values: "n", long: "--namespace= --context=" });
  if (typeof before === "string") return unknown(before);
  const [subcommand, ...rest] = before.rest;
  if (subcommand === null) return unknown("The subcommand isn't static.");
  if (subcommand !== "exec") return ALONE;
  const end = rest.indexOf("--");
  if (end < 0) return unknown('The command isn\'t marked by "--".');
  const first = readOptions(rest.slice(0, end), table);
  if (typeof first === "string") return unknown(first);
  const [pod, ...others] = first.rest;
  const second = readOptions(others, table);
  if (typeof second === "string") return unknown(second);
  if (typeof pod !== "string" || second.rest.length > 0) return unknown("The pod isn't static.");
  const words = rest.slice(end + 1);
  return words.length === 0 ? ALONE : runs(words, { host: `pod:${pod}`, runAs: "root", folder: null });
};

export const CONTAINERS: Readonly<Record<string, Wrapper>> = {
  docker: container,
  podman: container,
  kubectl,
};
