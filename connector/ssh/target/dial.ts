import { once } from "node:events";
import { connect, type Socket } from "node:net";
import ssh2, { type AnyAuthMethod } from "ssh2";
import { SallyportError } from "../../../protocol/errors.ts";
import { fingerprint } from "../../../protocol/ssh/public-key.ts";
import { keepPacketKeys } from "../packet-keys.ts";
import { findAccount } from "./accounts.ts";
import { offeredAlgorithms } from "./algorithms.ts";
import { signAsPlainKey } from "./certificate.ts";
import type { SshTargetConfig } from "./config.ts";
import { type Login, readLogin } from "./credentials.ts";
import { type HostTrust, hostTrust } from "./host-key.ts";
import { softwareOf } from "./insides.ts";
import { joinWrites } from "./joined-writes.ts";
import { SshTarget } from "./target.ts";

/** How long a target may take, ms. */
export interface DialLimits {
  /** Until its socket is open. */
  connectMs: number;
  /** From there until the login is through. */
  loginMs: number;
  /** It is asked for a sign of life so often; when three stay without an answer it is taken for dead. */
  keepAliveMs: number;
}

export const DIAL_LIMITS: DialLimits = { connectMs: 10_000, loginMs: 20_000, keepAliveMs: 15_000 };

const KEEP_ALIVES = 3;

/**
 * Connects to a target and logs in as `account`. The host's key is checked before anything secret is sent. `signal`'s
 * reason is thrown when it aborts. Throws `target_unreachable`, `target_refused`, `invalid_config`; only the last names
 * paths and variables, and is for the connector's log alone.
 */
export async function dialTarget(
  config: SshTargetConfig,
  account: string,
  signal: AbortSignal,
  limits: DialLimits = DIAL_LIMITS,
): Promise<SshTarget> {
  const { credentials } = findAccount(config, account);
  const [trust, login] = await Promise.all([hostTrust(config), readLogin(config, credentials)]);
  signal.throwIfAborted();
  const socket = await openSocket(config, signal, limits.connectMs);
  try {
    return await logIn({ config, account, trust, login, socket, limits }, signal);
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

async function openSocket(config: SshTargetConfig, signal: AbortSignal, limitMs: number): Promise<Socket> {
  const { host, port } = config;
  const socket = connect({ host, port, noDelay: true });
  // Whoever waits has the error from `once`; a later one is followed by "close".
  socket.on("error", () => {});
  const late = AbortSignal.timeout(limitMs);
  try {
    await once(socket, "connect", { signal: AbortSignal.any([signal, late]) });
    return socket;
  } catch (error) {
    socket.destroy();
    signal.throwIfAborted();
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    const why = late.aborted ? `no answer within ${limitMs / 1000} s` : code || "connection failed";
    throw unreachable(config, why);
  }
}

interface Attempt {
  config: SshTargetConfig;
  account: string;
  trust: HostTrust;
  login: Login;
  socket: Socket;
  limits: DialLimits;
}

function logIn(attempt: Attempt, signal: AbortSignal): Promise<SshTarget> {
  const { config, account, trust, login, socket, limits } = attempt;
  const client = new ssh2.Client();
  joinWrites(socket);
  keepPacketKeys(client);
  let hostKey = "";
  let refusal: unknown;
  return new Promise((resolve, reject) => {
    const fail = (error: unknown) => {
      settle();
      socket.destroy();
      reject(error);
    };
    const abandoned = () => fail(signal.reason);
    const late = setTimeout(
      () => fail(unreachable(config, `it was not ready within ${limits.loginMs / 1000} s`)),
      limits.loginMs,
    );
    const settle = () => {
      clearTimeout(late);
      signal.removeEventListener("abort", abandoned);
    };
    signal.addEventListener("abort", abandoned, { once: true });
    client.on("error", (error) => fail(refusal ?? loginError(config, error)));
    client.on("close", () => fail(refusal ?? unreachable(config, "it closed the connection")));
    client.once("ready", () => {
      settle();
      client.removeAllListeners("error").removeAllListeners("close");
      resolve(
        new SshTarget({
          config,
          account,
          client,
          socket,
          hostKey,
          software: softwareOf(client),
          isForced: login.isForced,
        }),
      );
    });
    client.connect({
      sock: socket,
      username: account,
      algorithms: offeredAlgorithms(config.algorithms, trust.types),
      readyTimeout: 0,
      keepaliveInterval: limits.keepAliveMs,
      keepaliveCountMax: KEEP_ALIVES,
      authHandler: methods(account, login),
      hostVerifier: (key: Buffer) => {
        try {
          trust.check(key);
          hostKey = fingerprint(key);
          return true;
        } catch (error) {
          refusal = error;
          return false;
        }
      },
    });
    if (login.isCertified && login.key !== null) signAsPlainKey(client, login.key);
  });
}

/** What is tried, in this order. Many servers without PAM's `password` ask for it by keyboard-interactive (RFC 4256). */
function methods(username: string, { key, password }: Login): AnyAuthMethod[] {
  const tried: AnyAuthMethod[] = [];
  // ssh2 takes a parsed key, though its types name only texts.
  if (key !== null) tried.push({ type: "publickey", username, key: key as unknown as Buffer });
  if (password !== null) {
    tried.push({ type: "password", username, password });
    tried.push({
      type: "keyboard-interactive",
      username,
      // The password answers one hidden question; whatever else is asked is none of its business.
      prompt: (_name, _instructions, _language, prompts, answer) =>
        answer(prompts.map(({ echo }) => (prompts.length === 1 && !echo ? password : ""))),
    });
  }
  return tried;
}

function unreachable({ name }: SshTargetConfig, why: string): SallyportError {
  return new SallyportError(
    "target_unreachable",
    `target ${name} can't be reached from its connector (${why})`,
    "Check that the host runs and its sshd answers, and host and port in the connector's configuration.",
  );
}

/** What a failed login is to the agent. ssh2's words aren't passed on: they may be the target's. */
function loginError(config: SshTargetConfig, error: Error & { level?: string }): SallyportError {
  const { name, algorithms } = config;
  if (error.level === "client-authentication") {
    return new SallyportError(
      "target_refused",
      `target ${name} does not take the connector's credentials for this account`,
      "The operator of the connector can try them by hand: ssh -i KEY ACCOUNT@HOST; the host's own log says why.",
    );
  }
  if (error.level === "handshake" && /no matching/i.test(error.message)) {
    return new SallyportError(
      "target_refused",
      `target ${name} and its connector have no ${algorithmOf(error.message)} in common`,
      algorithms === "modern"
        ? "Update the host's sshd; where that can't be, set algorithms: compatible for the target."
        : "Update the host's sshd: what it offers is broken.",
    );
  }
  if (error.level === "client-socket" || error.level === "client-timeout") {
    const code = "code" in error ? String(error.code) : "the connection failed";
    return unreachable(config, code);
  }
  return new SallyportError(
    "target_refused",
    `target ${name} ended the SSH handshake, or does not speak SSH as it should`,
    "Check that host and port in the connector's configuration are those of an sshd, and the host's own log.",
  );
}

/** The kind of algorithm that one of ssh2's messages is about. */
function algorithmOf(message: string): string {
  const kinds = ["key exchange algorithm", "host key format", "cipher", "MAC", "compression"];
  return kinds.find((kind) => message.toLowerCase().includes(kind.toLowerCase())) ?? "algorithm";
}
