import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { HttpRequest } from "../../protocol/http/request.ts";
import { requestInfo } from "../../protocol/kubernetes/reading-request-info.ts";
import { TestTimers } from "../guard/testing.ts";
import { DEFAULT_DETECTORS } from "../mask/detectors/modes.ts";
import { type MessageMaskOptions, messageMask } from "./message-masks.ts";
import type { Passage } from "./response-relay.ts";

const REQUEST: HttpRequest = {
  type: "http",
  method: "GET",
  target: "/chat",
  contentType: null,
  body: null,
  streamed: false,
  fields: [],
  websocket: true,
  kubernetes: null,
};
/** Masks everything. */
const STARS: Passage = {
  write: (chunk) => [Buffer.alloc(chunk.length, "*")],
  end: () => [],
  stop() {},
};

function rig(options: Partial<MessageMaskOptions> = {}) {
  const opened: string[] = [];
  const sent: string[] = [];
  const mask = messageMask({
    request: REQUEST,
    subprotocol: null,
    detectors: DEFAULT_DETECTORS,
    timers: new TestTimers(),
    found() {},
    open: (type) => {
      opened.push(type);
      return type === "application/json" ? STARS : "unreadable";
    },
    isOff: false,
    mayPass: () => false,
    ...options,
  });
  const message = (data: string | Buffer, isText = true) =>
    mask.message(Buffer.from(data), isText, (bytes, text) =>
      sent.push(`${text ? "text" : "binary"} ${bytes}`),
    );
  return { mask, message, opened, sent };
}

describe("messages of a WebSocket, with labels in force", () => {
  test("are masked as JSON whatever they begin with", () => {
    const { message, sent, opened } = rig();
    for (const text of ['{"a":1}', '"a value"', "17", `${" ".repeat(100)}{"a":1}`]) message(text);
    assert.deepEqual(new Set(opened), new Set(["application/json"]));
    assert.ok(sent.every((one) => /^text \*+$/.test(one)));
  });

  test("that are no JSON, or binary, pass only where a policy permits what can't be looked into", () => {
    const { message, sent } = rig();
    assert.throws(() => message("plain words"), /nobody can look/);
    assert.throws(() => message(Buffer.from([1, 2]), false), /nobody can look/);
    assert.deepEqual(sent, []);
    const permitted = rig({ mayPass: () => true });
    permitted.message("plain words");
    permitted.message("ab", false);
    assert.deepEqual(permitted.sent, ["text plain words", "binary ab"]);
  });
});

describe("messages of a Kubernetes target's WebSocket", () => {
  const of = (target: string) => ({ ...REQUEST, target, kubernetes: requestInfo("GET", target) });
  const POD = "/api/v1/namespaces/a/pods/web";
  const LINE = Buffer.from("Z2hwX2ExQjI=");

  test("in Base64, as logs and channels may be asked for, count as such that can't be looked into", () => {
    for (const [path, subprotocol] of [
      ["log", "base64.binary.k8s.io"],
      ["exec", "base64.channel.k8s.io"],
      ["attach", "v4.base64.channel.k8s.io"],
    ]) {
      const { message, sent } = rig({
        request: of(`${POD}/${path}`),
        subprotocol: subprotocol!,
        open: () => STARS,
      });
      assert.throws(() => message(LINE), /nobody can look/, subprotocol);
      assert.deepEqual(sent, []);
    }
  });

  test("have channels in exec and attach alone: a server may repeat the subprotocol of any other", () => {
    const open = rig({ request: of(`${POD}/proxy`), subprotocol: "v4.channel.k8s.io" });
    assert.throws(() => open.message(Buffer.from("\x03a secret"), false), /nobody can look/);
    const watch = rig({ request: of("/api/v1/secrets?watch=1"), subprotocol: "v4.channel.k8s.io" });
    assert.throws(() => watch.message(Buffer.from("k8s\0a secret"), false), /nobody can look/);
    const exec = rig({ request: of(`${POD}/exec`), subprotocol: "v4.channel.k8s.io" });
    exec.message(Buffer.from('\x03{"status":"Success"}'), false);
    assert.deepEqual(exec.sent, ['binary \x03{"status":"Success"}']);
  });
});

test("the reason of a Close frame is masked as a text, or left out where it can't be", () => {
  const reason = (open: MessageMaskOptions["open"]) =>
    String(rig({ open }).mask.reason(Buffer.from("a secret")));
  assert.equal(
    reason(() => STARS),
    "********",
  );
  assert.equal(
    reason(() => "untouched"),
    "a secret",
  );
  assert.equal(
    reason(() => "unreadable"),
    "",
  );
});

test("where nothing is looked for, messages pass as they are", () => {
  const { message, sent, opened } = rig({ isOff: true });
  message('{"a":1}');
  message("ab", false);
  assert.deepEqual(sent, ['text {"a":1}', "binary ab"]);
  assert.deepEqual(opened, []);
});
