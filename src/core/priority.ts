/** How urgent a run is, from the least. */
export const priorities = ["low", "normal", "high"] as const;

/** One of {@link priorities}. Default: normal. */
export type Priority = (typeof priorities)[number];
