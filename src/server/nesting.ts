import type { FastifyInstance } from "fastify";
import { AppError } from "../core/errors.ts";

/** Deepest nesting of a body: what nests deeper is an attack on whoever walks through it, here, in Redis or at a provider. */
export const deepest = 500;

/** Refuses bodies that nest deeper than {@link deepest}, before anything walks through them. */
export function limitNesting(server: FastifyInstance): void {
  server.addHook("preValidation", ({ body }, _reply, done) => {
    if (!nestsDeeper(body, deepest)) return done();
    const message = `The request's body nests deeper than ${deepest} lists and objects.`;
    done(new AppError("bad_request", { message, problems: [{ path: "body", message }] }));
  });
}

/** Whether lists and objects of a parsed document lie deeper in each other than that. Recurses nowhere. Bytes have no depth. Pure. */
export function nestsDeeper(document: unknown, most: number): boolean {
  let level: object[] = [];
  addInside(document, level);
  for (let depth = 1; level.length > 0; depth++) {
    if (depth > most) return true;
    const next: object[] = [];
    for (const value of level) for (const member of membersOf(value)) addInside(member, next);
    level = next;
  }
  return false;
}

function membersOf(value: object): readonly unknown[] {
  return Array.isArray(value) ? value : Object.values(value);
}

function addInside(value: unknown, to: object[]): void {
  if (typeof value === "object" && value !== null && !ArrayBuffer.isView(value)) to.push(value);
}
