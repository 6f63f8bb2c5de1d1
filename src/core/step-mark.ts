/**
 * Marks actor logic that stands for a step kind (`switchyard/actors`); the value is the kind's name. From the registry of symbols, so that a second copy of the package
 * in the functions folder says the same.
 */
export const stepMark: unique symbol = Symbol.for("switchyard.step");
