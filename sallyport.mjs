#!/usr/bin/env node
// The `sallyport` command. Plain JavaScript that an old Node reads too: it finds a Node that runs the rest.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import module from "node:module";
import { constants } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The first version that runs our TypeScript as it is, `using` included. */
const NEEDED = 24;

if (Number(process.versions.node.split(".")[0]) >= NEEDED) {
  // Halves the start. Not in Node's default place, the folder for temporary files: others could write there first.
  const { XDG_CACHE_HOME, HOME } = process.env;
  const cache = XDG_CACHE_HOME || (HOME && join(HOME, ".cache"));
  if (cache) module.enableCompileCache(join(cache, "sallyport"));
  const [first, ...rest] = process.argv.slice(2);
  const side = first === "connector" ? "connector" : "client";
  const bundled = new URL(`./${side}/main.js`, import.meta.url);
  const { main } = await import(
    existsSync(bundled) ? bundled.href : new URL(`./${side}/main.ts`, import.meta.url).href
  );
  process.exitCode = await main(side === "connector" ? rest : process.argv.slice(2));
} else {
  const node = suppliedNode();
  if (node === undefined) {
    console.error(
      `sallyport: this is Node.js ${process.versions.node}, and Sallyport needs ${NEEDED} or newer.\n` +
        "Install it from https://nodejs.org, or run `npm install` in Sallyport's folder: its package `node` brings one.",
    );
    process.exitCode = 1;
  } else {
    runWith(node);
  }
}

/** The Node that npm's package `node` brought, if it is there. */
function suppliedNode() {
  try {
    const manifest = module.createRequire(import.meta.url).resolve("node/package.json");
    const node = join(dirname(manifest), "bin", process.platform === "win32" ? "node.exe" : "node");
    return existsSync(node) ? node : undefined;
  } catch {
    return undefined;
  }
}

/** Runs this file again with another Node, which gets the signals that we get. */
function runWith(node) {
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: "inherit" });
  for (const signal of ["SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2"]) {
    process.on(signal, () => child.kill(signal));
  }
  // A terminal sends these to the child as well, as one of the same process group.
  for (const signal of ["SIGINT", "SIGQUIT"]) {
    process.on(signal, () => process.stdin.isTTY || child.kill(signal));
  }
  child.on("error", (error) => {
    console.error(`sallyport: ${node} does not start: ${error.message}`);
    process.exitCode = 1;
  });
  child.on("exit", (status, signal) => {
    process.exit(status ?? 128 + constants.signals[signal]);
  });
}
