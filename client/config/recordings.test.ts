import assert from "node:assert/strict";
import { test } from "node:test";
import type { SallyportError } from "../../protocol/errors.ts";
import { parseConfigFile } from "./file.ts";

const read = (text: string) => parseConfigFile(text, "sallyport.yaml").settings.recordings;
const ADA = "age1gs5csjjtsy7e7yzlalewq7v3zedukk5lx8hfusa7fwxqh5kpkvsqjnkrwz";
const SECRET = "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX";

test("recipients become settings; without them there are none", () => {
  assert.equal(read("{}"), undefined);
  assert.deepEqual(read("recordings: {}"), { recipients: [] });
  assert.deepEqual(read(`recordings: {recipients: [${ADA}]}`), { recipients: [ADA] });
});

test("a secret key is refused here, before anything is sent, and not quoted", () => {
  for (const secret of [
    SECRET,
    SECRET.toLowerCase(),
    SECRET.replace("KEY-1", "KEY-PQ-1"),
    "AGE-PLUGIN-YUBIKEY-1QQ",
  ])
    assert.throws(
      () => read(`recordings:\n  recipients:\n    - ${secret}\n`),
      (error: SallyportError) => {
        assert.equal(error.code, "invalid_config");
        assert.match(
          error.message,
          /sallyport\.yaml:3:7: recordings\.recipients\[0\] is a secret key, and nothing was sent/,
        );
        assert.ok(!`${error.message}${error.hint}`.includes(secret));
        return true;
      },
    );
});

test("what makes no sense is told with its place, and so is what the edge finds", () => {
  assert.throws(() => read("recordings: {recipients: a}"), /recordings\.recipients is not a list/);
  assert.throws(() => read("recordings: {recipients: [1]}"), /recordings\.recipients\[0\] is not a text/);
  assert.throws(() => read("recordings: {to: []}"), /recordings\.to is not known here/);
  const config = parseConfigFile(`recordings:\n  recipients:\n    - ${ADA}\n    - b\n`, "sallyport.yaml");
  assert.match(
    config.locate("settings.recordings.recipients[1] is not a recipient of age"),
    /^sallyport\.yaml:4:7: recordings\.recipients\[1\] is not a recipient/,
  );
});
