import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { seedOf } from "../seeded.ts";
import { agentFields, agentSubprotocols, fieldValue, targetFields, trailerFields } from "./fields.ts";

type Line = [string, string];

const names = (lines: readonly (readonly [string, string])[]) => lines.map(([name]) => name);

describe("an agent's fields", () => {
  const off: [what: string, lines: Line[]][] = [
    [
      "of one connection",
      [
        ["Connection", "keep-alive"],
        ["Keep-Alive", "timeout=5"],
        ["Proxy-Connection", "close"],
      ],
    ],
    [
      "of framing",
      [
        ["Transfer-Encoding", "chunked"],
        ["transfer_encoding", "chunked"],
        ["TRANSFER-ENCODING", "identity, chunked"],
      ],
    ],
    [
      "of another protocol",
      [
        ["Upgrade", "h2c"],
        ["HTTP2-Settings", "AAMAAABkAAQAAP__"],
        ["upgrade", "websocket"],
      ],
    ],
    [
      "of a WebSocket's handshake",
      [
        ["Sec-WebSocket-Key", "x"],
        ["Sec-WebSocket-Version", "13"],
        ["Sec-WebSocket-Extensions", "permessage-deflate"],
        ["Sec-WebSocket-Protocol", "base64url.bearer.authorization.k8s.io.dG9r"],
      ],
    ],
    [
      "that prove who it is",
      [
        ["Authorization", "Bearer x"],
        ["AUTHORIZATION", "Basic x"],
        ["Proxy-Authorization", "x"],
        ["Cookie", "a=b"],
        ["Cookie2", "$Version=1"],
      ],
    ],
    [
      "that prove it, spelled with an underscore",
      [
        ["proxy_authorization", "x"],
        ["Proxy_Authorization", "x"],
        ["x_remote_user", "root"],
      ],
    ],
    [
      "as whom Kubernetes is to act",
      [
        ["Impersonate-User", "root"],
        ["impersonate-group", "system:masters"],
        ["Impersonate-Uid", "0"],
        ["Impersonate-Extra-Scopes", "all"],
        ["Impersonate_User", "root"],
        ["IMPERSONATE-EXTRA-acme.com%2Fproject", "x"],
      ],
    ],
    [
      "by which a front proxy tells who asks",
      [
        ["X-Remote-User", "root"],
        ["X-Remote-Group", "system:masters"],
        ["X-Remote-Extra-Scopes", "x"],
      ],
    ],
    [
      "of a client's certificate",
      [
        ["X-Client-Cert", "x"],
        ["SSL-Client-Cert", "x"],
        ["X-SSL-Client-Cert", "x"],
      ],
    ],
    [
      "that sign for AWS",
      [
        ["X-Amz-Security-Token", "x"],
        ["X-Amz-Date", "20260101T000000Z"],
      ],
    ],
    [
      "of the route",
      [
        ["Host", "evil"],
        ["Forwarded", "host=evil"],
        ["X-Forwarded-Host", "evil"],
        ["X_Forwarded_For", "127.0.0.1"],
        ["X-Forwarded-User", "root"],
        ["X-Real-IP", "127.0.0.1"],
        ["True-Client-IP", "127.0.0.1"],
        ["CF-Connecting-IP", "127.0.0.1"],
        ["Cf-Access-Jwt-Assertion", "x"],
        ["CDN-Loop", "x"],
        ["Max-Forwards", "0"],
      ],
    ],
    ["that wait for leave", [["Expect", "100-continue"]]],
    [
      "of Sallyport's own",
      [
        ["Sallyport-Ticket", "x"],
        ["sallyport_upgrade", "spdy/3.1"],
        ["Sallyport-Upgrade", "SPDY/3.1"],
      ],
    ],
  ];
  for (const [what, lines] of off) {
    test(`lose those ${what}`, () => {
      assert.deepEqual(agentFields([...lines, ["X-Kept", "1"]]), [["x-kept", "1"]]);
    });
  }

  test("lose what Connection nominates", () => {
    const lines: Line[] = [
      ["Connection", "close, X-Secret ,, x_other"],
      ["X-Secret", "1"],
      ["X-Other", "1"],
      ["X-Kept", "1"],
    ];
    assert.deepEqual(names(agentFields(lines)), ["x-kept"]);
  });

  test("keep what they can't do without, though Connection nominates it", () => {
    const kept = [
      "content-length",
      "content-type",
      "content-encoding",
      "range",
      "if-match",
      "accept",
      "cache-control",
    ];
    const lines: Line[] = kept.map((name) => [name, "1"]);
    for (const name of kept)
      assert.deepEqual(names(agentFields([["Connection", name.toUpperCase()], ...lines])), kept);
    assert.deepEqual(names(agentFields([["connection", kept.join(",")], ...lines])), kept);
    assert.deepEqual(names(agentFields([["connection", "content_length"], ...lines])), kept);
  });

  test("keep TE for trailers alone", () => {
    assert.deepEqual(
      agentFields([
        ["TE", "gzip;q=0.5, Trailers"],
        ["Connection", "TE"],
      ]),
      [["te", "trailers"]],
    );
    assert.deepEqual(agentFields([["TE", "gzip"]]), []);
    assert.deepEqual(agentFields([["TE", "trailers2"]]), []);
  });

  test("stay in order, lower case, without blanks at their ends", () => {
    assert.deepEqual(
      agentFields([
        ["X-B", " 2\t"],
        ["x-a", "1"],
        ["X-B", "\t3 4 "],
        ["X-E", "  "],
      ]),
      [
        ["x-b", "2"],
        ["x-a", "1"],
        ["x-b", "3 4"],
        ["x-e", ""],
      ],
    );
  });

  test("twice are as once, and hold nothing of those names", (t) => {
    const seed = seedOf(t);
    const name = fc.constantFrom(
      ...[
        "Connection",
        "TE",
        "te",
        "Host",
        "x-a",
        "X_A",
        "authorization",
        "Content-Length",
        "content_length",
        "cookie",
        "Impersonate-User",
        "upgrade",
        "sallyport-x",
      ],
    );
    const value = fc.constantFrom("x-a", "trailers", "te", "close, content-length", "5", "", "connection");
    fc.assert(
      fc.property(fc.array(fc.tuple(name, value), { maxLength: 8 }), (lines) => {
        const once = agentFields(lines);
        assert.deepEqual(agentFields(once), once);
        for (const [kept, told] of once) {
          assert.ok(["te", "x-a", "x_a", "content-length", "content_length"].includes(kept), kept);
          if (kept === "te") assert.equal(told, "trailers");
        }
      }),
      { seed, numRuns: 2000 },
    );
  });
});

test("subprotocols of a WebSocket come without those that are a credential", () => {
  const value =
    "v5.channel.k8s.io, base64url.bearer.authorization.k8s.io.dG9rZW4,Base64URL.bearer.authorization.k8s.io.x , ,v4.channel.k8s.io";
  assert.deepEqual(agentSubprotocols(value), ["v5.channel.k8s.io", "v4.channel.k8s.io"]);
  assert.deepEqual(agentSubprotocols(null), []);
});

test("a response loses what a target may not tell an agent", () => {
  const lines: Line[] = [
    ...(
      [
        "Set-Cookie",
        "Set-Cookie2",
        "set_cookie",
        "Connection",
        "Transfer-Encoding",
        "Keep-Alive",
        "Upgrade",
      ] as const
    ).map((name): Line => [name, "x"]),
    ...(
      [
        "WWW-Authenticate",
        "Proxy-Authenticate",
        "Authentication-Info",
        "Alt-Svc",
        "Strict-Transport-Security",
      ] as const
    ).map((name): Line => [name, "x"]),
    ...(["Clear-Site-Data", "NEL", "Report-To", "Service-Worker-Allowed", "Public-Key-Pins"] as const).map(
      (name): Line => [name, "x"],
    ),
    ...(
      ["CF-Ray", "Sallyport-Approval", "X-Accel-Redirect", "X-Sendfile", "Sec-WebSocket-Accept"] as const
    ).map((name): Line => [name, "x"]),
    ["Content-Type", "text/html"],
    ["Location", "/a"],
    ["X-Accel-Buffering", "no"],
    ["ETag", '"1"'],
  ];
  assert.deepEqual(names(targetFields(lines)), ["content-type", "location", "x-accel-buffering", "etag"]);
});

test("trailers lose what would change how the message is taken", () => {
  const forbidden = [
    "Content-Length",
    "Transfer-Encoding",
    "Host",
    "Authorization",
    "Set-Cookie",
    "Content-Type",
    "Content-Encoding",
    "Cache-Control",
    "TE",
    "Trailer",
    "If-Match",
    "Range",
    "X-HTTP-Method-Override",
    "content_length",
    "Vary",
    "Location",
    "Impersonate-User",
  ];
  const lines = forbidden.map((name): Line => [name, "trailers"]);
  assert.deepEqual(trailerFields([...lines, ["Grpc-Status", "0"], ["Server-Timing", "a"]]), [
    ["grpc-status", "0"],
    ["server-timing", "a"],
  ]);
});

test("the value of a field is that of its only line", () => {
  assert.equal(
    fieldValue(
      [
        ["a", "1"],
        ["b", "2"],
      ],
      "b",
    ),
    "2",
  );
  assert.equal(
    fieldValue(
      [
        ["a", "1"],
        ["a", "2"],
      ],
      "a",
    ),
    null,
  );
  assert.equal(fieldValue([], "a"), null);
});
