import { existsSync } from "node:fs";
import { mkdtemp, rename, rm } from "node:fs/promises";
import { join } from "node:path";

/**
 * A folder that `make` fills, once for all files of a run of everything: the first that needs it makes it. Undefined
 * where a file runs by itself, and everything is made anew. Whoever uses it does not change it.
 */
export async function shared(
  name: string,
  make: (folder: string) => void | Promise<void>,
): Promise<string | undefined> {
  const root = process.env.TEST_SHARED;
  if (root === undefined) return undefined;
  const folder = join(root, name);
  if (existsSync(folder)) return folder;
  const own = await mkdtemp(`${folder}-`);
  await make(own);
  try {
    await rename(own, folder);
  } catch (error) {
    // Another file was first.
    if (!existsSync(folder)) throw error;
    await rm(own, { recursive: true });
  }
  return folder;
}
