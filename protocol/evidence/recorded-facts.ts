import { type ApprovalStatus, MAX_APPROVALS } from "../approval/approval.ts";
import type { ConnectorSeal, EdgeEvent, EdgeSeal, SessionFacts } from "../control.ts";
import { FrameFlag } from "../frame.ts";
import { connectorEvent } from "../recording/events.ts";
import type { RecordingObserver } from "../recording/verify.ts";
import type { RecordingTrailer } from "../recording.ts";

/** A question as the recording has it. */
export interface RecordedApproval {
  /** Null for one that an earlier approval covered: nobody was asked, and the ledger has none. */
  id: string | null;
  statuses: Set<ApprovalStatus>;
}

/** What a recording says that the ledger says, too. Bounded: 1,000 questions. */
export class RecordedFacts implements RecordingObserver {
  opened: SessionFacts | null = null;
  endCode: string | null = null;
  edgeSeal: EdgeSeal | null = null;
  connectorSeal: Omit<ConnectorSeal, "type"> | null = null;
  hadConnector = false;
  /** Of the last entry, ms since 1970. */
  time = 0;
  readonly approvals = new Map<number, RecordedApproval>();

  edge(event: EdgeEvent, time: number): void {
    this.time = time;
    if (event.event === "opened") this.opened ??= event.facts;
    else if (event.event === "connector_joined") this.hadConnector = true;
    else if (event.event === "ended") this.endCode = event.code;
    else if (event.event === "approval_opened") {
      const approval = this.#approval(event.approval);
      if (approval) approval.id ??= event.id;
    } else if (event.event === "approval_decided") {
      this.#approval(event.approval)?.statuses.add(event.status);
    }
  }

  connector(frame: Uint8Array): void {
    if (!(frame[1]! & FrameFlag.ask)) return;
    const event = connectorEvent(frame);
    if (event?.event === "approval_used") this.#approval(event.approval)?.statuses.add("used");
  }

  trailer({ edgeSeal, connectorSeal }: RecordingTrailer): void {
    this.edgeSeal = edgeSeal ?? null;
    this.connectorSeal = connectorSeal ?? null;
  }

  #approval(number: number): RecordedApproval | undefined {
    if (!this.approvals.has(number) && this.approvals.size < MAX_APPROVALS) {
      this.approvals.set(number, { id: null, statuses: new Set(["pending"]) });
    }
    return this.approvals.get(number);
  }
}
