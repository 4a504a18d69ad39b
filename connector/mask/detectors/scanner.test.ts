import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Hint } from "./found.ts";
import {
  DEFAULT_DETECTORS,
  DETECTOR_NAMES,
  type DetectorMode,
  type DetectorName,
  type Detectors,
} from "./modes.ts";
import { Scanner, WINDOW } from "./scanner.ts";

const every = (mode: DetectorMode): Detectors =>
  Object.fromEntries(DETECTOR_NAMES.map((name) => [name, mode])) as Record<DetectorName, DetectorMode>;
const only = (name: DetectorName, mode: DetectorMode = "mask"): Detectors => ({
  ...every("off"),
  [name]: mode,
});

function scanned(text: string, modes: Detectors, hint: number = Hint.none) {
  const scanner = new Scanner(modes);
  const bytes = Buffer.from(text);
  scanner.scan(bytes, 0, bytes.length, hint);
  return { text: bytes.toString(), found: scanner.take() };
}

/** Each: a text in which what stands between « and » is masked, and nothing else. */
const HITS: Record<DetectorName, readonly string[]> = {
  email: [
    "«alice@example.com»",
    "to «alice.b+tag@mail.example.co.uk», soon",
    "<«alice@example.com»>.",
    '{"mail":"«alice\\u0040example.com»"}',
    '"{\\"mail\\":\\"«alice\\\\u0040example.com»\\"}"',
    "?to=«alice%40example.com»&x=1",
    "line\\n«alice@example.com»\\tnext",
    "联系 «jörg@exämple.de»。",
    "'«alice@example.com»'",
  ],
  card: [
    "«4111111111111111»",
    "card «4111 1111 1111 1111» 12/26 123",
    "123 «4111-1111-1111-1111»",
    "«3782-822463-10005»",
    "«378282246310005»",
    "«30569309025904»",
    "«5555555555554444», «2223003122003222»; «6011111111111117» «3530111333300000»",
    '{"card":"«4111111111111111»"}',
    "\\t«4111111111111111»\\n",
    "my visa «4222222222222»",
  ],
  iban: [
    "«GB82WEST12345698765432»",
    "«GB82 WEST 1234 5698 7654 32», please",
    "«DE89370400440532013000»",
    "«NO9386011117947»",
    "x:«FR1420041010050500013M02606».",
  ],
  ssn: [
    "my SSN is «123-45-6789»",
    '{"ssn":"«123-45-6789»"}',
    "social security number: «123 45 6789»",
    '"customerSsn": «123456789» ',
    "«123-45-6789» (SSN)",
  ],
  phone: [
    "«+49 30 123456-78»",
    "call «+14155552671»!",
    "«(415) 555-2671»",
    "«415-555-2671» or «415.555.2671»",
  ],
  "private-key": [
    `a «-----BEGIN RSA PRIVATE KEY-----${"MIIE+/ab".repeat(8)}-----END RSA PRIVATE KEY-----» b`,
    `{"k":"«-----BEGIN OPENSSH PRIVATE KEY-----\\n${"b3BlbnNz\\n".repeat(8)}-----END OPENSSH PRIVATE KEY-----»\\n"}`,
    `«-----BEGIN PRIVATE KEY-----${"MIIEvQIB".repeat(8)}»`,
  ],
  token: [
    "«AKIAIOSFODNN7EXAMPLE»",
    "aws_secret_access_key = «wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY»",
    `«ghp_${"a1B2".repeat(9)}» «github_pat_${"a1B2_".repeat(16)}»`,
    `"«xoxb-123456789012-abcDEF123456»"`,
    `«sk_live_${"4eC39HqL".repeat(3)}»`,
    `«AIza${"Sy-a1B2".repeat(5)}»`,
    `token=«glpat-${"x1Y2z".repeat(4)}».`,
    `//registry/:_authToken=«npm_${"a1B2".repeat(9)}»`,
    `AccountKey=«${"Ab1/".repeat(21)}Ab==»;EndpointSuffix`,
    `\\n«ghp_${"a1B2".repeat(9)}»`,
    `%20«ghp_${"a1B2".repeat(9)}»`,
  ],
  jwt: [
    "Bearer «eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c»",
    '{"t":"«eyJ0eXAiOiJKV1QiLCJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.»"}',
    "\\n«eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc»,",
  ],
  secret: [
    "password=«Tr0ub4dor_3x9»",
    '{"api_key": "«9f8Kd03jsLq81mX»"}',
    "PGPASSWORD: «s3cr3tP4ss!»",
    "postgres://admin:«hunter2»@db/orders",
    "Authorization: Bearer «9f8Kd03jsLq81mX»",
    '{\\"client_secret\\":\\"«9f8Kd03jsLq81mX»\\"}',
  ],
};

/** Texts in which the detector finds nothing. */
const MISSES: Record<DetectorName, readonly string[]> = {
  email: ["@", "a@b", "npm i @scope/name", "user@localhost", "a@1.2.3", "x @y.com", "foo@.com"],
  card: [
    "4111111111111112",
    "41111111111111111",
    "0.4111111111111111",
    "4111111111111111.25",
    "id4111111111111111",
    "4111 1111-1111 1111",
    "1111111111111117",
    "2026-01-01 2026-01-02 12:34:56.789",
    "a4111111111111111b",
  ],
  iban: [
    "GB82WEST12345698765431",
    "GB82WEST123456987654321",
    "XX82WEST12345698765432",
    "DE89",
    "AGB82WEST12345698765432",
  ],
  ssn: [
    "000-45-6789",
    "666-45-6789",
    "900-45-6789",
    "123-00-6789",
    "123-45-0000",
    "123456789",
    "123 45 6789",
    "1123-45-6789",
    "123-45-67890",
    "classname 123456789",
    "1-123-45-6789",
  ],
  phone: [
    "2026-01-01 00:00:00+0200",
    "a+14155552671",
    "+1 2",
    "115-555-2671",
    "1234567890",
    "+1234567890123456",
  ],
  "private-key": [
    "-----BEGIN CERTIFICATE-----MIIEowIBAAKCAQEA-----END CERTIFICATE-----",
    'the line "-----BEGIN PRIVATE KEY-----" begins one',
    "-----BEGIN RSA PUBLIC KEY-----MIIEowIBAAKCAQEA-----END RSA PUBLIC KEY-----",
  ],
  token: [
    "AKIAIOSFODNN7EXAMPL",
    "AKIAIOSFODNN7EXAMPLEX",
    "ghp_short",
    "xghp_".padEnd(50, "a"),
    "npm_config_registry",
    "dapimethod",
  ],
  jwt: ["eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0", "eyJ.eyJ.eyJ", "eyJhbGciOiJIUzI1NiJ9", "eyJmb28iOjF9.a.b"],
  secret: [
    "password: required",
    "the secret of success",
    "token=1",
    "https://example.com/a:b@c",
    "password=aaaaaaaaaaaa",
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "/usr/local/lib/python/site-packages/module",
  ],
};

describe("each detector", () => {
  for (const name of DETECTOR_NAMES) {
    test(`${name} masks what it finds and nothing beside it`, () => {
      for (const marked of HITS[name]) {
        const expected = marked.replace(/«(.*?)»/g, (_, value: string) =>
          "*".repeat(Buffer.byteLength(value)),
        );
        const { text, found } = scanned(marked.replace(/[«»]/g, ""), only(name));
        assert.equal(text, expected);
        assert.equal(found?.[name]?.masked, marked.split("«").length - 1);
      }
    });

    test(`${name} lets near misses be`, () => {
      for (const miss of MISSES[name]) {
        const { text, found } = scanned(miss, only(name));
        assert.equal(text, miss);
        assert.equal(found?.[name]?.masked, undefined, miss);
      }
    });

    test(`${name} counts what it may only report, once`, () => {
      for (const marked of HITS[name]) {
        const plain = marked.replace(/[«»]/g, "");
        const { text, found } = scanned(plain, only(name, "report"));
        assert.equal(text, plain);
        assert.deepEqual(found, { [name]: { masked: 0, reported: marked.split("«").length - 1 } }, plain);
      }
    });
  }

  test("what is off is not found", () => {
    for (const name of DETECTOR_NAMES) {
      for (const marked of HITS[name]) {
        const { found } = scanned(marked.replace(/[«»]/g, ""), { ...every("report"), [name]: "off" });
        assert.equal(found?.[name], undefined, marked);
      }
    }
  });
});

describe("what is not certain is reported even where it may be masked", () => {
  const cases: [DetectorName, string][] = [
    ["ssn", "123-45-6789"],
    ["card", "4222222222222"],
    ["card", "4000000000000000006"],
    ["secret", "Zk3jsLq81mXqPz7Rt5vYw2Bn8Dc4Fg6Hh0"],
  ];
  for (const [name, plain] of cases) {
    test(`${name} ${plain}`, () => {
      const { text, found } = scanned(plain, only(name));
      assert.equal(text, plain);
      assert.deepEqual(found, { [name]: { masked: 0, reported: 1 } });
    });
  }

  test("a column's name makes it certain", () => {
    assert.equal(scanned("123-45-6789", only("ssn"), Hint.ssn).text, "***********");
    assert.equal(scanned("123456789", only("ssn"), Hint.ssn).text, "*********");
    assert.equal(scanned("4222222222222", only("card"), Hint.card).text, "*************");
    assert.equal(scanned("hunter2!x9", only("secret"), Hint.secret).text, "**********");
  });
});

describe("what a mask leaves readable", () => {
  test("a number stays one where the column has numbers", () => {
    assert.equal(scanned("4111111111111111", DEFAULT_DETECTORS, Hint.number).text, "0000000000000000");
    assert.equal(scanned("4111111111111111.00", DEFAULT_DETECTORS, Hint.number).text, "0000000000000000.00");
    assert.equal(
      scanned("{4111111111111111,1}", DEFAULT_DETECTORS, Hint.number).text,
      "{0000000000000000,1}",
    );
  });

  test("a cell of unknown type that is nothing but a number stays one", () => {
    assert.equal(scanned("4111111111111111", DEFAULT_DETECTORS, Hint.cells).text, "0000000000000000");
    assert.equal(
      scanned("1\t4111111111111111\tx\n", DEFAULT_DETECTORS, Hint.cells).text,
      "1\t0000000000000000\tx\n",
    );
    assert.equal(scanned("no 4111111111111111", DEFAULT_DETECTORS, Hint.cells).text, "no ****************");
  });

  test("JSON stays JSON", () => {
    const { text } = scanned('{"a": 4111111111111111, "b": [4111111111111111]}', DEFAULT_DETECTORS);
    assert.deepEqual(JSON.parse(text), { a: 1111111111111111, b: [1111111111111111] });
  });

  test("lines stay lines", () => {
    const body = "MIIEowIBAAKCAQEA\n".repeat(4);
    const key = `-----BEGIN RSA PRIVATE KEY-----\n${body}-----END RSA PRIVATE KEY-----\n`;
    const { text } = scanned(key, DEFAULT_DETECTORS);
    assert.match(text, /^(\**\n){6}$/);
  });
});

test("bytes of a length in a binary value are no part of a text, whatever they look like", () => {
  // An array of text in binary: the second element's length is 0x34, the digit 4.
  const element = (text: string) => {
    const length = Buffer.alloc(4);
    length.writeInt32BE(text.length);
    return Buffer.concat([length, Buffer.from(text)]);
  };
  for (const length of [0x34, 0x134, 0x3434]) {
    const text = "111111111111111".padEnd(length, " x y");
    const bytes = Buffer.concat([element("4111111111111111"), element(text), element("4111111111111111")]);
    new Scanner(every("mask")).scan(bytes, 0, bytes.length, Hint.none);
    assert.deepEqual(bytes, Buffer.concat([element("*".repeat(16)), element(text), element("*".repeat(16))]));
  }
});

describe("hostile texts take linear time", () => {
  const texts: Record<string, string> = {
    ats: "@",
    "at signs and letters": "a@",
    dots: "a@a.",
    digits: "4",
    "digits and dashes": "4-",
    "groups of digits": "4111 ",
    jwt: "eyJ",
    "jwt parts": "eyJ.",
    "jwt headers": "eyJhbGciOiJIUzI1NiJ9.",
    "key lines": "-----BEGIN PRIVATE KEY-----",
    dashes: "-",
    tokens: "glpat-",
    "long tokens": "xoxb-abcdefghijklmnop",
    secrets: "token=",
    "names of secrets": "secret",
    addresses: "://a:",
    "local parts": "x.%40",
    ibans: "GB82",
    zeros: "\0",
    pluses: "+1",
    backslashes: "\\",
    Base64: "aB3/",
    ssn: "123-45-",
  };
  /** Work is told by the bytes that are read. */
  function reads(text: Buffer, mode: DetectorMode): number {
    let count = 0;
    const watched = new Proxy(text, {
      get(target, key) {
        if (key === "length" || key === "buffer" || key === "byteOffset") return Reflect.get(target, key);
        if (typeof key === "string" && key.charCodeAt(0) <= 0x39) {
          count += 1;
          return target[key as unknown as number];
        }
        const member: unknown = Reflect.get(target, key);
        if (typeof member !== "function") return member;
        return (...args: [number, number]) => {
          count += key === "subarray" ? args[1] - args[0] : target.length;
          return Reflect.apply(member, target, args);
        };
      },
      set(target, key, value: number) {
        target[key as unknown as number] = value;
        return true;
      },
    });
    new Scanner(every(mode)).scan(watched, 0, text.length, Hint.none);
    return count;
  }
  for (const [name, unit] of Object.entries(texts)) {
    test(name, () => {
      for (const mode of ["report", "mask"] as const) {
        const [less, more] = [4096, 4 * 4096].map((size) => reads(Buffer.alloc(size, unit), mode));
        assert.ok(more! < 5 * less!, `${less} reads, then ${more}`);
        assert.ok(more! / (4 * 4096) < 100, `${more! / (4 * 4096)} reads of each byte`);
      }
    });
  }
});

test("a value that lies across windows is found once", () => {
  for (const at of [WINDOW - 8200, WINDOW - 8190, WINDOW - 10, 24 * 1024 - 8, 24 * 1024]) {
    const text = `${"x ".repeat(at / 2)}4111111111111111${" y".repeat(20_000)}`;
    const { text: masked, found } = scanned(text, DEFAULT_DETECTORS);
    assert.equal(masked, text.replace("4111111111111111", "*".repeat(16)));
    assert.deepEqual(found, { card: { masked: 1, reported: 0 } });
    assert.deepEqual(scanned(text, only("card", "report")).found, { card: { masked: 0, reported: 1 } });
  }
});

test("a key that is longer than a window is masked to its end", () => {
  const key = `-----BEGIN PRIVATE KEY-----${"MIIEowIB".repeat(10_000)}-----END PRIVATE KEY-----`;
  const { text } = scanned(`a "${key}" b`, DEFAULT_DETECTORS);
  assert.equal(text, `a "${"*".repeat(key.length)}" b`);
});

test("a value that is longer than any that is known is masked to its end", () => {
  const random = (length: number) => "aB3xZ9kQ".repeat(length / 8);
  const header = Buffer.from(JSON.stringify({ alg: "RS256", x5c: ["A".repeat(9_000)] })).toString(
    "base64url",
  );
  const jwt = `${header}.${random(800)}.${random(344)}`;
  for (const [before, value, after] of [
    ["", `ghp_${random(2_000)}`, " x"],
    ["", `hvb.${random(600)}`, '"'],
    ["password=", random(1_000), " x"],
    ["postgres://app:", random(2_000), "@db/x"],
    [`postgres://${"u".repeat(200)}:`, random(80), "@db/x"],
    ["", jwt, " x"],
  ] as const) {
    const { text } = scanned(`${before}${value}${after}`, every("mask"));
    assert.equal(text, `${before}${"*".repeat(value.length)}${after}`, before || value.slice(0, 8));
  }
  const long = random(1_000);
  assert.equal(scanned(long, only("secret"), Hint.secret).text, "*".repeat(long.length));
});
