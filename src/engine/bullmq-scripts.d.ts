/** BullMQ's Lua scripts, which it ships without types. @see https://docs.bullmq.io */
declare module "bullmq/dist/cjs/scripts/index.js" {
  /** One script: its text, and how many of its values are KEYS. */
  interface BullScript {
    readonly content: string;
    readonly keys: number;
  }
  export const addPrioritizedJob: BullScript;
  export const moveToActive: BullScript;
  export const moveToFinished: BullScript;
}
