export default (input, context) => ({ got: input ?? null, run: context.runId });
export const total = (input) => input.items.reduce((sum, { price }) => sum + price, 0);
export const context = (_input, { signal, ...rest }) => ({ ...rest, fires: signal instanceof AbortSignal });
export const given = (input) => input;
export const nothing = () => undefined;
export const later = async (input) => ({ later: input });
export const dated = () => ({ at: new Date(0), missing: undefined });
export const circle = () => {
  const value = {};
  value.self = value;
  return value;
};
export const big = () => 1n;
export const func = () => () => 1;
export const throws = ({ retryable, message = "no stock" }) => {
  throw Object.assign(new Error(message), retryable === undefined ? {} : { retryable });
};
export const throwsText = () => {
  throw "no stock";
};
export const throwsNothing = () => {
  throw undefined;
};
export const typed = () => {
  throw Object.assign(new TypeError("not a number"), { code: "E_NUMBER" });
};
export const forEver = () => new Promise(() => {});
export const listens = (_input, { signal }) =>
  new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
export const text = "no function";
