import { connectorSealText, edgeSealText } from "../control.ts";
import { Findings } from "../recording/findings.ts";
import { findEdgeKey, type Keys } from "../recording/keys.ts";
import type { RecordingTrailer } from "../recording.ts";
import { thumbprint, verifyText } from "../signatures.ts";
import type { GivenArchive } from "./entered.ts";
import { CLOSED_CHECKS, CLOSED_SEAL_CHECKS, namesOf } from "./findings.ts";

/** What an encrypted recording tells whoever can't decrypt it. */
export interface ClosedRecording {
  /** As it says itself, or its folder is called. */
  session: string | null;
  /** As its archive says it ends; null where there are the objects alone. */
  trailer: RecordingTrailer | null;
  /** Null where it was not read to its end. */
  archive: GivenArchive | null;
  /** What is wrong with its layout, or that an object is not what the archive says. */
  fault: string | null;
}

type Name = keyof typeof CLOSED_CHECKS | keyof typeof CLOSED_SEAL_CHECKS;

/** Checks what can be without decrypting. `why`: why it is not decrypted. */
export async function checkClosed(
  { session, trailer, fault }: ClosedRecording,
  why: string,
  keys: Keys,
): Promise<Findings<Name>> {
  const findings = new Findings(namesOf<Name>(CLOSED_CHECKS, trailer ? CLOSED_SEAL_CHECKS : {}));
  if (fault) findings.fail("format", fault);
  else
    findings.ok(
      "format",
      trailer ? "the archive is whole, and its objects are what it says" : "its objects are all there",
    );
  findings.absent("contents", `not looked at. ${why}`);
  if (trailer && session !== null) await checkSeals(session, trailer, keys, findings);
  return findings;
}

/** Seals are signed for this session; whether its entries are those that were signed, only the contents tell. */
async function checkSeals(
  session: string,
  { edgeSeal, connectorSeal }: RecordingTrailer,
  keys: Keys,
  findings: Findings<Name>,
): Promise<void> {
  if (!edgeSeal) findings.absent("edge-seal", "the edge has not sealed this recording");
  else {
    const key = findEdgeKey(keys, edgeSeal.key);
    if (!key) findings.fail("edge-seal", `the seal's key ${edgeSeal.key} is not among the edge's keys given`);
    else if (!(await verifyText(key, edgeSealText(session, edgeSeal), edgeSeal.signature)))
      findings.fail("edge-seal", "the edge's signature is wrong");
    else
      findings.ok(
        "edge-seal",
        `the edge signed ${edgeSeal.entries} entries of this session with its key ${edgeSeal.key}`,
      );
  }
  if (!connectorSeal) findings.absent("connector-seal", "no connector has sealed this recording");
  else {
    const listed = keys.connectors.find(({ key }) => thumbprint(key) === connectorSeal.key);
    if (!listed)
      findings.fail(
        "connector-seal",
        `the seal's key ${connectorSeal.key} is not among the connectors' keys given`,
      );
    else if (
      !(await verifyText(listed.key, connectorSealText(session, connectorSeal), connectorSeal.signature))
    )
      findings.fail("connector-seal", "the connector's signature is wrong");
    else
      findings.ok(
        "connector-seal",
        `connector "${listed.name}" signed ${connectorSeal.agentFrames} frames that it received and ${connectorSeal.connectorFrames} that it sent`,
      );
  }
}
