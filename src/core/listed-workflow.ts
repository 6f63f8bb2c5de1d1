/** A workflow of a list of the stored ones. */
export interface ListedWorkflow {
  /** As its tenant knows it. */
  readonly name: string;
  /** The newest one. */
  readonly version: number;
  /** Epoch milliseconds at which that was stored; null: nobody knows. */
  readonly storedAt: number | null;
  /** Epoch milliseconds at which its newest run was created; null: it has none. */
  readonly lastRunAt: number | null;
  /** That run. */
  readonly lastRun: string | null;
}

/** A page of workflows, by name. `next`: `after` of the next page; null: this is the last one. */
export interface WorkflowPage {
  readonly workflows: readonly ListedWorkflow[];
  readonly next: string | null;
}

/** A version of a stored workflow. */
export interface StoredVersion {
  readonly version: number;
  /** Epoch milliseconds; null: nobody knows. */
  readonly storedAt: number | null;
}
