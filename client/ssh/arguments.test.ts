import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { sshWords } from "./arguments.ts";

const NONE = { help: false, options: [], command: [] };

/** A command line, of words without spaces. */
function words(line: string) {
  return sshWords(line.split(" ").filter(Boolean));
}

describe("the words of `sallyport ssh`", () => {
  test("are none of another command's", () => {
    for (const line of ["", "connect ssh", "--version ssh", "proxy web", "--edge ssh", "run web -- ssh web"])
      assert.equal(words(line), undefined, line);
  });

  test("are a target, its account and a command", () => {
    assert.deepEqual(words("ssh web"), { ...NONE, target: "web" });
    assert.deepEqual(words("ssh deploy@web uptime -p"), {
      ...NONE,
      account: "deploy",
      target: "web",
      command: ["uptime", "-p"],
    });
    assert.deepEqual(words("ssh a@b@web")?.account, "a@b");
  });

  test("of the command are its own, whatever they look like", () => {
    const { options, command } = words("ssh web tool --edge x --help -t --reason y ssh")!;
    assert.deepEqual(options, []);
    assert.deepEqual(command, ["tool", "--edge", "x", "--help", "-t", "--reason", "y", "ssh"]);
    assert.deepEqual(words("ssh -- web -v")?.command, ["-v"]);
    assert.deepEqual(words("ssh web -- -v")?.command, ["-v"]);
  });

  test("of ssh stand before the command, with their arguments, together or apart", () => {
    const cases: [string, string[]][] = [
      ["ssh -tt web ls", ["-tt"]],
      ["ssh -NL 8080:h:80 web ls", ["-NL", "8080:h:80"]],
      ["ssh -L8080:h:80 web ls", ["-L8080:h:80"]],
      ["ssh -N -D 1080 -o A=b web ls", ["-N", "-D", "1080", "-o", "A=b"]],
      ["ssh web -v -p 2 ls", ["-v", "-p", "2"]],
      ["ssh -o -v web ls", ["-o", "-v"]],
    ];
    for (const [line, options] of cases) {
      assert.deepEqual(words(line), { ...NONE, options, target: "web", command: ["ls"] }, line);
    }
  });

  test("of our own stand before the command, too", () => {
    const own = { edge: "https://e", reason: "why", for: "5m" };
    for (const line of [
      "--edge https://e ssh --reason why --for 5m web ls",
      "ssh --edge=https://e --reason=why web --for=5m ls",
    ]) {
      assert.deepEqual(words(line), { ...NONE, ...own, target: "web", command: ["ls"] });
    }
    assert.deepEqual(words("--edge https://a ssh --edge https://b web")?.edge, "https://b");
  });

  test("ask for help before the target", () => {
    for (const line of ["ssh --help", "ssh -h", "ssh -t -h web"]) assert.equal(words(line)?.help, true, line);
    assert.equal(words("ssh web du -h")?.help, false);
  });

  test("are refused where an argument is missing, or an option is nobody's", () => {
    for (const line of ["ssh --reason", "ssh -L", "ssh web --for", "ssh --resaon x web", "ssh -No"])
      assert.throws(() => words(line), { code: "invalid_request" }, line);
  });
});
