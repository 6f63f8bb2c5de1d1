/**
 * What happens while a step's answer is written. It is no history: nothing is kept and nothing has a number; who comes later has missed it.
 * `step` and `attempt` are those of the history; `call` counts the attempt's calls, from 1. Texts of one (attempt, call) belong together and to nothing else.
 */
export type LiveEvent =
  | {
      readonly type: "step.tokens";
      readonly step: string;
      readonly attempt: number;
      readonly call: number;
      readonly provider: string;
      readonly model: string;
      /** Characters of this call's answer that came before `text`. Above 0 at the first that a reader sees: it came too late for those. */
      readonly at: number;
      readonly text: string;
    }
  | {
      /** What came of this call is no answer. The texts that follow begin a new one. */
      readonly type: "step.restarted";
      readonly step: string;
      readonly attempt: number;
      readonly call: number;
      readonly provider: string;
      /** Class of the failure, or `output_invalid`. */
      readonly reason: string;
    };

/** Whether an event of a stream is of the passing kind. */
export function isLive(event: { readonly type: string }): event is LiveEvent {
  return event.type === "step.tokens" || event.type === "step.restarted";
}

/** A piece of an answer as a router or a step's handler tells it; the engine adds where it belongs and counts the characters. */
export type AnswerPiece =
  | {
      readonly type: "text";
      /** Of the attempt, from 1. */
      readonly call: number;
      readonly provider: string;
      readonly model: string;
      readonly text: string;
    }
  | { readonly type: "restarted"; readonly call: number; readonly provider: string; readonly reason: string };
