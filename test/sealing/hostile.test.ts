import assert from "node:assert/strict";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { type ConnectorSeal, connectorSealText } from "../../protocol/control.ts";
import { SallyportError } from "../../protocol/errors.ts";
import type { RecordedEntry } from "../../protocol/recording.ts";
import { signText } from "../../protocol/signatures.ts";
import { TunnelEnd } from "../../protocol/tunnel/tunnel.ts";
import { type SealingRig, startSealingRig } from "./rig.ts";

/** Who changes what was sealed, or seals what was not so, is found out. */
describe("sealed recordings in other hands", { timeout: 120_000 }, () => {
  let rig: SealingRig;
  const log: string[] = [];
  const { sendMessage } = TunnelEnd.prototype;

  before(async () => {
    rig = await startSealingRig({
      bindings: { SEAL_PART_BYTES: "65536" },
      onLog: (line) => void log.push(line),
    });
  });

  after(async () => {
    TunnelEnd.prototype.sendMessage = sendMessage;
    await rig?.stop();
  });

  /** From here on what the connector says as its seal is this. */
  const cheat = (change: (session: string, seal: ConnectorSeal) => Promise<ConnectorSeal>) => {
    TunnelEnd.prototype.sendMessage = function (this: TunnelEnd, message: object) {
      if (!("type" in message && message.type === "seal")) sendMessage.call(this, message);
      else void change(this.session, message as ConnectorSeal).then((seal) => sendMessage.call(this, seal));
    };
  };

  const sealedSession = async (bytes: number) => {
    const agent = await rig.open();
    await agent.get(bytes);
    await agent.end();
    await rig.sealed(agent.session);
    return agent.session;
  };

  const followed = async (session: string) => {
    const entries: RecordedEntry[] = [];
    for await (const entry of rig.follow(session)) entries.push(entry);
    return entries;
  };

  test("a byte that was changed in object storage: no export, no replay, and what is told names the part", async () => {
    const session = await sealedSession(200_000);
    const objects = rig.objects(session);
    assert.ok(objects.length >= 3);
    const whole = await rig.export(session);
    for (const [index, object] of objects.entries()) {
      const bytes = readFileSync(object);
      for (const at of [0, 12, bytes.length >> 1, bytes.length - 1]) {
        const changed = Buffer.from(bytes);
        changed[at]! ^= 1;
        writeFileSync(object, changed);
        await assert.rejects(rig.export(session), `byte ${at} of part ${index + 1}`);
        await assert.rejects(followed(session), (error) => {
          assert.ok(error instanceof SallyportError);
          assert.match(
            error.message,
            new RegExp(`part ${index + 1} of the sealed recording|does not follow`),
          );
          return true;
        });
      }
      writeFileSync(object, bytes);
    }
    assert.deepEqual(await rig.export(session), whole);
  });

  test("a part that was removed: an error with its number, before anything else is answered", async () => {
    const session = await sealedSession(1_000);
    for (const object of rig.objects(session)) rmSync(object);
    await assert.rejects(rig.export(session), /50[03] .*recording_(damaged|unavailable)/);
  });

  for (const [what, change] of Object.entries({
    "seals other frames than it sent": async (session: string, seal: ConnectorSeal) => {
      const other = { ...seal, connectorHead: "0".repeat(64) };
      return { ...other, signature: await signText(rig.identity.key, connectorSealText(session, other)) };
    },
    "seals more of the agent's frames than there are": async (session: string, seal: ConnectorSeal) => {
      const other = { ...seal, agentFrames: seal.agentFrames + 1 };
      return { ...other, signature: await signText(rig.identity.key, connectorSealText(session, other)) };
    },
    "signs with no key of its own": async (_session: string, seal: ConnectorSeal) => ({
      ...seal,
      signature: "A".repeat(86),
    }),
  })) {
    test(`a connector that ${what}: an alarm, and both heads are kept`, async () => {
      cheat(change);
      const agent = await rig.open();
      await agent.get(1_000);
      await agent.end();
      const session = await rig.sealed(agent.session);
      TunnelEnd.prototype.sendMessage = sendMessage;
      assert.equal(session.agreement, "differs");
      const alarm = log.find((line) => line.includes("recording_differs") && line.includes(agent.session));
      assert.ok(alarm, log.join("\n"));
      const { verdict } = await rig.verify(await rig.export(agent.session));
      assert.equal(verdict, "failed");
    });
  }
});
