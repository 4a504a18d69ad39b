import { generateHybridIdentity, generateX25519Identity, identityToRecipient } from "age-encryption";
import type { Command } from "commander";
import { SallyportError } from "../../protocol/errors.ts";
import { withExamples } from "../command-line.ts";
import { writeNew } from "../private-file.ts";
import { identitiesIn } from "../recordings/identity.ts";
import { note, print } from "../terminal.ts";

/** Adds `recordings`: the keys of those to whom recordings are encrypted. */
export function addRecordingKeyCommands(program: Command): void {
  const recordings = program
    .command("recordings")
    .description("keys of auditors, to whom recordings are encrypted");
  const keygen = recordings
    .command("keygen")
    .description(
      "make a secret key of age in a file that only you read, and print its recipient for `recordings.recipients`",
    )
    .requiredOption("-o, --output <file>", "the identity file; there must be none yet")
    .option("--post-quantum", "of a kind that quantum computers don't break (age1pq1…)")
    .action(async ({ output, postQuantum }: { output: string; postQuantum?: boolean }) => {
      const secret = await (postQuantum ? generateHybridIdentity() : generateX25519Identity());
      const recipient = await identityToRecipient(secret);
      const text = `# created: ${new Date().toISOString()}\n# public key: ${recipient}\n${secret}\n`;
      if (!writeNew(output, text))
        throw new SallyportError(
          "conflict",
          `There is a file ${output} already; nothing was written.`,
          "A key that is lost can't be had again, so none is overwritten. Name another file.",
        );
      note(
        `The secret key is in ${output}. Keep a copy elsewhere: without it nobody reads what is encrypted to it.`,
      );
      print(recipient);
    });
  withExamples(keygen, [
    ["sallyport recordings keygen -o auditor.key", "prints age1…"],
    ["sallyport recordings keygen -o auditor.key --post-quantum", ""],
  ]);
  const recipients = recordings
    .command("recipients <file>")
    .description("print the recipients of the secret keys in an identity file")
    .action(async (file: string) => {
      for (const recipient of (await identitiesIn(file)())!.recipients) print(recipient);
    });
  withExamples(recipients, [["sallyport recordings recipients auditor.key", ""]]);
}
