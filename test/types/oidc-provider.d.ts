/** The part of oidc-provider that tests use; the package has no types of its own. */
declare module "oidc-provider" {
  import type { IncomingMessage, ServerResponse } from "node:http";
  import type { JWK } from "jose";

  export interface ClientMetadata {
    client_id: string;
    client_secret?: string;
    application_type?: "web" | "native";
    token_endpoint_auth_method?: "none" | "client_secret_basic";
    grant_types: string[];
    response_types: string[];
    redirect_uris: string[];
    scope?: string;
  }
  export interface IssuedToken {
    accountId?: string;
    clientId?: string;
  }
  export interface ResourceServer {
    audience: string;
    scope: string;
    accessTokenFormat: "jwt";
    accessTokenTTL: number;
    jwt: { sign: { alg: string } };
  }
  export interface Configuration {
    jwks: { keys: JWK[] };
    clients: ClientMetadata[];
    cookies: { keys: string[] };
    scopes: string[];
    findAccount(context: unknown, id: string): { accountId: string; claims(): object };
    extraTokenClaims(context: unknown, token: IssuedToken): object | undefined;
    features: {
      clientCredentials: { enabled: boolean };
      deviceFlow: { enabled: boolean };
      resourceIndicators: {
        enabled: boolean;
        defaultResource(): string;
        useGrantedResource(): boolean;
        getResourceServerInfo(): ResourceServer;
      };
    };
  }
  export class Provider {
    constructor(issuer: string, configuration: Configuration);
    callback(): (request: IncomingMessage, response: ServerResponse) => void;
  }
  export default Provider;
}
