import type { Command } from "commander";
import { SallyportError } from "../../protocol/errors.ts";
import { edgeAddressOf, edgeOf, withExamples } from "../command-line.ts";
import { getPublic } from "../edge-api.ts";
import { loginWithCode, openBrowser } from "../login/code.ts";
import { CredentialStore, configFolder } from "../login/credentials.ts";
import { loginWithDevice } from "../login/device.ts";
import { type LoginIssuer, revoke } from "../login/oidc.ts";
import { note, print, printable, printJson } from "../terminal.ts";

export interface WhoAmI {
  principal: string;
  groups: string[];
  onBehalfOf: string | null;
  administrator: boolean;
}

export function addAccountCommands(program: Command): void {
  const login = program
    .command("login")
    .description("log in to an edge by OpenID Connect; later commands use this edge and login")
    .option("--device", "confirm on another device, for machines without a browser")
    .option("--issuer <name>", "which of the edge's issuers, where there are several")
    .option("--no-browser", "print the address only")
    .action(async (options: LoginOptions, command: Command) => {
      await logIn(edgeAddressOf(command), options);
    });
  withExamples(login, [
    ["sallyport login --edge https://sallyport.example.com", "in the browser"],
    ["sallyport login --device", "with a code, from any other device"],
  ]);

  const logout = program
    .command("logout")
    .description("forget the login to an edge, and tell the issuer that its refresh token is not needed")
    .action(async (_options, command: Command) => {
      await logOut(edgeAddressOf(command));
    });
  withExamples(logout, [["sallyport logout", "of the edge that was logged in to last"]]);

  const whoami = program
    .command("whoami")
    .description("show who the edge takes you for")
    .option("--json", "print JSON")
    .action(async ({ json }: { json?: boolean }, command: Command) => {
      const api = edgeOf(command);
      const me = await api.get<WhoAmI>("/v1/whoami");
      if (json) return printJson({ edge: api.edge.origin, ...me });
      print(printable(me.principal));
      if (me.onBehalfOf !== null) note(`acting for ${printable(me.onBehalfOf)}`);
      if (me.groups.length > 0) note(`groups: ${me.groups.map(printable).join(", ")}`);
      if (me.administrator) note("administrator");
    });
  withExamples(whoami, [["sallyport whoami --json", "with groups and rights, for scripts"]]);
}

interface LoginOptions {
  device?: boolean;
  issuer?: string;
  browser: boolean;
}

async function logIn(edge: URL, options: LoginOptions): Promise<void> {
  const { issuers } = await getPublic<{ issuers: LoginIssuer[] }>(edge, "/v1/login");
  const issuer = chooseIssuer(edge, issuers, options.issuer);
  const tokens = options.device
    ? await loginWithDevice(issuer, ({ url, code, complete }) => {
        note(`Open ${printable(url)} on any device and enter the code ${printable(code)}`);
        if (complete !== undefined) note(`or open ${printable(complete)}`);
      })
    : await loginWithCode(issuer, {
        show: (url) => note(`To log in, open this address in a browser on this machine:\n${printable(url)}`),
        open: options.browser ? openBrowser : () => {},
      });
  await new CredentialStore(configFolder(process.env)).put(edge, issuer, tokens);
  note(`Logged in to ${edge.origin} at ${printable(issuer.name)}.`);
  if (tokens.refresh === undefined) {
    note(`The issuer gave no refresh token: log in again after ${new Date(tokens.expires).toISOString()}.`);
  }
  if (process.env.SALLYPORT_TOKEN || process.env.SALLYPORT_TOKEN_FILE) {
    note("SALLYPORT_TOKEN or SALLYPORT_TOKEN_FILE is set: commands use that instead of this login.");
  }
}

async function logOut(edge: URL): Promise<void> {
  const store = new CredentialStore(configFolder(process.env));
  const credential = store.get(edge);
  if (!credential) {
    throw new SallyportError("unauthenticated", `You are not logged in to ${edge.origin}.`);
  }
  await store.remove(edge);
  if (credential.refresh !== null) {
    // The login is forgotten here in any case; an issuer that is away lets the token expire.
    await revoke(credential.issuer, credential.refresh).catch((error: Error) => {
      note(`The issuer could not be told: ${printable(error.message)}`);
    });
  }
  note(`Logged out of ${edge.origin}.`);
}

function chooseIssuer(edge: URL, issuers: LoginIssuer[], name: string | undefined): LoginIssuer {
  const names = issuers.map((issuer) => printable(issuer.name)).join(", ");
  if (issuers.length === 0) {
    throw new SallyportError(
      "not_found",
      `${edge.origin} has no issuer to log in with.`,
      "An administrator adds one with a clientId to `issuers` and runs `sallyport apply`; until then, use a " +
        "service token in SALLYPORT_TOKEN.",
    );
  }
  const chosen = name === undefined ? issuers : issuers.filter((issuer) => issuer.name === name);
  if (chosen.length === 1) return chosen[0]!;
  throw new SallyportError(
    "invalid_request",
    name === undefined ? "There are several issuers to log in with." : `There is no issuer ${name}.`,
    `Choose with --issuer: ${names}.`,
  );
}
