import { InvalidArgumentError } from "commander";

/** Reads an option's value as a whole number. @throws InvalidArgumentError which commander turns into a message naming the option. */
export function wholeNumber(min: number, max = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const number = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (number >= min && number <= max) return number;
    const range = max === Number.MAX_SAFE_INTEGER ? `, ${min} or more` : ` from ${min} to ${max}`;
    throw new InvalidArgumentError(`Allowed: a whole number${range}.`);
  };
}

/** Reads an option's value as a number, 0 or more. @throws as {@link wholeNumber}. */
export function amount(text: string): number {
  if (/^(\d+(\.\d*)?|\.\d+)$/.test(text)) return Number(text);
  throw new InvalidArgumentError("Allowed: a number, 0 or more.");
}
