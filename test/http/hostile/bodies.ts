import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import { MAX_JUDGED_BODY } from "../../../protocol/http/request.ts";

const ADMIN = '{"role":"admin"}';
const BOM = Buffer.from([0xef, 0xbb, 0xbf]);
const JSON_TYPE = "application/json";
const FORM = "application/x-www-form-urlencoded";
const utf16be = (text: string) => Buffer.from(text, "utf16le").swap16();

/** Bodies of PUT, all of which say `role=admin` to some server, so that none may get there. */
export const BODIES: [name: string, headers: Record<string, string>, body: Buffer | string][] = [
  ["as it is", { "content-type": JSON_TYPE }, ADMIN],
  ["compressed by gzip", { "content-type": JSON_TYPE, "content-encoding": "gzip" }, gzipSync(ADMIN)],
  ["compressed by x-gzip", { "content-type": JSON_TYPE, "content-encoding": "X-GZIP" }, gzipSync(ADMIN)],
  ["compressed by deflate", { "content-type": JSON_TYPE, "content-encoding": "deflate" }, deflateSync(ADMIN)],
  [
    "compressed by brotli",
    { "content-type": JSON_TYPE, "content-encoding": "br" },
    brotliCompressSync(ADMIN),
  ],
  [
    "compressed twice",
    { "content-type": JSON_TYPE, "content-encoding": "gzip, gzip" },
    gzipSync(gzipSync(ADMIN)),
  ],
  [
    "compressed, and said to be not",
    { "content-type": JSON_TYPE, "content-encoding": "identity" },
    gzipSync(ADMIN),
  ],
  ["of an unknown coding", { "content-type": JSON_TYPE, "content-encoding": "zstd, x" }, ADMIN],
  ["a key twice, the last counts", { "content-type": JSON_TYPE }, '{"role":"user","role":"admin"}'],
  ["a key twice, the first counts", { "content-type": JSON_TYPE }, '{"role":"admin","role":"user"}'],
  ["a key in another case", { "content-type": JSON_TYPE }, '{"role":"user","Role":"admin"}'],
  ["a key twice, once escaped", { "content-type": JSON_TYPE }, '{"role":"user","r\\u006fle":"admin"}'],
  ["escapes in the value", { "content-type": JSON_TYPE }, '{"role":"\\u0061dmin"}'],
  ["a comment", { "content-type": JSON_TYPE }, '{/*x*/"role":"admin"}'],
  ["something after it", { "content-type": JSON_TYPE }, `{"role":"user"}${ADMIN}`],
  ["lines of JSON", { "content-type": "application/x-ndjson" }, `{"role":"user"}\n${ADMIN}`],
  ["a trailing comma", { "content-type": JSON_TYPE }, '{"role":"admin",}'],
  ["single quotes", { "content-type": JSON_TYPE }, "{'role':'admin'}"],
  ["a null character after it", { "content-type": JSON_TYPE }, `{"role":"user"}\0${ADMIN}`],
  ["a byte order mark", { "content-type": JSON_TYPE }, Buffer.concat([BOM, Buffer.from(ADMIN)])],
  ["UTF-16, little endian", { "content-type": JSON_TYPE }, Buffer.from(ADMIN, "utf16le")],
  ["UTF-16, big endian", { "content-type": `${JSON_TYPE}; charset=utf-16` }, utf16be(ADMIN)],
  [
    "UTF-16 with a mark",
    { "content-type": `${JSON_TYPE}; charset=UTF-16` },
    Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(ADMIN, "utf16le")]),
  ],
  [
    "UTF-32",
    { "content-type": JSON_TYPE },
    Buffer.from([...ADMIN].flatMap((one) => [0, 0, 0, one.charCodeAt(0)])),
  ],
  ["UTF-7", { "content-type": `${JSON_TYPE}; charset=utf-7` }, '{"+AHIAbwBsAGU-":"admin"}'],
  ["a charset twice", { "content-type": `${JSON_TYPE}; charset=utf-8; charset=utf-16` }, utf16be(ADMIN)],
  [
    "EBCDIC",
    { "content-type": `${JSON_TYPE}; charset=ibm037` },
    Buffer.from([0xc0, 0x7f, 0x99, 0x96, 0x93, 0x85, 0x7f]),
  ],
  ["an overlong form", { "content-type": JSON_TYPE }, Buffer.from('{"role":"\xc1\xa1dmin"}', "latin1")],
  ["deeply nested", { "content-type": JSON_TYPE }, `${'{"a":'.repeat(20_000)}1${"}".repeat(20_000)}`],
  [
    "very many members",
    { "content-type": JSON_TYPE },
    `{${Array.from({ length: 30_000 }, (_, index) => `"k${index}":1`).join()},"role":"admin"}`,
  ],
  ["text that is JSON", { "content-type": "text/plain" }, ADMIN],
  ["no content type", {}, ADMIN],
  ["an empty content type", { "content-type": "" }, ADMIN],
  ["an unknown content type", { "content-type": "application/x-unknown" }, ADMIN],
  ["two content types in one field", { "content-type": "text/plain, application/json" }, ADMIN],
  [
    "a content type with a comma within quotes",
    { "content-type": 'text/plain; a=", application/json' },
    ADMIN,
  ],
  [
    "a multipart form",
    { "content-type": "multipart/form-data; boundary=x" },
    '--x\r\ncontent-disposition: form-data; name="role"\r\n\r\nadmin\r\n--x--\r\n',
  ],
  [
    "a multipart form with two boundaries",
    { "content-type": "multipart/form-data; boundary=x; boundary=y" },
    '--y\r\ncontent-disposition: form-data; name="role"\r\n\r\nadmin\r\n--y--\r\n',
  ],
  ["a form", { "content-type": FORM }, "role=admin"],
  ["a form with an escaped name", { "content-type": FORM }, "r%6fle=admin"],
  ["a form with a semicolon", { "content-type": FORM }, "a=1;role=admin"],
  ["a form with the name twice", { "content-type": FORM }, "role=user&role=admin"],
  ["a form with a null", { "content-type": FORM }, "role=admin%00"],
  ["a form that is not UTF-8", { "content-type": FORM }, "a=%ff&role=admin"],
  ["a form that says another method", { "content-type": FORM }, "_method=DELETE"],
  ["XML", { "content-type": "application/xml" }, "<role>admin</role>"],
  ["YAML", { "content-type": "application/yaml" }, "role: admin"],
  ["MessagePack", { "content-type": "application/msgpack" }, Buffer.from("81a4726f6c65a561646d696e", "hex")],
  [
    "too long to be read",
    { "content-type": JSON_TYPE },
    `{"a":"${"x".repeat(MAX_JUDGED_BODY)}","role":"admin"}`,
  ],
];

/** Bodies that are what they seem. */
export const GOOD_BODIES: [type: string, body: string][] = [
  [JSON_TYPE, '{"role":"user","\\u0061":1}'],
  [FORM, "role=user&a=%c3%a9"],
  [`${JSON_TYPE}; charset=utf-8`, '{"role":"Admin"}'],
];
