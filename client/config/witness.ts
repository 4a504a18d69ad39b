import type { Field } from "../../protocol/document.ts";
import { resolveSecret, type SecretReference, secretReference } from "../../protocol/secrets.ts";

/** The witness of an edge that one runs oneself; `edge.witness` of the file. The edge judges what the texts say. */
export interface EdgeWitness {
  table: string;
  region: string;
  accessKeyId: SecretReference;
  secretAccessKey: SecretReference;
  sessionToken: SecretReference | null;
  /** ARN of the role that the keys assume; null where they write themselves. */
  role: string | null;
  endpoint: string | null;
  stsEndpoint: string | null;
}

/** Reads `edge.witness`; paths of secrets are relative to `folder`. Throws `invalid_config`. */
export function edgeWitness(field: Field, folder: string): EdgeWitness {
  field.mapping([
    "table",
    "region",
    "accessKeyId",
    "secretAccessKey",
    "sessionToken",
    "role",
    "endpoint",
    "stsEndpoint",
  ]);
  const secret = (name: string) => field.get(name).optional((one) => secretReference(one, folder));
  const needed = (name: string) =>
    secret(name) ??
    field
      .get(name)
      .fail("is missing", "Write where it is: {env: NAME}, {file: PATH} or {command: [PROGRAM, …]}.");
  const text = (name: string) => field.get(name).optional((one) => one.string());
  return {
    table: field.get("table").string(),
    region: field.get("region").string(),
    accessKeyId: needed("accessKeyId"),
    secretAccessKey: needed("secretAccessKey"),
    sessionToken: secret("sessionToken"),
    role: text("role"),
    endpoint: text("endpoint"),
    stsEndpoint: text("stsEndpoint"),
  };
}

/** Reads the secrets now, as bindings of the edge's Worker. Throws `invalid_config`, with no word of what they hold. */
export async function witnessBindings(witness: EdgeWitness | null): Promise<Record<string, string>> {
  if (witness === null) return {};
  const { table, region, accessKeyId, secretAccessKey, sessionToken, role, endpoint, stsEndpoint } = witness;
  return {
    WITNESS_TABLE: table,
    WITNESS_REGION: region,
    AWS_ACCESS_KEY_ID: await resolveSecret(accessKeyId, "edge.witness.accessKeyId"),
    AWS_SECRET_ACCESS_KEY: await resolveSecret(secretAccessKey, "edge.witness.secretAccessKey"),
    ...(sessionToken && {
      AWS_SESSION_TOKEN: await resolveSecret(sessionToken, "edge.witness.sessionToken"),
    }),
    ...(role !== null && { WITNESS_ROLE_ARN: role }),
    ...(endpoint !== null && { WITNESS_ENDPOINT: endpoint }),
    ...(stsEndpoint !== null && { WITNESS_STS_ENDPOINT: stsEndpoint }),
  };
}

/** Environment variables in which its secrets stand: for the edge, and nobody whom it starts. */
export function witnessVariables(witness: EdgeWitness | null): string[] {
  if (witness === null) return [];
  return [witness.accessKeyId, witness.secretAccessKey, witness.sessionToken].flatMap((reference) =>
    reference !== null && "env" in reference ? [reference.env] : [],
  );
}
