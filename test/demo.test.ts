import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { stripVTControlCharacters } from "node:util";

const DEMO = fileURLToPath(new URL("./demo.ts", import.meta.url));
const LIMIT_MS = 340_000;

test("the demo masks what it reads, refuses a leak, permits a lookup, blocks a statement, says why at each place, holds another until it is approved, survives the edge's death, does likewise on an SSH host, and ends by itself", (t) => {
  const state = mkdtempSync(join(tmpdir(), "sallyport-demo-"));
  t.after(() => rmSync(state, { recursive: true }));
  const demo = spawnSync(process.execPath, [DEMO, "--once", "--state", state], {
    encoding: "utf8",
    timeout: LIMIT_MS,
  });
  const output = stripVTControlCharacters(demo.stdout);
  assert.equal(demo.status, 0, output + demo.stderr);

  const [agent = "", asked = "", , explained = "", replay = "", proof = "", host = "", hostReplay = ""] =
    output
      .split(
        /^(?:The agent works|It waits|The agent goes on|Why the DELETE|The recording|The proof|Its recording).*$/m,
      )
      .slice(1);
  const reason = "blocked by policy: Orders are closed, never deleted.";
  assert.match(
    agent,
    new RegExp(`→ DELETE FROM orders\n *← ERROR 42501: ${reason}\n *HINT: Decided by orders-stay;`),
  );
  assert.match(agent, /← 1 │ Ada Verne │ a\*\*\*@\*\*\*\n *← 2 │ Bo Lind │ b\*\*\*@\*\*\*\n/);
  assert.match(agent, /WHERE email LIKE 'chidi%'\n *← no rows\n/);
  assert.match(
    agent,
    /→ SELECT query_to_xml.*\n *← ERROR 42501: refused by Sallyport: .*SQL that a string holds/,
  );
  assert.match(agent, /WHERE email = \$1\n *← Chidi Okoye │ c\*\*\*@\*\*\*\n/);
  assert.doesNotMatch(output, /ada@verne|bo\.lind@post/);
  assert.match(agent, /← NOTICE: waiting for approval [0-9a-f]{32}-1: Closing orders stops their delivery/);
  assert.match(
    asked,
    /asked by +service\/demo-agent\n.*│ UPDATE orders SET state = 'closed'.*is released\./s,
  );
  assert.match(explained, /^block {3}DELETE FROM orders\n {2}reason {9}Orders are closed, never deleted\.$/m);
  const block = replay.indexOf("BLOCKED: Orders are closed, never deleted. · by orders-stay");
  assert.ok(block > replay.indexOf("DELETE FROM orders"), replay);
  assert.ok(block < replay.indexOf("in a transaction"), replay);
  assert.match(replay, /HELD: Closing orders.*approved by service\/demo-dba.*released after.*UPDATE 19/s);
  assert.match(replay, /closed │ 19\n *open {3}│ 61\n *paid {3}│ 320$/m);
  assert.match(proof, /^verified: /m);

  assert.match(
    host,
    /→ tail -n 2 .*\n *← .*by invoice\n *← .*the card \*{19} has expired\n *← exit status 0\n/,
  );
  const hidden = "This runs code that isn't commands of the line: write the commands themselves\\.";
  assert.match(
    host,
    new RegExp(`→ echo .* \\| sh\n *← sallyport: refused by policy: ${hidden}.*\n.*\n *← exit status 126`),
  );
  assert.doesNotMatch(output, /5555 5555/);
  assert.match(hostReplay, new RegExp(`echo .* \\| sh\n.*BLOCKED: ${hidden}.* · by ssh-hidden-code`));
});
