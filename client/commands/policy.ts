import type { Command } from "commander";
import { addPolicySessionCommands } from "./policy-sessions.ts";

/** Adds the `policy` command. */
export function addPolicyCommands(program: Command): void {
  const policy = program
    .command("policy")
    .description("the policies: what they say of SQL and of recorded sessions");
  addPolicySessionCommands(policy);
}
