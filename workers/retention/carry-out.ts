import type { SessionDeleted } from "../../protocol/ledger/entry.ts";
import { alarmLine } from "../ledger/alarm-line.ts";
import { logLine } from "../log-line.ts";
import * as machine from "./machine.ts";

/** A recording that is being deleted, or is. */
export interface Deletion {
  session: string;
  /** The ledger's entry: the same each time that it is sent. */
  entry: SessionDeleted;
  state: machine.DeletionState;
}

/** What deleting does outside; each may be done twice, and throws what became of it. */
export interface DeletionMeans {
  /** Appends the entry; its index. Throws `conflict` where the ledger has another of the same key. */
  note(entry: SessionDeleted): Promise<number>;
  /** Removes all objects of a session. */
  remove(session: string): Promise<void>;
  /** Takes the session out of the search index, and what people were asked in it. */
  forget(session: string): Promise<void>;
  /** Writes the state, where the step that is written is still `from`: of two at work the one that is ahead wins. */
  save(session: string, from: machine.DeletionStep, state: machine.DeletionState): Promise<void>;
  clock(): number;
}

/**
 * Does what is left of a deletion, step by step, until it is done or a step fails. Answers the state, which is saved; throws only
 * what saving throws. Two at once do no harm.
 */
export async function carryOut(deletion: Deletion, means: DeletionMeans): Promise<machine.DeletionState> {
  let { state } = deletion;
  while (state.step !== "done") {
    const before = state;
    state = await step(deletion, before, means);
    await means.save(deletion.session, before.step, state);
    if (state.step === before.step) break;
  }
  return state;
}

async function step(
  { session, entry }: Deletion,
  state: machine.DeletionState,
  means: DeletionMeans,
): Promise<machine.DeletionState> {
  try {
    switch (state.step) {
      case "note":
        return machine.noted(state, await means.note(entry));
      case "remove":
        await means.remove(session);
        return machine.removed(state);
      default:
        await means.forget(session);
        return machine.forgotten(state, means.clock());
    }
  } catch (error) {
    // An object's errors keep their members, and not their class.
    if ((error as { code?: unknown }).code === "conflict") {
      const fault = (error as Error).message;
      alarmLine("recording_not_deleted", { session, step: state.step, fault });
      return machine.faulted(state, fault, means.clock());
    }
    logLine("warning", "a recording could not be deleted; it is tried again", {
      session,
      step: state.step,
      error,
    });
    return machine.failed(state, means.clock());
  }
}
