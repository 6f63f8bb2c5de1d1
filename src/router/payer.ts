/** Who pays for a request, and for what. */
export interface Payer {
  /** Default: the default tenant. */
  readonly tenant?: string | undefined;
  /** Full name of the workflow whose step asks; absent: somebody asks directly. */
  readonly workflow?: string | null | undefined;
}
