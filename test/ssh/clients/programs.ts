import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ClientPlace } from "./places.ts";

const BIG = randomBytes(1_000_003);

/** curl with libssh2: a file there and back, a part of one, a listing, commands before and after. */
export async function curl(place: ClientPlace): Promise<unknown> {
  const { program, address, port, user, key, hostKey, folder } = place;
  const sha256 = createHash("sha256")
    .update(Buffer.from(hostKey.split(" ")[1]!, "base64"))
    .digest("base64");
  const as = key === null ? [] : ["--key", key, "--pubkey", `${key}.pub`];
  const url = (path: string, scheme = "sftp") => `${scheme}://${user}@${address}:${port}${path}`;
  const run = async (...args: string[]) => {
    const all = ["-sS", "--hostpubsha256", sha256.replace(/=$/, ""), ...as, ...args];
    const { status, stdout, stderr } = await program("curl", all);
    return { status, stdout: shown(stdout), stderr };
  };
  const far = join(folder, "far");
  writeFileSync(join(folder, "big"), BIG);
  const said = [
    await run("-T", "big", "--ftp-create-dirs", url(`${far}/deep/put`), "-Q", `-chmod 640 ${far}/deep/put`),
    await run("-o", "got", url(`${far}/deep/put`)),
    await run("-r", "100-199", url(`${far}/deep/put`)),
    await run(url(`${far}/deep/`), "--list-only"),
    await run(
      "-Q",
      `-rename ${far}/deep/put ${far}/deep/renamed`,
      "-Q",
      `-mkdir ${far}/made`,
      url(`${far}/`),
      "-l",
    ),
    await run(url(`${far}/nowhere`)),
    await run("-T", "big", url(`${far}/by-scp`, "scp")),
    await run("-o", "got-by-scp", url(`${far}/by-scp`, "scp")),
  ];
  for (const name of ["got", "got-by-scp"]) assert.ok(readFileSync(join(folder, name)).equals(BIG), name);
  return { said, names: readdirSync(far, { recursive: true }).sort() };
}

function shown(bytes: Buffer): string {
  if (bytes.length < 2_000) return bytes.toString("latin1");
  return `${bytes.length} bytes, SHA-256 ${createHash("sha256").update(bytes).digest("hex")}`;
}
