import assert from "node:assert/strict";
import { test } from "node:test";
import { complete, completionScript } from "./completion.ts";
import { restartWait } from "./local-edge/supervise.ts";
import { buildProgram } from "./main.ts";
import { sessionsWithin } from "./open-files.ts";
import { tunnelEnvironment } from "./run-command.ts";

const LOCAL = { host: "127.0.0.1", port: 5555 };

test("the command's environment leads to the tunnel and holds no token", () => {
  const env = tunnelEnvironment(
    {
      PATH: "/bin",
      PGHOSTADDR: "10.0.0.1",
      PGPASSWORD: "p",
      PGSERVICE: "x",
      PGDATABASE: "other",
      SALLYPORT_TOKEN: "t",
    },
    LOCAL,
    undefined,
  );
  assert.deepEqual(env, {
    PATH: "/bin",
    PGHOST: "127.0.0.1",
    PGPORT: "5555",
    PGUSER: "sallyport",
    PGSSLMODE: "disable",
    PGGSSENCMODE: "disable",
    DATABASE_URL: "postgresql://sallyport@127.0.0.1:5555/?sslmode=disable",
  });
  const named = tunnelEnvironment({}, LOCAL, "a b");
  assert.equal(named.PGDATABASE, "a b");
  assert.equal(named.DATABASE_URL, "postgresql://sallyport@127.0.0.1:5555/a%20b?sslmode=disable");
});

test("a child that keeps ending is started again more and more slowly", () => {
  let wait = 0;
  const waits = Array.from({ length: 9 }, () => {
    wait = restartWait(wait, 10);
    return wait;
  });
  assert.deepEqual(waits, [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
  assert.equal(restartWait(30_000, 60_000), 500);
});

test("sessions that a limit of open files carries", () => {
  assert.equal(sessionsWithin(1_024, 0), 117);
  assert.ok(sessionsWithin(1_024, 1) > 117);
  assert.equal(sessionsWithin(100, 1), 0);
});

test("every command about approvals explains itself with an example", () => {
  const [approvals, leases] = ["approvals", "leases"].map((name) => {
    return buildProgram().commands.find((one) => one.name() === name)!;
  });
  for (const command of [...approvals!.commands, leases!]) {
    let help = "";
    command.configureOutput({ writeOut: (text) => (help += text) }).outputHelp();
    assert.match(help, /Examples:\n {2}\$ sallyport (approvals|leases)/, command.name());
  }
});

test("completion knows commands, subcommands and options", () => {
  const program = buildProgram();
  assert.deepEqual(complete(program, ["tok"]), ["tokens"]);
  assert.deepEqual(complete(program, ["tokens", ""]), ["create", "list", "revoke"]);
  assert.deepEqual(complete(program, ["tokens", "create", "--ad"]), ["--administrator"]);
  assert.deepEqual(complete(program, ["tokens", "create", "--ed"]), ["--edge"]);
  assert.deepEqual(complete(program, ["run", "orders", "--", "ps"]), []);
  assert.deepEqual(complete(program, ["approvals", ""]), [
    "approve",
    "deny",
    "list",
    "revoke",
    "show",
    "withdraw",
  ]);
  assert.deepEqual(complete(program, ["approvals", "list", "--w"]), ["--watch"]);
  assert.deepEqual(complete(program, ["connect", "orders", "--rea"]), ["--reason"]);
  assert.deepEqual(complete(program, ["run", "orders", "--fo"]), ["--for"]);
  assert.deepEqual(complete(program, ["lea"]), ["leases"]);
  assert.ok(complete(program, [""]).every((name) => !name.startsWith("_")));
  for (const shell of ["bash", "zsh", "fish"]) assert.match(completionScript(shell), /sallyport __complete/);
  assert.throws(() => completionScript("csh"), { code: "invalid_request" });
});

test("every command has examples in its help", () => {
  const lacking: string[] = [];
  const check = (command: ReturnType<typeof buildProgram>, path: string) => {
    const leaf = command.commands.length === 0;
    let help = "";
    command.configureOutput({ writeOut: (text) => (help += text), writeErr: (text) => (help += text) });
    if (leaf && command.name() !== "connector" && !command.name().startsWith("_")) {
      command.outputHelp();
      if (!/^Examples:/m.test(help)) lacking.push(path);
    }
    for (const child of command.commands) check(child, `${path} ${child.name()}`);
  };
  check(buildProgram(), "sallyport");
  assert.deepEqual(lacking, []);
});
