import { readFileSync } from "node:fs";
import { SallyportError } from "../../protocol/errors.ts";

/** A policy file's text; `-` is standard input. Throws `invalid_config` where it can't be read, or is no text. */
export function readPolicyFile(file: string): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file === "-" ? 0 : file);
  } catch (error) {
    throw new SallyportError(
      "invalid_config",
      `${file} can't be read (${(error as NodeJS.ErrnoException).code}).`,
      "Name a file with Cedar policies; `sallyport policy init FILE` writes one to begin with.",
    );
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new SallyportError("invalid_config", `${file} is not UTF-8 text.`, "Save it as UTF-8.");
  }
}
