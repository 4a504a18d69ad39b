/** `exit 0`, `killed by SIGKILL`, or that the target said nothing. */
export function exitText({ status, signal }: { status: number | null; signal: string | null }): string {
  if (signal !== null) return `killed by SIG${signal}`;
  return status === null ? "ended without an exit status" : `exit ${status}`;
}

/** In place of what was typed at a prompt for a secret. */
export function withheldText(characters: number): string {
  const what = characters === 1 ? "1 character was" : `${characters} characters were`;
  return `[${what} typed that the terminal did not show]`;
}
