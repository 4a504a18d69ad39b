import { SallyportError } from "../../protocol/errors.ts";
import type { HttpRequest } from "../../protocol/http/request.ts";
import { CHANNEL_PROTOCOLS } from "../../protocol/kubernetes/channels.ts";
import type { Timers } from "../guard/timers.ts";
import { ChannelMask } from "../kubernetes/mask/channel-mask.ts";
import type { DetectorName, Detectors } from "../mask/detectors/modes.ts";
import type { Count } from "../mask/detectors/scanner.ts";
import type { Passage } from "./response-relay.ts";
import type { MessageMask } from "./websocket-relay.ts";

export interface MessageMaskOptions {
  request: HttpRequest;
  subprotocol: string | null;
  detectors: Detectors;
  timers: Timers;
  found(counts: Partial<Record<DetectorName, Count>> | null): void;
  /** What masks a text of this content type, or that it isn't looked for anything, or can't be looked into. */
  open(type: string): Passage | "untouched" | "unreadable";
  /** Nothing is looked for. */
  isOff: boolean;
  /** Whether messages that can't be looked into may pass. */
  mayPass(): boolean;
}

/** How a WebSocket's messages are masked: as its subprotocol has them, else each as a text of its own. */
export function messageMask(options: MessageMaskOptions): MessageMask {
  const { request, subprotocol } = options;
  if (subprotocol !== null && CHANNEL_PROTOCOLS.includes(subprotocol) && isRemoteCommand(request)) {
    return channelMask(options);
  }
  // Into what port-forward carries nobody looks; that it may be opened at all the policies have said.
  if (options.isOff || request.kubernetes?.subresource === "portforward") {
    return { message: (data, isText, out) => out(data, isText), reason: (text) => text, end() {}, stop() {} };
  }
  return textMask(options);
}

/** Of another resource's WebSocket the subprotocol says nothing: an API server may repeat whichever it was asked for. */
function isRemoteCommand({ kubernetes }: HttpRequest): boolean {
  return kubernetes?.subresource === "exec" || kubernetes?.subresource === "attach";
}

/** Those of Kubernetes by which logs and channels come in Base64 (`wsstream` in k8s.io/apimachinery). */
const BASE64 = /^(?:v\d+\.)?base64\./i;

/** What the reason of a Close frame is to the agent. */
function reasonMask(open: MessageMaskOptions["open"]): MessageMask["reason"] {
  return (text) => {
    if (text.length === 0) return text;
    const passage = open(isJson(text) ? "application/json" : "text/plain");
    if (passage === "untouched") return text;
    return passage === "unreadable" ? Buffer.alloc(0) : through(passage, text);
  };
}

function through(passage: Passage, data: Buffer): Buffer {
  try {
    return Buffer.concat([...passage.write(data), ...passage.end()]);
  } finally {
    passage.stop();
  }
}

function channelMask({ request, detectors, timers, found, open }: MessageMaskOptions): MessageMask {
  const terminal = new URL(request.target, "http://target").searchParams.get("tty");
  let send: (data: Buffer, isText: boolean) => void = () => {};
  const mask = new ChannelMask({
    detectors,
    terminal: terminal === "true" || terminal === "1",
    timers,
    out: (message) => send(message, false),
  });
  const tell = () => {
    for (const counts of mask.take()) found(counts);
  };
  return {
    message(data, isText, out) {
      send = out;
      mask.push(data, isText);
      tell();
    },
    reason: reasonMask(open),
    end() {
      mask.end();
      tell();
    },
    stop: () => mask.stop(),
  };
}

function textMask({ subprotocol, open, mayPass }: MessageMaskOptions): MessageMask {
  const isCoded = subprotocol !== null && BASE64.test(subprotocol);
  const unreadable = () => {
    if (mayPass()) return;
    throw new SallyportError(
      "forbidden",
      "the target sent a message into which nobody can look",
      "A policy can permit it: the action http:unreadable, where context.websocket.",
    );
  };
  return {
    message(data, isText, out) {
      const passage =
        isText && !isCoded ? open(isJson(data) ? "application/json" : "text/plain") : "unreadable";
      if (passage === "unreadable") unreadable();
      if (typeof passage === "string") {
        out(data, isText);
        return;
      }
      out(through(passage, data), true);
    },
    reason: reasonMask(open),
    end() {},
    stop() {},
  };
}

function isJson(data: Buffer): boolean {
  try {
    JSON.parse(data.toString());
    return true;
  } catch {
    return false;
  }
}
