/** How urgent a run is, from the least. */
export const priorities = ["low", "normal", "high"] as const;

/** One of {@link priorities}. Default: normal. */
export type Priority = (typeof priorities)[number];

/** Whether a text names a priority. */
export function isPriority(text: string | null | undefined): text is Priority {
  return priorities.some((priority) => priority === text);
}
