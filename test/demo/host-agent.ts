import ssh2, { type Client } from "ssh2";

/** Called before each command line, with what it printed, with what is said on standard error, and with how it ended. */
export interface SayOfHost {
  runs(line: string): void;
  prints(text: string): void;
  told(text: string): void;
  ended(status: number): void;
}

const HARMLESS = "tail -n 2 /srv/shop/payments.log";
/** `rm -rf /`, for who decodes it. */
const HIDDEN = "echo cm0gLXJmIC8= | base64 -d | sh";

/** The scripted agent on an SSH host: an ordinary client that knows nothing of Sallyport. `hostKey`: base64 of its blob. */
export async function runOnHost(host: string, port: number, hostKey: string, say: SayOfHost): Promise<void> {
  const client = new ssh2.Client();
  const ready = new Promise<void>((resolve, reject) => {
    client.once("ready", resolve).once("error", reject);
  });
  client.connect({
    host,
    port,
    username: "sallyport",
    authHandler: ["none"],
    hostVerifier: (key: Buffer) => key.toString("base64") === hostKey,
  });
  await ready;
  const closed = new Promise<void>((resolve) => client.once("close", resolve));
  try {
    for (const line of [HARMLESS, HIDDEN]) await run(client, line, say);
  } finally {
    client.end();
    await closed;
  }
}

function run(client: Client, line: string, say: SayOfHost): Promise<void> {
  say.runs(line);
  return new Promise((resolve, reject) => {
    client.exec(line, (error, channel) => {
      if (error) return reject(error);
      const printed: Buffer[] = [];
      const told: Buffer[] = [];
      channel.on("data", (chunk: Buffer) => printed.push(chunk));
      channel.stderr.on("data", (chunk: Buffer) => told.push(chunk));
      channel.on("close", (status: number) => {
        if (printed.length > 0) say.prints(Buffer.concat(printed).toString());
        if (told.length > 0) say.told(Buffer.concat(told).toString());
        say.ended(status);
        resolve();
      });
    });
  });
}
