import { createHash, randomBytes } from "node:crypto";
import { SallyportError } from "../../protocol/errors.ts";
import type { Authentication } from "../../protocol/postgres/backend.ts";
import { passwordMessage, saslInitialResponse, saslResponse } from "../../protocol/postgres/frontend.ts";
import type { PostgresTargetConfig } from "../config.ts";
import { tlsServerEndPoint } from "./channel-binding.ts";
import { type Binding, SCRAM_SHA_256, SCRAM_SHA_256_PLUS, ScramExchange } from "./scram.ts";

/** What authentication needs to know of the connection. */
export interface Login {
  target: PostgresTargetConfig;
  password: string | null;
  /** The target's certificate, DER; null without TLS. */
  certificate: Uint8Array | null;
}

/**
 * The connector's side of a target's authentication: `answer` takes each Authentication message and gives the
 * message to send, or null. Throws `target_refused` for a method that isn't acceptable, `protocol_violation` for
 * one out of order.
 */
export class Authenticator {
  readonly #login: Login;
  #scram: ScramExchange | undefined;
  #state: "start" | "answered" | "scram-first" | "scram-final" | "done" = "start";

  constructor(login: Login) {
    this.#login = login;
  }

  /** Whether the target has accepted the connector, and proved itself where the method lets it. */
  get done(): boolean {
    return this.#state === "done";
  }

  async answer(challenge: Authentication): Promise<Buffer | null> {
    if (this.#login.target.channelBinding === "require" && !this.#scram && challenge.kind !== "sasl") {
      throw this.#unbound();
    }
    switch (challenge.kind) {
      case "ok":
        // In the middle of SCRAM this would skip the target's proof that it knows the password.
        this.#step(["start", "answered"], "done");
        return null;
      case "cleartext":
        this.#step(["start"], "answered");
        if (this.#login.certificate !== null) return passwordMessage(this.#password());
        throw this.#refused(
          "asks for the password in clear text without TLS",
          "Turn TLS on, or let the server use scram-sha-256.",
        );
      case "md5":
        this.#step(["start"], "answered");
        return passwordMessage(md5Answer(this.#login.target.user, this.#password(), challenge.salt));
      case "sasl": {
        this.#step(["start"], "scram-first");
        const binding = this.#binding(challenge.mechanisms);
        this.#scram = new ScramExchange(this.#password(), randomBytes(18).toString("base64"), binding);
        return saslInitialResponse(binding.mechanism, this.#scram.first());
      }
      case "sasl-continue":
        this.#step(["scram-first"], "scram-final");
        return saslResponse((await this.#scram?.final(challenge.data)) ?? "");
      case "sasl-final":
        this.#step(["scram-final"], "answered");
        this.#scram?.verify(challenge.data);
        return null;
      case "other":
        throw this.#refused(
          `asks for an authentication method that the connector does not have (code ${challenge.code})`,
          "Let the server use scram-sha-256 for the connector's role, in pg_hba.conf.",
        );
    }
  }

  #step(from: string[], to: "answered" | "scram-first" | "scram-final" | "done"): void {
    if (!from.includes(this.#state)) {
      const { name } = this.#login.target;
      throw new SallyportError(
        "protocol_violation",
        `target ${name} sent an authentication message out of order`,
      );
    }
    this.#state = to;
  }

  #password(): string {
    if (this.#login.password !== null) return this.#login.password;
    throw this.#refused(
      "asks for a password, and the connector has none for it",
      "Add `password` to the target's connection in the connector's configuration.",
    );
  }

  #binding(mechanisms: string[]): Binding {
    const { target, certificate } = this.#login;
    const endPoint =
      certificate === null || target.channelBinding === "disable"
        ? undefined
        : tlsServerEndPoint(certificate);
    if (endPoint !== undefined && mechanisms.includes(SCRAM_SHA_256_PLUS)) {
      return { mechanism: SCRAM_SHA_256_PLUS, endPoint };
    }
    if (target.channelBinding === "require") throw this.#unbound();
    if (mechanisms.includes(SCRAM_SHA_256)) {
      return { mechanism: SCRAM_SHA_256, possible: endPoint !== undefined };
    }
    throw this.#refused(
      "offers no authentication mechanism that the connector has",
      "Let the server use scram-sha-256 for the connector's role, in pg_hba.conf.",
    );
  }

  #unbound(): SallyportError {
    return this.#refused(
      "does not bind its authentication to TLS, which channelBinding: require demands",
      "Let the server offer SCRAM-SHA-256-PLUS with a certificate of RSA or ECDSA, or set channelBinding: prefer.",
    );
  }

  #refused(why: string, hint: string): SallyportError {
    return new SallyportError("target_refused", `target ${this.#login.target.name} ${why}`, hint);
  }
}

/** `md5` and MD5(hex(MD5(password + user)) + salt); PostgreSQL's documentation, "Message Flow". */
export function md5Answer(user: string, password: string, salt: Uint8Array): string {
  const inner = createHash("md5").update(password).update(user).digest("hex");
  return `md5${createHash("md5").update(inner).update(salt).digest("hex")}`;
}
