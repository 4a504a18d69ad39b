import { type Command, Option } from "commander";
import type { ChangeRecord, Connector, Principal, Token } from "../../protocol/directory.ts";
import {
  asListing,
  duration,
  edgeAddressOf,
  edgeOf,
  type ListingOptions,
  printListing,
  withExamples,
} from "../command-line.ts";
import { getPublic } from "../edge-api.ts";
import { note, print, printJson, timeText } from "../terminal.ts";
import { durationText } from "../units.ts";

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

export function addAdministrationCommands(program: Command): void {
  addTokens(program.command("tokens").description("service tokens: for agents, CI jobs and machines"));
  addPrincipals(program.command("principals").description("who has been seen, and shutting them out"));
  addConnectors(program.command("connectors").description("the connectors and their enrolment"));
  addChanges(program);
  addKeys(program);
}

function addTokens(tokens: Command): void {
  const create = tokens
    .command("create <name>")
    .description("make a service token; its text is printed once, and nobody can read it again")
    .option("--principal <principal>", "whom it proves (default: service/NAME)")
    .option("--administrator", "may administer the edge")
    .addOption(expires("how long it is valid", 30 * DAY_MS))
    .option("--json", "print JSON")
    .action(async (name: string, options: NewToken, command: Command) => {
      const made = await edgeOf(command).post<Token & { token: string }>("/v1/tokens", {
        name,
        principal: options.principal ?? `service/${name}`,
        administrator: options.administrator ?? false,
        expiresIn: options.expires,
      });
      if (options.json) return printJson(made);
      print(made.token);
      note(
        `Token ${made.name} of ${made.principal}, valid until ${timeText(made.expires)}. Keep it: it is not shown again.`,
      );
    });
  withExamples(create, [
    ["export SALLYPORT_TOKEN=$(sallyport tokens create ci)", "a token of service/ci for 30 days"],
    ["sallyport tokens create deploy --expires 12h", ""],
    ["sallyport tokens create ops --administrator > ~/.sallyport-token", ""],
  ]);
  const list = asListing(tokens.command("list").description("list the tokens, without their text"));
  list.action(async ({ json, limit }: ListingOptions, command: Command) => {
    printListing(await edgeOf(command).list<Token>("/v1/tokens", limit), json, {
      NAME: (token) => token.name,
      PRINCIPAL: (token) => token.principal,
      STATE: (token) =>
        token.revoked !== null ? "revoked" : token.expires < Date.now() ? "expired" : "valid",
      EXPIRES: (token) => timeText(token.expires),
      "LAST USED": (token) => timeText(token.lastUsed),
      ADMIN: (token) => (token.administrator ? "yes" : "no"),
    });
  });
  withExamples(list, [["sallyport tokens list --json | jq '.[].name'", "the names"]]);
  const revoke = tokens
    .command("revoke <name>")
    .description("end a token now, with every session that it opened")
    .action(async (name: string, _options, command: Command) => {
      const { killed } = await edgeOf(command).delete<Killed>(`/v1/tokens/${encodeURIComponent(name)}`);
      note(`Token ${name} is revoked; ${sessions(killed)} ended.`);
    });
  withExamples(revoke, [["sallyport tokens revoke ci", ""]]);
}

function addPrincipals(principals: Command): void {
  const list = asListing(principals.command("list").description("list everyone who has been seen"));
  list.action(async ({ json, limit }: ListingOptions, command: Command) => {
    printListing(await edgeOf(command).list<Principal>("/v1/principals", limit), json, {
      PRINCIPAL: ({ name }) => name,
      STATE: ({ disabled }) => (disabled === null ? "enabled" : "disabled"),
      "FIRST SEEN": ({ firstSeen }) => timeText(firstSeen),
      DISABLED: ({ disabled }) => timeText(disabled),
      BY: ({ disabledBy }) => disabledBy ?? "-",
    });
  });
  withExamples(list, [["sallyport principals list", ""]]);
  const post = (name: string, verb: string, reason: string | undefined, command: Command) =>
    edgeOf(command).post<Partial<Killed>>(
      `/v1/principals/${encodeURIComponent(name)}/${verb}`,
      reason === undefined ? {} : { reason },
    );
  const disable = principals
    .command("disable <principal>")
    .description("shut a principal out now, and end its sessions")
    .option("--reason <text>", "why, for the record")
    .action(async (name: string, { reason }: { reason?: string }, command: Command) => {
      const { killed } = await post(name, "disable", reason, command);
      note(`${name} is disabled; ${sessions(killed ?? 0)} ended.`);
    });
  withExamples(disable, [["sallyport principals disable corp/mallory@example.com --reason 'left'", ""]]);
  const enable = principals
    .command("enable <principal>")
    .description("let a disabled principal in again")
    .option("--reason <text>", "why, for the record")
    .action(async (name: string, { reason }: { reason?: string }, command: Command) => {
      await post(name, "enable", reason, command);
      note(`${name} is enabled.`);
    });
  withExamples(enable, [["sallyport principals enable service/ci", ""]]);
}

function addConnectors(connectors: Command): void {
  const list = asListing(
    connectors.command("list").description("list the connectors and their live replicas"),
  );
  list.action(async ({ json, limit }: ListingOptions, command: Command) => {
    printListing(await edgeOf(command).list<Connector>("/v1/connectors", limit), json, {
      NAME: ({ name }) => name,
      STATE: ({ key, revoked, replicas }) =>
        revoked !== null ? "revoked" : key === null ? "not enrolled" : replicas.length ? "online" : "offline",
      REPLICAS: ({ replicas }) => String(replicas.length),
      SESSIONS: ({ replicas }) => String(replicas.reduce((sum, replica) => sum + replica.sessions, 0)),
      ENROLLED: ({ enrolled }) => timeText(enrolled),
      KEY: ({ key }) => key ?? "-",
    });
  });
  withExamples(list, [["sallyport connectors list", ""]]);
  const enrol = connectors
    .command("enrol-token <name>")
    .alias("enroll-token")
    .description("make a one-time token with which a connector enrols its key (and replaces an older one)")
    .addOption(expires("how long it may be used", HOUR_MS))
    .option("--json", "print JSON")
    .action(async (name: string, options: { expires: number; json?: boolean }, command: Command) => {
      const path = `/v1/connectors/${encodeURIComponent(name)}/enrolments`;
      const made = await edgeOf(command).post<{ token: string; expires: number }>(path, {
        expiresIn: options.expires,
      });
      if (options.json) return printJson(made);
      print(made.token);
      note(
        `Use it once within ${durationText(options.expires)}, where the connector runs: sallyport connector enroll`,
      );
    });
  withExamples(enrol, [["sallyport connectors enrol-token main --expires 15m", ""]]);
  const revoke = connectors
    .command("revoke <name>")
    .description("revoke a connector's key now, and end the sessions that it serves")
    .action(async (name: string, _options, command: Command) => {
      const { killed } = await edgeOf(command).delete<Killed>(`/v1/connectors/${encodeURIComponent(name)}`);
      note(`Connector ${name} is out; ${sessions(killed)} ended.`);
    });
  withExamples(revoke, [["sallyport connectors revoke main", ""]]);
}

function addChanges(program: Command): void {
  const changes = asListing(
    program
      .command("changes")
      .description("show the administrative changes: who, what, when, before and after"),
  );
  changes.action(async ({ json, limit }: ListingOptions, command: Command) => {
    printListing(await edgeOf(command).list<ChangeRecord>("/v1/changes", limit), json, {
      TIME: ({ time }) => timeText(time),
      PRINCIPAL: ({ principal }) => principal,
      ACTION: ({ action }) => action,
      SUBJECT: ({ subject }) => subject,
    });
  });
  withExamples(changes, [["sallyport changes -n 20 --json", "the last 20 with before and after"]]);
}

function addKeys(program: Command): void {
  const keys = program
    .command("keys")
    .description(
      "print the public keys of the edge and its connectors as JSON, for 'verify' without the edge",
    )
    .action(async (_options, command: Command) => {
      // Anybody may ask for these, so no login is needed.
      printJson(await getPublic(edgeAddressOf(command), "/v1/keys"));
    });
  withExamples(keys, [["sallyport keys > keys.json", "keep them apart from the recordings"]]);
}

/** `--expires`, whose default the help writes as one would type it. */
function expires(what: string, ms: number): Option {
  return new Option("--expires <duration>", what).argParser(duration).default(ms, durationText(ms));
}

interface NewToken {
  principal?: string;
  administrator?: boolean;
  expires: number;
  json?: boolean;
}

interface Killed {
  killed: number;
}

function sessions(count: number): string {
  return `${count} ${count === 1 ? "session" : "sessions"}`;
}
