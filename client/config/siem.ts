import type { Field } from "../../protocol/document.ts";
import { resolveSecret, type SecretReference, secretReference } from "../../protocol/secrets.ts";

/** Where an edge that one runs oneself delivers events; `edge.siem` of the file. */
export interface EdgeSiem {
  http: { url: SecretReference; format: "hec" | "json"; token: SecretReference } | null;
  /** Whether events are kept in the edge's own object storage as well. */
  r2: boolean;
}

export const NO_SIEM: EdgeSiem = { http: null, r2: false };

/** Reads `edge.siem`; paths of secrets are relative to `folder`. Throws `invalid_config`. */
export function edgeSiem(field: Field, folder: string): EdgeSiem {
  field.mapping(["url", "format", "token", "r2"]);
  const secret = (name: string) => field.get(name).optional((one) => secretReference(one, folder));
  const url = secret("url");
  const token = secret("token");
  const format = field.get("format").optional((one) => one.oneOf(["hec", "json"])) ?? "json";
  if ((url === null) !== (token === null)) {
    const lacking = field.get(url === null ? "url" : "token");
    lacking.fail("is missing", "Write where it is: {env: NAME}, {file: PATH} or {command: [PROGRAM, …]}.");
  }
  return {
    http: url && token && { url, format, token },
    r2: field.get("r2").optional((one) => one.boolean()) ?? false,
  };
}

/** Reads the secrets now, as bindings of the edge's Worker. Throws `invalid_config`, with no word of what they hold. */
export async function siemBindings({ http, r2 }: EdgeSiem): Promise<Record<string, string>> {
  return {
    ...(http && {
      SIEM_URL: await resolveSecret(http.url, "edge.siem.url"),
      SIEM_FORMAT: http.format,
      SIEM_TOKEN: await resolveSecret(http.token, "edge.siem.token"),
    }),
    ...(r2 && { SIEM_R2: "on" }),
  };
}

/** Environment variables in which its secrets stand: for the edge, and nobody whom it starts. */
export function siemVariables({ http }: EdgeSiem): string[] {
  return [http?.url, http?.token].flatMap((reference) =>
    reference && "env" in reference ? [reference.env] : [],
  );
}
