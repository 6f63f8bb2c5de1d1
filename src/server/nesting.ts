import type { FastifyInstance } from "fastify";
import { AppError } from "../core/errors.ts";

/** Deepest nesting of a body: what nests deeper is an attack on whoever walks through it, here, in Redis or at a provider. */
export const deepest = 500;

/** Refuses bodies that nest deeper than {@link deepest}, before anything walks through them. */
export function limitNesting(server: FastifyInstance): void {
  server.addHook("preValidation", async ({ body }) => {
    if (!nestsDeeper(body, deepest)) return;
    const message = `The request's body nests deeper than ${deepest} lists and objects.`;
    throw new AppError("bad_request", { message, problems: [{ path: "body", message }] });
  });
}

/** Whether lists and objects of a parsed document lie deeper in each other than that. Recurses nowhere. Bytes have no depth. Pure. */
export function nestsDeeper(document: unknown, most: number): boolean {
  let level = inside([document]);
  for (let depth = 1; level.length > 0; depth++) {
    if (depth > most) return true;
    level = inside(level.flatMap((value) => (Array.isArray(value) ? value : Object.values(value))));
  }
  return false;
}

/** The lists and objects among them. */
function inside(values: readonly unknown[]): object[] {
  return values.filter((value): value is object => typeof value === "object" && value !== null && !isBytes(value));
}

function isBytes(value: object): boolean {
  return ArrayBuffer.isView(value);
}
