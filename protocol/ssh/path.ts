import { SallyportError } from "../errors.ts";

/** Longest path that is judged, bytes: Linux's PATH_MAX. */
export const MAX_PATH = 4096;

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * The text of a path or of a name in one. POSIX has paths of bytes; Sallyport judges and shows text, so that bytes that
 * aren't UTF-8 are no path to it, rather than a path that looks like another one. No Unicode normalisation: two texts
 * that look alike are two names, as they are to Linux. Throws `invalid_request` for those bytes, for a NUL, which ends
 * a name for some servers and not for others, and for more than `MAX_PATH` bytes.
 */
export function pathText(bytes: Uint8Array): string {
  if (bytes.length > MAX_PATH) {
    throw new SallyportError("invalid_request", `a path has ${bytes.length} bytes; the limit is ${MAX_PATH}`);
  }
  if (bytes.includes(0)) throw new SallyportError("invalid_request", "a path has a NUL in it");
  try {
    return UTF8.decode(bytes);
  } catch {
    throw new SallyportError(
      "invalid_request",
      "a path is not valid UTF-8",
      "Rename the file on the target, or reach it by a folder above it.",
    );
  }
}

/**
 * The absolute path without ".", ".." and "//", and without a slash at its end but for "/" itself. `base` is absolute
 * and is what a relative path begins from; the empty path is `base`. ".." goes up in the text: where a link leads is
 * for the target to say. Throws `invalid_request` where the result is longer than `MAX_PATH` bytes.
 */
export function normalisePath(path: string, base: string): string {
  const names: string[] = [];
  for (const name of (path.startsWith("/") ? path : `${base}/${path}`).split("/")) {
    if (name === "..") names.pop();
    else if (name !== "" && name !== ".") names.push(name);
  }
  const normal = `/${names.join("/")}`;
  if (Buffer.byteLength(normal) > MAX_PATH) {
    throw new SallyportError("invalid_request", `a path is longer than ${MAX_PATH} bytes`);
  }
  return normal;
}

/** The folder of a path, as a text that can be asked for ("." for a bare name), and its last name, slashes at the end left out. */
export function splitPath(path: string): { folder: string; name: string } {
  let end = path.length;
  while (end > 1 && path[end - 1] === "/") end--;
  const at = path.lastIndexOf("/", end - 1);
  const name = path.slice(at + 1, end);
  if (at < 0) return { folder: ".", name };
  return { folder: at === 0 ? "/" : path.slice(0, at), name };
}
