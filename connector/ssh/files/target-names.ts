import type { Duplex } from "node:stream";
import { SallyportError } from "../../../protocol/errors.ts";
import { Packet, SFTP_VERSION } from "../../../protocol/sftp/numbers.ts";
import { init } from "../../../protocol/sftp/packets.ts";
import { PacketReader } from "../../../protocol/sftp/reader.ts";
import { OwnQuestions } from "./own-questions.ts";
import { type Resolved, resolvePath, serverPath } from "./resolve.ts";

const FILE_TYPE = 0o170000;
const FOLDER = 0o040000;

/** What a target says about paths, by an SFTP channel of the connector's own, where the agent's has no words for it. */
export class TargetNames {
  readonly #stream: Duplex;
  readonly #questions: OwnQuestions;
  #home = "/";

  private constructor(stream: Duplex) {
    this.#stream = stream;
    this.#questions = new OwnQuestions((bytes) => void stream.write(bytes));
  }

  /**
   * `stream` is the target's `sftp` subsystem. Rejects with `target_refused` where it does not speak SFTP version 3, or
   * `target_closed`.
   */
  static async open(stream: Duplex): Promise<TargetNames> {
    const names = new TargetNames(stream);
    await names.#greet();
    const answer = await names.#questions.realpath(".");
    if (!Buffer.isBuffer(answer)) throw unusable();
    names.#home = serverPath(answer);
    return names;
  }

  /** Where the account's relative paths begin. */
  get home(): string {
    return this.#home;
  }

  /** See `resolvePath`. Rejects with `target_closed` when the channel has ended. */
  resolve(path: string): Promise<Resolved> {
    return resolvePath(this.#questions, path, true);
  }

  /** Whether a folder is there, or a link to one. Rejects with `target_closed` when the channel has ended. */
  async isFolder(path: string): Promise<boolean> {
    const found = await this.#questions.stat(path);
    return !("code" in found) && ((found.permissions ?? 0) & FILE_TYPE) === FOLDER;
  }

  end(): void {
    this.#questions.end();
    this.#stream.end();
  }

  #greet(): Promise<void> {
    const reader = new PacketReader("server");
    const stream = this.#stream;
    return new Promise((resolve, reject) => {
      let isGreeted = false;
      const over = () => {
        this.#questions.end();
        reject(new SallyportError("target_closed", "the target's SFTP server is gone"));
      };
      const answered = () => {
        const { type, id } = reader;
        if (isGreeted) {
          if (!this.#questions.answer(type, id, reader.body())) throw unusable();
        } else if (type === Packet.VERSION && id === SFTP_VERSION) {
          isGreeted = true;
          resolve();
        } else throw unusable();
      };
      stream.on("data", (chunk: Buffer) => {
        try {
          reader.push(chunk);
          while (reader.next()) answered();
        } catch (cause) {
          reject(cause);
          this.#questions.end();
          stream.destroy();
        }
      });
      stream.on("end", over);
      stream.on("close", over);
      stream.on("error", over);
      stream.write(init());
    });
  }
}

function unusable(): SallyportError {
  return new SallyportError(
    "target_refused",
    "the target's SFTP server can't be asked about paths, so that files can't be copied by scp",
    "The target's sshd needs `Subsystem sftp`.",
  );
}
