import assert from "node:assert/strict";
import { test } from "node:test";
import type { HttpRequest } from "../../protocol/http/request.ts";
import { requestInfo } from "../../protocol/kubernetes/reading-request-info.ts";
import { farewell } from "./farewell.ts";

function said(path: string, subprotocol = "v5.channel.k8s.io"): string {
  const target = `/api/v1/namespaces/default/pods/web/${path}`;
  const request: HttpRequest = {
    type: "http",
    method: "GET",
    target,
    contentType: null,
    body: null,
    streamed: false,
    fields: [],
    websocket: true,
    kubernetes: requestInfo("GET", target),
  };
  return farewell(request, subprotocol)
    .map((message) => message.toString("hex"))
    .join(" ");
}

test("what an exec has started is interrupted at a terminal, or has its input ended; nothing else is touched", () => {
  assert.equal(said("exec?command=sh&stdin=true&tty=true"), "0003 0004");
  assert.equal(said("exec?command=sh&stdin=true"), "ff00");
  assert.equal(said("exec?command=sh&stdin=true", "v4.channel.k8s.io"), "");
  assert.equal(said("exec?command=sh&tty=true"), "");
  assert.equal(said("attach?stdin=true&tty=true"), "");
});
