/** One error code: its HTTP status, one sentence, and what the user does about it. */
export interface CatalogueEntry {
  readonly status: number;
  readonly summary: string;
  readonly fix: string;
}

/** @param status HTTP status @param summary one sentence @param fix what the user does about it */
export const entry = (status: number, summary: string, fix: string): CatalogueEntry => ({ status, summary, fix });
