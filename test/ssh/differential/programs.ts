import { mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeTree } from "./files.ts";
import type { Case, Place } from "./places.ts";

const LATER = new Date("2022-02-02T02:02:02Z");

function remoteShell({ shared }: Place): string {
  return `ssh ${shared.join(" ")}`;
}

async function rsync(place: Place, ...args: string[]) {
  const outcome = await place.program("rsync", ["-e", remoteShell(place), ...args]);
  // Speeds, and totals that depend on them; the list of what is done stays.
  return { ...outcome, stdout: outcome.stdout.replace(/[\d.,]+ bytes\/sec/g, "SPEED") };
}

export const RSYNC: Case[] = [
  {
    name: "rsync: a tree there and back (-a), then what has changed (--delete)",
    times: true,
    run: async (place) => {
      const { folder, host } = place;
      makeTree(folder, "tree");
      const far = `${host}:${folder}/far/`;
      const said = [
        await rsync(place, "-ai", "--dry-run", "tree/", far),
        await rsync(place, "-ai", "tree/", far),
        await rsync(place, "-aiz", far, "back/"),
      ];
      writeFileSync(join(folder, "tree/empty"), "no more");
      writeFileSync(join(folder, "far/too-much"), "x");
      utimesSync(join(folder, "tree/empty"), LATER, LATER);
      said.push(await rsync(place, "-ai", "--delete", "--itemize-changes", "tree/", far));
      said.push(await rsync(place, "-ai", "--checksum", far, "back/"));
      for (const name of ["tree", "far", "back", "."]) utimesSync(join(folder, name), LATER, LATER);
      return said;
    },
  },
  {
    name: "rsync: a part is continued (--partial --inplace), others' words are theirs (-s)",
    run: async (place) => {
      const { folder, host } = place;
      makeTree(folder, "tree");
      mkdirSync(join(folder, "far"));
      writeFileSync(join(folder, "far/big"), "only the beginning");
      return [
        await rsync(place, "--partial", "--inplace", "-c", "tree/big", `${host}:${folder}/far/`),
        await rsync(
          place,
          "-s",
          "-r",
          `${host}:${folder}/tree/deep/a b`,
          `${host}:${folder}/tree/deep/$dollar`,
          "got/",
        ),
        await rsync(place, "-r", `${host}:${folder}/not-there`, "got/"),
      ];
    },
  },
];

async function git(place: Place, cwd: string, ...args: string[]) {
  const name = ["-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "init.defaultBranch=main"];
  const date = "2024-01-02T03:04:05Z";
  const { status, stdout } = await place.program("git", [...name, ...args], {
    cwd: join(place.folder, cwd),
    env: {
      ...process.env,
      GIT_SSH_COMMAND: remoteShell(place),
      ...{
        GIT_AUTHOR_DATE: date,
        GIT_COMMITTER_DATE: date,
        GIT_CONFIG_NOSYSTEM: "1",
        GIT_CONFIG_GLOBAL: "/dev/null",
      },
    },
  });
  // Progress on standard error is told by the clock.
  return { status, stdout };
}

export const GIT: Case[] = [
  {
    name: "git: clone, push, fetch, ls-remote of a bare repository",
    run: async (place) => {
      const { folder, host, program } = place;
      const url = `${host}:${folder}/bare.git`;
      const said = [await git(place, ".", "init", "-q", "--bare", "bare.git")];
      said.push(await git(place, ".", "clone", "-q", url, "one"));
      makeTree(join(folder, "one"), "tree");
      said.push(await git(place, "one", "add", "-A"), await git(place, "one", "commit", "-qm", "first"));
      said.push(await git(place, "one", "push", "--porcelain", "origin", "HEAD:main"));
      said.push(await git(place, ".", "clone", "-q", url, "two"));
      writeFileSync(join(folder, "two/new"), "new");
      said.push(await git(place, "two", "add", "new"), await git(place, "two", "commit", "-qm", "second"));
      said.push(await git(place, "two", "push", "--porcelain"));
      said.push(
        await git(place, "one", "fetch", "-q"),
        await git(place, "one", "log", "--format=%H", "origin/main"),
      );
      said.push(
        await git(place, "one", "ls-remote", "origin"),
        await git(place, "one", "push", "origin", ":nothing"),
      );
      said.push(await git(place, ".", "ls-remote", `${host}:${folder}/nothing.git`));
      await program("sh", ["-c", "rm -rf bare.git one/.git two/.git"]);
      return said;
    },
  },
];
