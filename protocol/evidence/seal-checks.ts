import { connectorSealText, edgeSealText } from "../control.ts";
import type { SessionSealed } from "../ledger/entry.ts";
import type { FindingsOf } from "../recording/findings.ts";
import type { ConnectorKey, Keys } from "../recording/keys.ts";
import { type PublicKey, thumbprint, verifyText } from "../signatures.ts";

/** Seals whose signatures are computed at once. */
const AT_ONCE = 64;

/** Checks the signatures of both seals of the ledger's entries, whether their recordings are given or not. */
export class SealChecks {
  readonly #edge: ReadonlyMap<string, PublicKey>;
  /** By the connector's name and the key's id. */
  readonly #connectors: ReadonlyMap<string, ConnectorKey>;
  readonly #findings: FindingsOf<"seals">;
  #running: Promise<void>[] = [];
  #seals = 0;

  constructor(keys: Keys, findings: FindingsOf<"seals">) {
    this.#edge = new Map(keys.edge.map((key) => [thumbprint(key), key]));
    this.#connectors = new Map(keys.connectors.map((one) => [`${thumbprint(one.key)} ${one.name}`, one]));
    this.#findings = findings;
  }

  /** `connector`: the target's, by the session's first entry; `opened` in ms since 1970. Waits when many are running. */
  async take(index: number, entry: SessionSealed, connector: string, opened: number): Promise<void> {
    this.#seals++;
    this.#running.push(this.#check(index, entry, connector, opened));
    if (this.#running.length >= AT_ONCE) await this.#settle();
  }

  async finish(): Promise<void> {
    await this.#settle();
    this.#findings.ok(
      "seals",
      this.#seals === 0
        ? "there is none"
        : `those of ${this.#seals} sessions are by keys that you gave, of the edge and of each session's connector`,
    );
  }

  async #settle(): Promise<void> {
    await Promise.all(this.#running);
    this.#running = [];
  }

  async #check(index: number, entry: SessionSealed, connector: string, opened: number): Promise<void> {
    const fault = (await this.#edgeFault(entry)) ?? (await this.#connectorFault(entry, connector, opened));
    if (fault) this.#findings.fail("seals", `entry ${index}: ${fault}`);
  }

  async #edgeFault({ session, edgeSeal }: SessionSealed): Promise<string | null> {
    const key = this.#edge.get(edgeSeal.key);
    if (!key) return `the edge's seal is by key ${edgeSeal.key}, which is not among those given`;
    const isRight = await verifyText(key, edgeSealText(session, edgeSeal), edgeSeal.signature);
    return isRight ? null : `the edge's seal is not one of session ${session}`;
  }

  async #connectorFault(
    { session, connectorSeal: seal, agreement }: SessionSealed,
    connector: string,
    opened: number,
  ): Promise<string | null> {
    if (!seal)
      return agreement === "differs"
        ? "edge and connector differ, and the connector's seal is not there"
        : null;
    const listed = this.#connectors.get(`${seal.key} ${connector}`);
    if (!listed)
      return `the connector's seal is by key ${seal.key}, which is not among those given for "${connector}"`;
    if (listed.revoked !== null && listed.revoked < opened) {
      return `the key of connector "${connector}" had been revoked before the session began`;
    }
    const isRight = await verifyText(listed.key, connectorSealText(session, seal), seal.signature);
    return isRight ? null : `the connector's seal is not one of session ${session}`;
  }
}
