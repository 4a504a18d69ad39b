import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const Protocol = require("ssh2/lib/protocol/Protocol.js") as new (config: object) => ProtocolInside;
const { sendPacket } = require("ssh2/lib/protocol/utils.js") as {
  sendPacket(protocol: ProtocolInside, packet: Buffer, bypass?: boolean): boolean;
};

/** What is used of ssh2's inside; the version is pinned. */
interface ProtocolInside {
  start(): void;
  parse(chunk: Uint8Array, at: number, end: number): void;
  rekey(): void;
  _onPayload(payload: Buffer): unknown;
  _packetRW: { write: { allocStart: number; alloc(size: number): Buffer; finalize(packet: Buffer): Buffer } };
  _strictMode: boolean | undefined;
}

/** Numbers of RFC 4250 section 4.1.2. */
export const Message = {
  disconnect: 1,
  ignore: 2,
  unimplemented: 3,
  debug: 4,
  serviceRequest: 5,
  serviceAccept: 6,
  kexInit: 20,
  newKeys: 21,
  authRequest: 50,
  authFailure: 51,
  authSuccess: 52,
  globalRequest: 80,
  requestSuccess: 81,
  requestFailure: 82,
  channelOpen: 90,
  openConfirmation: 91,
  openFailure: 92,
  windowAdjust: 93,
  data: 94,
  extendedData: 95,
  eof: 96,
  close: 97,
  request: 98,
  success: 99,
  failure: 100,
} as const;

export const u32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
};

/** A string of RFC 4251 section 5. */
export const string = (value: string | Uint8Array): Buffer => {
  const bytes = Buffer.from(value);
  return Buffer.concat([u32(bytes.length), bytes]);
};

export const flag = (value: boolean): Buffer => Buffer.of(value ? 1 : 0);

export const packet = (type: number, ...fields: Uint8Array[]): Buffer =>
  Buffer.concat([Buffer.of(type), ...fields]);

export const openSession = (channel: number, window = 2 ** 21, most = 32_768): Buffer =>
  packet(Message.channelOpen, string("session"), u32(channel), u32(window), u32(most));

export const request = (channel: number, name: string, wantReply: boolean, ...fields: Uint8Array[]): Buffer =>
  packet(Message.request, u32(channel), string(name), flag(wantReply), ...fields);

export const exec = (channel: number, line: string | Uint8Array): Buffer =>
  request(channel, "exec", true, string(line));

export const data = (channel: number, bytes: string | Uint8Array): Buffer =>
  packet(Message.data, u32(channel), string(bytes));

export const adjust = (channel: number, bytes: number): Buffer =>
  packet(Message.windowAdjust, u32(channel), u32(bytes));

export const globalRequest = (name: string, wantReply: boolean, ...fields: Uint8Array[]): Buffer =>
  packet(Message.globalRequest, string(name), flag(wantReply), ...fields);

/**
 * An SSH client that sends whatever payloads a test gives it: handshake and encryption are ssh2's, all above is by hand.
 * Its channels are numbered as it says; the connector's are 0, 1, … in the order in which they are opened.
 */
export class RawClient {
  readonly protocol: ProtocolInside;
  /** Payloads that came since the handshake began, in order. */
  readonly payloads: Buffer[] = [];
  readonly #send: (bytes: Uint8Array) => Promise<void>;
  readonly #looks = new Set<() => void>();
  #sending: Promise<void> = Promise.resolve();
  #gathered: Uint8Array[] | undefined;
  #isOver = false;
  #handshakes = 0;
  /** What ssh2's client half found wrong. */
  error: Error | undefined;

  constructor(send: (bytes: Uint8Array) => Promise<void>) {
    this.#send = send;
    this.protocol = new Protocol({
      server: false,
      ident: "raw",
      onWrite: (bytes: Buffer) => {
        if (this.#gathered) this.#gathered.push(Buffer.from(bytes));
        else this.#sending = this.#send(Buffer.from(bytes));
      },
      onError: (error: Error) => {
        this.error = error;
        this.#look();
      },
      onHandshakeComplete: () => {
        this.#handshakes += 1;
        this.#look();
      },
      messageHandlers: {},
    });
    const onPayload = this.protocol._onPayload;
    this.protocol._onPayload = (payload) => {
      this.payloads.push(Buffer.from(payload));
      this.#look();
      return onPayload(payload);
    };
  }

  /** What the other side sent. */
  received(bytes: Buffer): void {
    if (this.#isOver) return;
    try {
      this.protocol.parse(bytes, 0, bytes.length);
    } catch (error) {
      this.error = error as Error;
    }
    this.#look();
  }

  /** Nothing more will come. */
  over(): void {
    this.#isOver = true;
    this.#look();
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  get handshakes(): number {
    return this.#handshakes;
  }

  /** Version strings and key exchange. */
  async handshake(): Promise<void> {
    this.protocol.start();
    await this.until(() => this.#handshakes > 0);
  }

  async login(user = "sallyport"): Promise<void> {
    await this.handshake();
    await this.send(packet(Message.serviceRequest, string("ssh-userauth")));
    await this.send(packet(Message.authRequest, string(user), string("ssh-connection"), string("none")));
    await this.has(Message.authSuccess);
  }

  /** Sends payloads, encrypted; waits where the tunnel is full. */
  async send(...payloads: Buffer[]): Promise<void> {
    for (const payload of payloads) {
      if (this.#isOver) return;
      const { write } = this.protocol._packetRW;
      const bytes = write.alloc(payload.length);
      bytes.set(payload, write.allocStart);
      sendPacket(this.protocol, write.finalize(bytes));
      await this.#sending;
    }
  }

  /** Sends payloads, encrypted, as one chunk of at most 1 MiB. */
  async sendTogether(...payloads: Buffer[]): Promise<void> {
    const chunks: Uint8Array[] = [];
    this.#gathered = chunks;
    try {
      await this.send(...payloads);
    } finally {
      this.#gathered = undefined;
    }
    await this.sendBytes(Buffer.concat(chunks));
  }

  /** Sends bytes as they are, past the encryption. */
  async sendBytes(bytes: Uint8Array): Promise<void> {
    if (!this.#isOver) await this.#send(bytes);
  }

  /** Waits until so many payloads of this type have come, or it is over; answers the last of them. */
  async has(type: number, count = 1): Promise<Buffer | undefined> {
    await this.until(() => this.of(type).length >= count);
    return this.of(type)[count - 1];
  }

  of(type: number): Buffer[] {
    return this.payloads.filter(([first]) => first === type);
  }

  /** The replies to requests on channels, in order: `+` and `-`. */
  get replies(): string {
    return this.payloads
      .map(([first]) => (first === Message.success ? "+" : first === Message.failure ? "-" : ""))
      .join("");
  }

  /** Opens a session; answers the connector's number of it. */
  async open(channel = 0, window = 2 ** 21, most = 32_768): Promise<number> {
    const already = this.of(Message.openConfirmation).length;
    await this.send(openSession(channel, window, most));
    const confirmed = await this.has(Message.openConfirmation, already + 1);
    return confirmed?.readUInt32BE(5) ?? -1;
  }

  /** What came on a channel: of standard output, or of standard error. */
  output(channel = 0, type: number = Message.data): Buffer {
    const skip = type === Message.data ? 9 : 13;
    return Buffer.concat(
      this.of(type)
        .filter((payload) => payload.readUInt32BE(1) === channel)
        .map((payload) => payload.subarray(skip)),
    );
  }

  /** The exit status that came on a channel. */
  status(channel = 0): number | undefined {
    const found = this.of(Message.request).find(
      (payload) =>
        payload.readUInt32BE(1) === channel && payload.subarray(9, 20).toString() === "exit-status",
    );
    return found?.readUInt32BE(found.length - 4);
  }

  /** Waits until the channel is closed by the other side. */
  async closed(channel = 0): Promise<void> {
    await this.until(() => this.of(Message.close).some((payload) => payload.readUInt32BE(1) === channel));
  }

  /** Waits until this holds, or nothing more will come. */
  async until(what: () => boolean): Promise<void> {
    while (!what() && !this.#isOver && this.error === undefined) {
      await new Promise<void>((resolve) => {
        const look = () => {
          this.#looks.delete(look);
          resolve();
        };
        this.#looks.add(look);
      });
    }
  }

  #look(): void {
    for (const look of [...this.#looks]) look();
  }
}
