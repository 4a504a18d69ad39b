import { randomBytes } from "node:crypto";
import { chmodSync, mkdirSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Case, Place } from "./places.ts";

const BIG = randomBytes(3 * 1024 * 1024 + 17);
const SOMETIME = new Date("2021-03-04T05:06:07Z");
/** Names that clients, shells and servers may each take for something else. */
const ODD = [
  "a b",
  "quo'te",
  'dou"ble',
  "semi;colon",
  "$dollar",
  "back\\slash",
  "star*",
  "-dash",
  "Grüße 世界",
];

/** A tree with a bit of everything, in `folder/name`. */
export function makeTree(folder: string, name: string): void {
  const below = join(folder, name);
  mkdirSync(join(below, "deep/er"), { recursive: true });
  writeFileSync(join(below, "big"), BIG);
  writeFileSync(join(below, "empty"), "");
  for (const odd of ODD) writeFileSync(join(below, "deep", odd), odd);
  writeFileSync(join(below, "deep/er/run.sh"), "#!/bin/sh\necho run\n", { mode: 0o755 });
  writeFileSync(join(below, "secret"), "s", { mode: 0o600 });
  symlinkSync("deep/er/run.sh", join(below, "link"));
  symlinkSync("nowhere", join(below, "dangling"));
  chmodSync(join(below, "deep"), 0o750);
  const names = ODD.map((odd) => `deep/${odd}`);
  for (const path of ["big", "empty", "secret", ...names, "deep/er/run.sh", "deep/er", "deep", "."]) {
    utimesSync(join(below, path), SOMETIME, SOMETIME);
  }
}

/** What `sftp` says and does on a batch, as is. */
async function batch({ program, shared, host }: Place, ...lines: string[]) {
  const outcome = await program("sftp", [...shared, "-b", "-", host], { input: `${lines.join("\n")}\n` });
  // The owner's name and the time of the run are no matter of the way.
  return { ...outcome, stdout: outcome.stdout.replace(/\w{3} +\d+ +\d\d:\d\d/g, "TIME") };
}

const sftp = (name: string, run: (place: Place) => Promise<unknown>): Case => ({
  name: `sftp: ${name}`,
  run,
});

export const SFTP: Case[] = [
  {
    name: "sftp: a tree there and back, with times and modes (-rp)",
    times: true,
    run: async (place) => {
      const { folder } = place;
      makeTree(folder, "tree");
      const put = await batch(place, `mkdir ${folder}/far`, `put -rp tree ${folder}/far/`);
      const got = await batch(place, `get -rp ${folder}/far/tree back`);
      for (const name of ["far", "."]) utimesSync(join(folder, name), SOMETIME, SOMETIME);
      return { put, got };
    },
  },
  sftp("put and get, odd names, globs", async (place) => {
    const { folder } = place;
    makeTree(folder, "tree");
    mkdirSync(join(folder, "back"));
    return batch(
      place,
      `mkdir "${folder}/a folder"`,
      `lcd tree/deep`,
      `-put * "${folder}/a folder/"`,
      `cd "${folder}/a folder"`,
      "ls -1",
      `lcd ../../back`,
      `-get *`,
      `get "a b" renamed`,
    );
  }),
  sftp("continued transfers (reput, reget)", async (place) => {
    const { folder } = place;
    writeFileSync(join(folder, "whole"), BIG);
    writeFileSync(join(folder, "part-there"), BIG.subarray(0, 1_000_000));
    writeFileSync(join(folder, "part-here"), BIG.subarray(0, 1_234_567));
    return batch(place, `reput whole ${folder}/part-there`, `reget ${folder}/whole part-here`);
  }),
  sftp("listings", async (place) => {
    makeTree(place.folder, "tree");
    return batch(
      place,
      ...["pwd", `cd ${place.folder}/tree`, "pwd", "ls", "ls -1", "ls -la", "ls -ln", "ls -lanS"],
      ...["ls -l deep", "-ls nowhere*", "ls e* b*", "ls -l link", "-ls not-there", "ls -1 deep/../deep/./er"],
    );
  }),
  sftp("make, rename, remove", async (place) => {
    const { folder } = place;
    makeTree(folder, "tree");
    return batch(
      place,
      `cd ${folder}`,
      ...["mkdir new", "-mkdir new", "rename tree/big new/bigger", "-rename tree/empty tree/secret"],
      ...["rm tree/secret", "-rm tree/secret", "-rmdir tree", "mkdir gone", "rmdir gone", "rm tree/deep/*o*"],
    );
  }),
  sftp("links", async (place) => {
    const { folder } = place;
    makeTree(folder, "tree");
    return batch(
      place,
      ...[`cd ${folder}/tree`, "ln big hard", "ln -s big soft", "ln -s ../.. up", "-ln big hard"],
      ...["ls -1", `get soft ${folder}/by-link`, "rm soft"],
    );
  }),
  sftp("modes and owners", async (place) => {
    makeTree(place.folder, "tree");
    const { uid, gid } = { uid: process.getuid!(), gid: process.getgid!() };
    return batch(
      place,
      ...[`cd ${place.folder}/tree`, "chmod 640 big", "chmod 4755 deep/er/run.sh", `chown ${uid} big`],
      ...[`chgrp ${gid} big`, "-chmod 600 not-there", "ls -ln"],
    );
  }),
  sftp("free space", async (place) => {
    const { status, stdout, stderr } = await batch(place, `df ${place.folder}`);
    return { status, lines: stdout.split("\n").length, stderr };
  }),
  sftp("what may not be", async (place) => {
    return batch(
      place,
      ...["-get /proc/self/mem", "-get not-there", "-put not-there", "-cd /not/there", "-mkdir /proc/x"],
      ...[
        "-rm /proc/version",
        "-ls /not/there",
        "-get /proc/version version",
        "-copy /proc/version x",
        "bad",
      ],
    );
  }),
  sftp("small requests, one at a time, and many", async ({ program, shared, host, folder }) => {
    writeFileSync(join(folder, "big"), BIG.subarray(0, 300_000));
    const get = (...args: string[]) =>
      program("sftp", ["-q", ...shared, ...args, `${host}:${folder}/big`, `got-${args[1]}`]);
    return [await get("-B", "4096", "-R", "1"), await get("-B", "200000", "-R", "64")];
  }),
];

const MODES = [
  ["-s", "by SFTP"],
  ["-O", "by its own protocol"],
] as const;

export const SCP: Case[] = MODES.flatMap(([mode, how]): Case[] => {
  const scp = ({ program, shared }: Place, ...args: string[]) => program("scp", [mode, ...shared, ...args]);
  return [
    {
      name: `scp ${how}: a tree there and back, with times and modes (-rp)`,
      times: true,
      run: async (place) => {
        const { folder, host } = place;
        makeTree(folder, "tree");
        mkdirSync(join(folder, "far"));
        // A link that leads nowhere is an error of scp's own.
        const put = await scp(place, "-rp", "tree", `${host}:${folder}/far/`);
        const got = await scp(place, "-rp", `${host}:${folder}/far/tree`, "back");
        for (const name of ["far", "."]) utimesSync(join(folder, name), SOMETIME, SOMETIME);
        return { put, got };
      },
    },
    {
      name: `scp ${how}: several files, globs, odd names`,
      run: async (place) => {
        const { folder, host } = place;
        makeTree(folder, "tree");
        for (const name of ["far", "back"]) mkdirSync(join(folder, name));
        const put = await scp(
          place,
          "tree/deep/a b",
          "tree/deep/Grüße 世界",
          "tree/big",
          `${host}:${folder}/far`,
        );
        const got = await scp(place, `${host}:${folder}/far/*[bi]*`, "back");
        const quoted = await scp(
          place,
          `${host}:${folder}/far/a${mode === "-O" ? "\\" : ""} b`,
          "back/renamed",
        );
        return { put, got, quoted };
      },
    },
    {
      name: `scp ${how}: what is not there, or can't be written`,
      run: async (place) => {
        const { host, folder } = place;
        writeFileSync(join(folder, "one"), "1");
        return [
          await scp(place, `${host}:${folder}/not-there`, "."),
          await scp(place, "one", `${host}:${folder}/not/there`),
          await scp(place, "one", "not-there", `${host}:${folder}/two`),
          await scp(place, `${host}:${folder}`, "here"),
          await scp(place, "one", `${host}:/proc/cannot`),
        ];
      },
    },
    {
      name: `scp ${how}: from remote to remote by way of here (-3)`,
      run: async (place) => {
        const { host, folder } = place;
        makeTree(folder, "tree");
        return scp(
          place,
          "-3",
          "-r",
          `${host}:${folder}/tree/deep/er`,
          `${host}:${folder}/tree/big`,
          `${host}:${folder}/`,
        );
      },
    },
  ];
});
