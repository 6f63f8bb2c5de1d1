/** One change that somebody asked for over HTTP. */
export interface AuditEntry {
  /** Place in the log. */
  readonly id: string;
  /** Epoch milliseconds, by Redis's clock. */
  readonly at: number;
  readonly tenant: string;
  /** The key's name; `api` where no key is asked for. */
  readonly by: string;
  readonly keyId: string | null;
  /** The route: `PATCH /v1/routing`. */
  readonly what: string;
  /** The address that was asked, without its query. */
  readonly path: string;
  /** Network address that it came from. */
  readonly from: string;
  /** HTTP status of the answer; null: there was none, so nobody knows whether it was done. */
  readonly status: number | null;
  /** Code of the error. Absent: there was none. */
  readonly error?: string;
}
