import assert from "node:assert/strict";
import { createHash, createHmac } from "node:crypto";
import { describe, test } from "node:test";
import fc from "fast-check";
import "../../protocol/seeded.ts";
import { assumeRole } from "./assume-role.ts";
import { WitnessCredentials } from "./credentials.ts";
import { failureOf } from "./failure.ts";
import {
  donePrefix,
  FIRST_WAIT_MS,
  LONGEST_HELP_WAIT_MS,
  LONGEST_WAIT_MS,
  nextStep,
  waitAfter,
} from "./plan.ts";
import { type WitnessSettings, witnessSettings } from "./settings.ts";
import { errorOf, START, WITNESS_ENV } from "./testing.ts";

const ARN = "arn:aws:iam::123456789012:role/sallyport-witness-writer";
const ENV = { ...WITNESS_ENV, WITNESS_ROLE_ARN: ARN };
const MEANS = { now: START, limitMs: 1_000 };

function settings(): WitnessSettings {
  const read = witnessSettings(ENV);
  assert.ok(read !== null && "table" in read);
  return read;
}

const answer = (expires: number, secret = "c2VjcmV0/+=") => `<AssumeRoleResponse
 xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>
 <AccessKeyId>ASIAIOSFODNN7EXAMPLE</AccessKeyId><SecretAccessKey>${secret}</SecretAccessKey>
 <SessionToken>AQoDYXdzEPT//////////wEXAMPLE==</SessionToken>
 <Expiration>${new Date(expires).toISOString()}</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`;

describe("the settings of a witness", () => {
  test("are off without a table and a region, and usable when whole", () => {
    assert.equal(witnessSettings({ AWS_ACCESS_KEY_ID: "AKIA" }), null);
    const { role, endpoint, keys } = settings();
    assert.deepEqual(
      [role, endpoint, keys.sessionToken],
      [{ arn: ARN, stsEndpoint: "https://sts.eu-central-1.amazonaws.com" }, null, null],
    );
  });

  test("name what can't be used, and never what it holds", () => {
    const wrong: [
      keyof typeof ENV | "WITNESS_ENDPOINT" | "WITNESS_STS_ENDPOINT" | "AWS_SESSION_TOKEN",
      string,
    ][] = [
      ["WITNESS_TABLE", "a b"],
      ["WITNESS_REGION", "x.evil.example"],
      ["WITNESS_ENDPOINT", "http://dynamodb.example.com"],
      ["WITNESS_STS_ENDPOINT", "https://user:pass@sts.example.com"],
      ["AWS_ACCESS_KEY_ID", "AKIA\r\nhost: evil"],
      ["AWS_SECRET_ACCESS_KEY", ""],
      ["AWS_SECRET_ACCESS_KEY", "secret with space"],
      ["AWS_SESSION_TOKEN", "token\n"],
      ["WITNESS_ROLE_ARN", "arn:aws:iam::123456789012:user/me"],
    ];
    for (const [name, value] of wrong) {
      const read = witnessSettings({ ...ENV, [name]: value });
      assert.ok(read !== null && "problem" in read, name);
      assert.ok(read.problem.includes(name), read.problem);
      assert.ok(value === "" || !read.problem.includes(value));
    }
  });
});

describe("assuming the role", () => {
  test("asks STS with a signature of AWS, version 4, and takes the role's keys", async () => {
    let asked: { url: string; init: RequestInit } | undefined;
    const made = await assumeRole(settings().role!, "eu-central-1", settings().keys, {
      ...MEANS,
      fetcher: async (url, init) => {
        asked = { url, init };
        return new Response(answer(START + 3_600_000));
      },
    });
    assert.deepEqual(made, {
      accessKeyId: "ASIAIOSFODNN7EXAMPLE",
      secretAccessKey: "c2VjcmV0/+=",
      sessionToken: "AQoDYXdzEPT//////////wEXAMPLE==",
      expires: START + 3_600_000,
    });
    assert.equal(asked!.url, "https://sts.eu-central-1.amazonaws.com/");
    const { authorization, ...rest } = asked!.init.headers as Record<string, string>;
    assert.equal(authorization, signature(rest, String(asked!.init.body), settings()));
    assert.ok(!JSON.stringify([asked!.url, asked!.init]).includes(settings().keys.secretAccessKey));
  });

  test("takes nothing that is no answer of STS, and tells nothing of it", async () => {
    const answers: [status: number, body: string, name: string][] = [
      [
        403,
        "<ErrorResponse><Error><Code>AccessDenied</Code><Message>AKIA…</Message></Error></ErrorResponse>",
        "AccessDenied",
      ],
      [400, "<Code>not a code AKIA</Code>", "StsError"],
      [200, "<html>a captive portal</html>", "StsError"],
      [200, answer(START - 1), "StsError"],
      [200, answer(START + 1, "with space"), "StsError"],
      [200, "", "StsError"],
    ];
    for (const [status, body, name] of answers) {
      const asking = assumeRole(settings().role!, "eu-central-1", settings().keys, {
        ...MEANS,
        fetcher: async () => new Response(body, { status }),
      });
      await assert.rejects(asking, (error: Error) => {
        assert.equal(error.name, name);
        assert.ok(!error.message.includes("AKIA"));
        return true;
      });
    }
    const long = assumeRole(settings().role!, "eu-central-1", settings().keys, {
      ...MEANS,
      fetcher: async () => new Response("x".repeat(17 * 1024)),
    });
    await assert.rejects(long, { code: "invalid_request" });
  });

  test("is done once for many calls, again before the keys expire, and what is left is used while STS is down", async () => {
    let now = START;
    const answers: (string | null)[] = [];
    let asked = 0;
    const credentials = new WitnessCredentials(settings(), {
      clock: () => now,
      limitMs: 1_000,
      fetcher: async () => {
        asked++;
        const next = answers.shift() ?? null;
        if (next === null) throw new TypeError("the network is down");
        return new Response(next);
      },
    });
    answers.push(answer(START + 3_600_000));
    const [one, same] = await Promise.all([credentials.current(), credentials.current()]);
    assert.deepEqual([one === same, asked], [true, 1]);
    now = START + 3_600_000 - 300_001;
    assert.equal(await credentials.current(), one);
    now += 1;
    assert.equal(await credentials.current(), one, "STS is down, but the keys last for five minutes");
    answers.push(answer(START + 7_200_000));
    const next = await credentials.current();
    assert.notEqual(next, one);
    credentials.forget();
    await assert.rejects(credentials.current(), TypeError);
  });
});

describe("errors of AWS", () => {
  test("say what they ask for, in words of ours", () => {
    const cases: [name: string, status: number | undefined, kind: string][] = [
      ["ConditionalCheckFailedException", 400, "exists"],
      ["ProvisionedThroughputExceededException", 400, "again"],
      ["ThrottlingException", 400, "again"],
      ["TimeoutError", undefined, "again"],
      ["AbortError", undefined, "again"],
      ["TypeError", undefined, "again"],
      ["ExpiredTokenException", 400, "again"],
      ["AccessDeniedException", 400, "help"],
      ["ValidationException", 400, "help"],
      ["ResourceNotFoundException", 400, "help"],
      ["UnrecognizedClientException", 400, "help"],
      ["Unheard", 403, "help"],
      ["Unheard", 503, "again"],
      ["constructor", 400, "again"],
    ];
    for (const [name, status, kind] of cases) {
      const failure = failureOf(errorOf({ name, ...(status !== undefined && { status }) }));
      assert.equal(failure.kind, kind, name);
      assert.ok(!failure.words.includes("AKIA"));
    }
    for (const odd of [null, undefined, 7, "text", {}, { name: 7 }])
      assert.equal(failureOf(odd).kind, "again");
  });
});

describe("the plan", () => {
  const progress = { cursor: 0, covered: 0, attempts: 0, due: 0, isStopped: false };

  test("is leaf by leaf, then the checkpoint, then rest; and nothing after a stop", () => {
    const at = (change: Partial<typeof progress>, size = 100) =>
      nextStep({ ...progress, ...change }, size, 5);
    assert.deepEqual(at({}), { do: "leaves", from: 0, count: 64 });
    assert.deepEqual(at({ cursor: 64 }), { do: "leaves", from: 64, count: 36 });
    assert.deepEqual(at({ cursor: 100 }), { do: "checkpoint" });
    assert.deepEqual(at({ cursor: 100, covered: 100 }), { do: "rest" });
    assert.deepEqual(at({ due: 6 }), { do: "wait", until: 6 });
    assert.deepEqual(at({ cursor: 101 }), { do: "stop" });
    assert.deepEqual(at({ isStopped: true }), { do: "rest" });
  });

  test("waits at random up to a bound that doubles, and never longer than the longest", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1e9 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (attempts, random) => {
          for (const [kind, longest] of [
            ["again", LONGEST_WAIT_MS],
            ["help", LONGEST_HELP_WAIT_MS],
          ] as const) {
            const wait = waitAfter({ kind }, attempts, random);
            assert.ok(wait >= 0 && wait <= Math.min(longest, FIRST_WAIT_MS * 2 ** (attempts - 1)));
          }
        },
      ),
    );
    assert.equal(waitAfter({ kind: "again" }, 3, 0.5), FIRST_WAIT_MS * 2);
  });

  test("passes no item that is not there", () => {
    const outcomes = [true, true, false, true].map((done) => ({ done }));
    assert.deepEqual([donePrefix(outcomes), donePrefix(outcomes.slice(0, 2)), donePrefix([])], [2, 2, 0]);
  });
});

/** Signature Version 4 of a request, made by hand from AWS's description. */
function signature(headers: Record<string, string>, body: string, { keys, region }: WitnessSettings): string {
  const sent: Record<string, string> = { ...headers, host: "sts.eu-central-1.amazonaws.com" };
  const names = Object.keys(sent).sort();
  const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
  const hmac = (key: string | Buffer, text: string) => createHmac("sha256", key).update(text).digest();
  const request = [
    "POST",
    "/",
    "",
    ...names.map((name) => `${name}:${sent[name]}`),
    "",
    names.join(";"),
    sha256(body),
  ];
  const time = sent["x-amz-date"]!;
  const scope = `${time.slice(0, 8)}/${region}/sts/aws4_request`;
  const text = ["AWS4-HMAC-SHA256", time, scope, sha256(request.join("\n"))].join("\n");
  const key = [time.slice(0, 8), region, "sts", "aws4_request"].reduce<string | Buffer>(
    (secret, part) => hmac(secret, part),
    `AWS4${keys.secretAccessKey}`,
  );
  const signed = hmac(key, text).toString("hex");
  return `AWS4-HMAC-SHA256 Credential=${keys.accessKeyId}/${scope}, SignedHeaders=${names.join(";")}, Signature=${signed}`;
}
