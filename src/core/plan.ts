import type { CallRecord, Hints } from "./call.ts";
import type { ErrorRecord } from "./errors.ts";
import type { JsonObject } from "./json.ts";

/**
 * How a plan's steps follow each other. `auto`: as the plan says. `parallel`: what reads nothing of each other runs side by side. `sequential`: one after the
 * other. `balanced`: as the plan says, but only a few side by side. `confirm`: one after the other, each approved first. `step`: as confirm, the first one
 * without approval.
 */
export const planModes = ["auto", "parallel", "sequential", "balanced", "confirm", "step"] as const;

/** One of {@link planModes}. */
export type PlanMode = (typeof planModes)[number];

/** Every state of a plan. `pending` is left once: by being executed or cancelled, or by its time. From `executing` on, its run says where it stands. */
export const planStatuses = [
  "pending",
  "executing",
  "awaiting_approval",
  "completed",
  "failed",
  "expired",
  "cancelled",
  "aborted",
] as const;

/** One of {@link planStatuses}. `aborted`: somebody rejected a step. */
export type PlanStatus = (typeof planStatuses)[number];

/**
 * Kinds of steps that a planner may propose, as far as the settings allow them. `llm`: an agent's work, or a plain question. `agent`: that agents with tools may
 * be chosen. `map`: an agent's work for each item of a list. `approval`: a person's word. `transform`: a JSONata expression. `http`: a request.
 */
export const proposableKinds = ["llm", "agent", "map", "approval", "transform", "http"] as const;

/** One of {@link proposableKinds}. */
export type ProposableKind = (typeof proposableKinds)[number];

/** One step as the plan's mode has it executed, for people. */
export interface PlanStep {
  readonly id: string;
  readonly kind: string;
  /** Of the catalogue; null: nobody's. */
  readonly agent: string | null;
  /** The beginning of what it does, templates as they are. */
  readonly text: string;
  /** Steps that must have ended before. */
  readonly needs: readonly string[];
}

/** A plan without its definition, as lists show it. Times are epoch milliseconds. */
export interface PlanSummary {
  readonly id: string;
  readonly tenant: string;
  /** What is wanted, in words. The run's `input.goal`. */
  readonly goal: string;
  /** Field that the goal is of, in words; null: not said. The run's `input.domain`. */
  readonly domain: string | null;
  readonly mode: PlanMode;
  readonly status: PlanStatus;
  /** 1, 2, ...: each change makes the next one. */
  readonly version: number;
  /** The run that executes it, or has; null: it was not executed. */
  readonly run: string | null;
  readonly createdAt: number;
  /** Who made it. */
  readonly createdBy: string;
  /** After this moment a pending plan is expired. */
  readonly expiresAt: number;
}

/** A plan: a workflow made of a goal, to be looked at, changed and executed once. */
export interface Plan extends PlanSummary {
  /** A workflow as its author would write it. What is executed is this as `mode` transforms it; `steps` lists that. */
  readonly definition: JsonObject;
  readonly steps: readonly PlanStep[];
  /** Why the planner planned it so. */
  readonly explanation: string;
  /** Hints of its run, and of the planner's own calls. */
  readonly hints: Hints;
  /** Calls that making it took, in order. */
  readonly calls: readonly CallRecord[];
  /** USD of these calls; null: a price is unknown. What the run costs, the run says. */
  readonly costUsd: number | null;
  /** Why its run failed or was aborted; null: it has not. */
  readonly error: ErrorRecord | null;
  /** Ids of the run's steps that wait for approval. */
  readonly waiting: readonly string[];
}

/** One version of a plan. */
export interface PlanVersion {
  readonly version: number;
  /** Epoch milliseconds. */
  readonly changedAt: number;
  readonly changedBy: string;
  readonly change: "created" | "edited" | "rolled_back";
  /** What changed, in a sentence. */
  readonly summary: string;
}

/** A change of a pending plan. What is absent stays. */
export interface PlanChange {
  /** The version that it is made for; another one refuses it. */
  readonly version: number;
  readonly goal?: string;
  readonly domain?: string | null;
  readonly mode?: PlanMode;
  readonly hints?: Hints;
  /** In place of the plan's, whole; keeps its name. YAML or JSON text, or the object that such a text means. */
  readonly definition?: string | JsonObject;
}

/** One agent of the catalogue: somebody whom the planner may give a step to. */
export interface AgentSummary {
  readonly name: string;
  /** What it is good for; the planner chooses by this. */
  readonly description: string;
  /** Names of its tools. */
  readonly tools: readonly string[];
  /** Whether its answers are checked objects. */
  readonly structured: boolean;
}
