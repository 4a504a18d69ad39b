import { encodeReset } from "../../../protocol/exchange-payload.ts";
import { encodeAck, FrameFlag, FrameType, MAX_PAYLOAD } from "../../../protocol/frame.ts";
import { MAX_STREAMS } from "../../../protocol/http/head.ts";
import { GOOD_HEAD, VIOLATING_HEADS } from "./heads.ts";
import type { RawTunnel } from "./rig.ts";

const { data, end, event, reset } = FrameType;
const UPLOAD = { ...GOOD_HEAD, method: "POST", target: "/in", body: true };
const byte = Buffer.of(97);

/** What a hostile agent's side does, by which its session ends: nobody else's. */
export const VIOLATIONS: [name: string, act: (tunnel: RawTunnel) => void][] = [
  ...VIOLATING_HEADS.map(([name, payload]): [string, (tunnel: RawTunnel) => void] => [
    `a head: ${name}`,
    (tunnel) => tunnel.head(1, payload),
  ]),
  ["bytes before a head", (tunnel) => tunnel.frame(data, 0, 1, byte)],
  ["an end before a head", (tunnel) => tunnel.frame(end, 0, 1)],
  ["a stream that begins with its reset", (tunnel) => tunnel.socket.send(encodeReset(1, "closed", ""))],
  ["bytes on stream 0", (tunnel) => tunnel.frame(data, 0, 0, byte)],
  ["a head on stream 0", (tunnel) => tunnel.head(0, GOOD_HEAD)],
  ["the second stream first", (tunnel) => tunnel.head(2, GOOD_HEAD)],
  ["the greatest number", (tunnel) => tunnel.head(0xffffffff, GOOD_HEAD)],
  [
    "a stream again",
    (tunnel) => {
      tunnel.head(1, GOOD_HEAD);
      tunnel.head(2, GOOD_HEAD);
      tunnel.socket.send(encodeReset(1, "closed", ""));
      tunnel.head(1, GOOD_HEAD);
    },
  ],
  [
    "two heads",
    (tunnel) => {
      tunnel.head(1, UPLOAD);
      tunnel.head(1, UPLOAD);
    },
  ],
  [
    "a head after bytes",
    (tunnel) => {
      tunnel.head(1, UPLOAD);
      tunnel.frame(data, 0, 1, byte);
      tunnel.head(1, UPLOAD);
    },
  ],
  [
    "bytes after the end",
    (tunnel) => {
      tunnel.head(1, GOOD_HEAD);
      tunnel.frame(end, 0, 1);
      tunnel.frame(data, 0, 1, byte);
    },
  ],
  [
    "two ends",
    (tunnel) => {
      tunnel.head(1, UPLOAD);
      tunnel.frame(end, 0, 1);
      tunnel.frame(end, 0, 1);
    },
  ],
  [
    "trailers that are no JSON",
    (tunnel) => {
      tunnel.head(1, UPLOAD);
      tunnel.frame(end, FrameFlag.head, 1, byte);
    },
  ],
  [
    "a reset that is no JSON",
    (tunnel) => {
      tunnel.head(1, UPLOAD);
      tunnel.frame(reset, 0, 1, byte);
    },
  ],
  [
    "an event of the connector's",
    (tunnel) => tunnel.frame(event, 0, 0, Buffer.from('{"event":"exchange_sent"}')),
  ],
  ["a frame of an unknown type", (tunnel) => tunnel.socket.send(Buffer.from([9, 0, 0, 0, 0, 1]))],
  ["flags that are not known", (tunnel) => tunnel.socket.send(Buffer.from([1, 255, 0, 0, 0, 1]))],
  ["the edge's own flag", (tunnel) => tunnel.socket.send(Buffer.from([2, 2, 0, 0, 0, 1]))],
  ["half a header", (tunnel) => tunnel.socket.send(Buffer.from([1, 0]))],
  ["a frame that is too long", (tunnel) => tunnel.socket.send(Buffer.alloc(6 + MAX_PAYLOAD + 1, 1))],
  [
    "an acknowledgement of a stream that is not there",
    (tunnel) => tunnel.socket.send(encodeAck(7, { frames: 0, bytes: 0 })),
  ],
  [
    "an acknowledgement of more bytes than were sent",
    (tunnel) => {
      tunnel.head(1, UPLOAD);
      tunnel.socket.send(encodeAck(1, { frames: 0, bytes: 1_000_000 }));
    },
  ],
  ["an acknowledgement cut short", (tunnel) => tunnel.socket.send(Buffer.from([4, 0, 0, 0, 0, 1, 0]))],
  [
    "too many streams at once",
    (tunnel) => {
      for (let number = 1; number <= MAX_STREAMS + 1; number++) tunnel.head(number, UPLOAD);
    },
  ],
  [
    "bytes far beyond the window",
    (tunnel) => {
      tunnel.head(1, { ...GOOD_HEAD, method: "PUT", body: true, target: "/stuck" });
      for (let sent = 0; sent < 40; sent++) tunnel.frame(data, 0, 1, Buffer.alloc(MAX_PAYLOAD));
    },
  ],
  ["a message that is no JSON", (tunnel) => tunnel.socket.send("{")],
  ["a message of an unknown type", (tunnel) => tunnel.socket.send('{"type":"policy","text":""}')],
];
