/** One change that somebody asked for: over HTTP, or with a command that works straight in Redis. */
export interface AuditEntry {
  /** Place in the log. */
  readonly id: string;
  /** Epoch milliseconds, by Redis's clock. */
  readonly at: number;
  readonly tenant: string;
  /**
   * The key's name, and on whose behalf; where no key is asked for, who says so, or `api`. `trigger ID` for deliveries, `cli USER@HOST` for commands, `stranger` for a failed
   * login.
   */
  readonly by: string;
  readonly keyId: string | null;
  /** The route: `PATCH /v1/routing`; the command: `keys create`. */
  readonly what: string;
  /** The address that was asked, without its query; of a command, what it is about. */
  readonly path: string;
  /** Network address that it came from; of a command, the machine. */
  readonly from: string;
  /** HTTP status of the answer; null: there was none, so nobody knows whether it was done. */
  readonly status: number | null;
  /** Code of the error. Absent: there was none. */
  readonly error?: string;
  /** Address of what was made: `/v1/runs/ID`. Absent: nothing was, or many things. */
  readonly made?: string;
}
