import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { type Command, InvalidArgumentError } from "commander";
import { Path } from "../../protocol/control.ts";
import { SallyportError } from "../../protocol/errors.ts";
import { tokenExpiry } from "../access.ts";
import { edgeOf, withExamples } from "../command-line.ts";
import type { EdgeApi } from "../edge-api.ts";
import { execCredential, type KubeconfigUser, kubeconfig } from "../http/kubeconfig.ts";
import { findTarget } from "../opening.ts";
import { note, printable } from "../terminal.ts";

export function addKubernetesCommands(program: Command): void {
  const config = program
    .command("kubeconfig <target>")
    .description("print a kubeconfig with which kubectl, Helm and client libraries reach a Kubernetes target")
    .option("--namespace <name>", "the namespace of commands that name none", namespaceName)
    .option("--token-file <file>", "read the token from this file, instead of asking `sallyport credential`")
    .option("--certificate-authority <file>", "the edge's own certificate authority (PEM), where it has one")
    .addHelpText(
      "after",
      `
There is no token in it: clients ask \`sallyport credential\` for one whenever they need it.

kubectl and whatever else is written with client-go send no credential over plain http://, so that this does not work
with an edge at http://127.0.0.1, such as that of \`sallyport dev\`. There use \`sallyport run TARGET -- kubectl …\`, or
\`sallyport connect TARGET\`, which need no kubeconfig.

kubectl exec, attach, cp and port-forward need WebSockets: kubectl 1.31 or later, or, from 1.29 on, with
KUBECTL_REMOTE_COMMAND_WEBSOCKETS=true and KUBECTL_PORT_FORWARD_WEBSOCKETS=true.`,
    )
    .action(async (target: string, options: KubeconfigCommand, command: Command) => {
      await printKubeconfig(edgeOf(command), target, options);
    });
  withExamples(config, [
    ["sallyport kubeconfig prod > kc && kubectl --kubeconfig kc get pods", ""],
    ["sallyport kubeconfig prod --namespace shop > kc", ""],
    [
      "sallyport kubeconfig prod --token-file /run/token > kc",
      "for jobs whose platform keeps a token in a file",
    ],
    ["KUBECONFIG=kc:~/.kube/config kubectl config view --flatten", "one file of two"],
  ]);

  const credential = program
    .command("credential")
    .description(
      "print a token for clients of Kubernetes: an exec plugin, as `sallyport kubeconfig` names it",
    )
    .addHelpText(
      "after",
      `
Prints an ExecCredential (client.authentication.k8s.io/v1) with the token that other commands would use: of
SALLYPORT_TOKEN, SALLYPORT_TOKEN_FILE, or the login, which is refreshed first where it is about to expire.`,
    )
    .action(async (_options: object, command: Command) => {
      const { edge, token } = edgeOf(command);
      const bearer = await token();
      process.stdout.write(
        `${JSON.stringify(execCredential(bearer, tokenExpiry(edge, bearer, process.env)))}\n`,
      );
    });
  withExamples(credential, [["sallyport credential | jq -r .status.token", "the token, for a script"]]);
}

interface KubeconfigCommand {
  namespace?: string;
  tokenFile?: string;
  certificateAuthority?: string;
}

async function printKubeconfig(api: EdgeApi, name: string, options: KubeconfigCommand): Promise<void> {
  const authority =
    options.certificateAuthority === undefined ? undefined : readAuthority(options.certificateAuthority);
  const target = await findTarget(api, name);
  if (target.kind !== "kubernetes") {
    throw new SallyportError(
      "invalid_request",
      `${printable(name)} is a ${target.kind} target, and has no kubeconfig.`,
      `Use sallyport connect ${name}, or sallyport run ${name} -- COMMAND.`,
    );
  }
  const { edge } = api;
  process.stdout.write(
    kubeconfig({
      name: `${name}@${edge.host}`,
      server: `${edge.origin}${Path.exchange(name)}`,
      user: userOf(edge, options.tokenFile),
      namespace: options.namespace,
      authority,
    }),
  );
  if (edge.protocol === "http:") {
    note(
      `kubectl sends no credential over plain http, so it can't use this: sallyport run ${name} -- kubectl … can.`,
    );
  }
}

/** This very program with the Node that runs it, as in a ProxyCommand: what starts kubectl may have another PATH. */
function userOf(edge: URL, tokenFile: string | undefined): KubeconfigUser {
  if (tokenFile !== undefined) return { tokenFile: resolve(tokenFile) };
  const [node, script] = process.argv as [string, string];
  return { command: [node, script, "credential"], env: { SALLYPORT_EDGE: edge.origin } };
}

function readAuthority(file: string): string {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw new SallyportError("not_found", `${file} can't be read: ${(error as NodeJS.ErrnoException).code}.`);
  }
  // Whatever stands beside certificates, such as a key, is left out.
  const certificates = text.match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g);
  if (certificates) return `${certificates.join("\n")}\n`;
  throw new SallyportError("invalid_config", `${file} holds no certificate.`, "It must be in PEM.");
}

/** RFC 1123 label, as Kubernetes has it. */
function namespaceName(text: string): string {
  if (/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(text)) return text;
  throw new InvalidArgumentError("It must be a namespace's name.");
}
