import { randomBytes } from "node:crypto";
import { connectorSealText } from "../../../protocol/control.ts";
import { verifyText } from "../../../protocol/signatures.ts";
import { forgetQuestions } from "../../directory/approvals.ts";
import { connectorKey } from "../../directory/connectors.ts";
import { markSealed, noteSealFault } from "../../directory/recordings.ts";
import type { Env } from "../../environment.ts";
import { indexSession } from "../../search/index-session.ts";
import { Archive } from "./archive.ts";
import { PART_BYTES, packingFor } from "./pack.ts";
import type { SealingMeans } from "./sealer.ts";

/** Bytes that a live session logs before the older of them go into object storage. */
const LIVE_BYTES = 64 * 1024 * 1024;

/** Sealing with what the edge's environment has. */
export function sealingMeans(env: Env): SealingMeans {
  return {
    archive: new Archive(env.RECORDINGS),
    packing: ({ recipients }) => packingFor(recipients),
    partBytes: Number(env.SEAL_PART_BYTES) || PART_BYTES,
    liveBytes: Number(env.SEAL_LIVE_BYTES) || LIVE_BYTES,
    async isAuthentic({ id, connector, connectorSeal: seal }) {
      if (!seal || seal.key !== connector?.key) return false;
      const known = await connectorKey(env.DIRECTORY, seal.key);
      return known !== null && verifyText(known.jwk, connectorSealText(id, seal), seal.signature);
    },
    async index({ facts, recipients }, entries) {
      if (facts) await indexSession(env, facts, entries, recipients.length === 0);
    },
    async note(entry) {
      await env.LEDGER.getByName("ledger").append([entry]);
    },
    async mark({ id, recipients }, { entry, parts }) {
      const isEncrypted = recipients.length > 0;
      if (isEncrypted) await forgetQuestions(env.DIRECTORY, id);
      await markSealed(env.DIRECTORY, entry, parts, isEncrypted, Date.now());
    },
    fault: (record, fault) => noteSealFault(env.DIRECTORY, record.id, fault),
    clock: () => Date.now(),
    nonce: () => randomBytes(16).toString("hex"),
  };
}
