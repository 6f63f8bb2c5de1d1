// A thread that evaluates JSONata, one request after the other. Plain JavaScript, so that it starts the same from src/ and from dist/.
// In:  JSON text of a list of { expressions, data, nowMs, seed, limits } (see evaluator.ts).
// Out: "ready", once; then JSON text of { answers, done }: each answer is [place in the list, { value } | { tooLarge: true } | { failure: { message, position,
//      member } }]. The answers to one list come together, unless they take long; the last ones are done.
import { parentPort } from "node:worker_threads";
import jsonata from "jsonata";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";

/** Compiled expressions kept. They belong to workflow versions: few. */
const cacheSize = 500;
const compiled = new Map();

/** What `$now()`, `$millis()` and `$random()` draw from; set anew for each request. */
const given = { nowMs: 0, random: xoroshiro128plus(0) };

// JSONata asks for the time and for random numbers where it stands: both are the request's. Its time limit reads Date.now(), which stays.
globalThis.Date = class extends Date {
  constructor(...parts) {
    super(...(parts.length === 0 ? [given.nowMs] : parts));
  }
};
Math.random = () => (given.random.next() >>> 0) / 2 ** 32;

function expressionOf(text, limits) {
  const known = compiled.get(text);
  if (known) return known;
  if (compiled.size >= cacheSize) compiled.clear();
  const made = jsonata(text, { timeout: limits.timeMs, stack: limits.depth, sequence: limits.items });
  compiled.set(text, made);
  return made;
}

/** Nothing, and what is no JSON, is null. */
function asJson(_key, value) {
  const isFunction = value?._jsonata_function === true || value?._jsonata_lambda === true;
  return value === undefined || isFunction || typeof value === "function" ? null : value;
}

async function evaluate({ expressions, data, limits }) {
  if (typeof expressions === "string") return await expressionOf(expressions, limits).evaluate(data);
  const value = {};
  for (const [member, text] of Object.entries(expressions)) {
    try {
      Object.defineProperty(value, member, {
        value: await expressionOf(text, limits).evaluate(data),
        enumerable: true,
      });
    } catch (error) {
      throw { message: error.message, position: error.position, member };
    }
  }
  return value;
}

async function answer(request) {
  given.nowMs = request.nowMs;
  given.random = xoroshiro128plus(request.seed);
  try {
    const text = JSON.stringify({ value: await evaluate(request) }, asJson);
    return text.length > request.limits.characters ? JSON.stringify({ tooLarge: true }) : text;
  } catch (error) {
    const { message, position, member } = error;
    return JSON.stringify({ failure: { message: String(message ?? error), position, member } });
  }
}

/** Answers are held for others of their list for so long, in milliseconds. */
const heldMs = 20;

async function answerAll(requests, tell) {
  let answers = [];
  let since = performance.now();
  for (const [index, request] of requests.entries()) {
    answers.push(`[${index},${await answer(request)}]`);
    const done = index === requests.length - 1;
    if (!done && performance.now() - since < heldMs) continue;
    tell(`{"answers":[${answers.join(",")}],"done":${done}}`);
    answers = [];
    since = performance.now();
  }
}

parentPort?.on("message", (text) => answerAll(JSON.parse(text), (told) => parentPort.postMessage(told)));
parentPort?.postMessage("ready");
