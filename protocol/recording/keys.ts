import { SallyportError } from "../errors.ts";
import { type PublicKey, parsePublicKey, thumbprint } from "../signatures.ts";

/** The public keys that recordings are judged by: the answer of `GET /v1/keys`, best kept apart from the edge. */
export interface Keys {
  /** Every key that the edge signs or has signed with. */
  edge: PublicKey[];
  connectors: ConnectorKey[];
}

/** One key of a connector; a connector that was enrolled again has several. */
export interface ConnectorKey {
  name: string;
  key: PublicKey;
  /** When it was revoked, in milliseconds since 1970, or null. */
  revoked: number | null;
}

/** Checks the JSON of a keys file. Throws `invalid_request`, naming the member that is wrong. */
export function parseKeys(value: unknown): Keys {
  const { edge, connectors } = object(value, "the keys file");
  return {
    edge: array(edge, '"edge"').map(parsePublicKey),
    connectors: array(connectors, '"connectors"').map((item) => {
      const { name, key, revoked } = object(item, 'a member of "connectors"');
      if (typeof name !== "string") throw invalid('a member of "connectors" has no name');
      if (revoked !== null && typeof revoked !== "number") {
        throw invalid(
          `the connector ${JSON.stringify(name)} has no "revoked": a time in milliseconds, or null`,
        );
      }
      return { name, key: parsePublicKey(key), revoked };
    }),
  };
}

/** The edge's key with this thumbprint. */
export function findEdgeKey(keys: Keys, id: string): PublicKey | undefined {
  return keys.edge.find((key) => thumbprint(key) === id);
}

/** The key with this thumbprint, if it is one of this connector's. */
export function findConnectorKey(keys: Keys, name: string, id: string): ConnectorKey | undefined {
  return keys.connectors.find((connector) => connector.name === name && thumbprint(connector.key) === id);
}

function object(value: unknown, place: string): Record<string, unknown> {
  if (typeof value !== "object" || value === null) throw invalid(`${place} is no JSON object`);
  return value as Record<string, unknown>;
}

function array(value: unknown, place: string): unknown[] {
  if (!Array.isArray(value)) throw invalid(`${place} is no list`);
  return value;
}

function invalid(message: string): SallyportError {
  return new SallyportError(
    "invalid_request",
    message,
    'A keys file is the answer of GET /v1/keys: {"edge": [JWK], "connectors": [{"name", "key", "revoked"}]}.',
  );
}
