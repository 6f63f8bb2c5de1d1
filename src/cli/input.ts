import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { AppError, type Problem } from "../core/errors.ts";
import { isJsonObject, type Json, type JsonObject } from "../core/json.ts";

type Field = { readonly [key: string]: Json };

/**
 * A run's input from `--input` values, later ones over earlier: `key=text`, `key:=json`, `key=@file` (the file's text),
 * `@file.json` (an object that is the whole input). A key with dots reaches into objects.
 * @throws AppError usage with everything that is wrong; file_unreadable.
 */
export async function readInput(values: readonly string[], cwd: string): Promise<JsonObject> {
  const problems: Problem[] = [];
  let input: JsonObject = {};
  for (const value of values) {
    try {
      input = await withValue(input, value, cwd);
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== "usage") throw error;
      problems.push({ path: `--input ${value}`, message: error.message });
    }
  }
  if (problems.length > 0) throw new AppError("usage", { message: "The input has mistakes.", problems });
  return input;
}

/**
 * What comes of a request with an input. Where that is refused, and a text was given that is JSON of another type, its problem says how JSON is given.
 * @param values as {@link readInput} took them
 */
export async function withJsonHints<T>(asked: Promise<T>, values: readonly string[] = []): Promise<T> {
  try {
    return await asked;
  } catch (error) {
    throw error instanceof AppError && error.code === "invalid_input" ? hinted(error, values) : error;
  }
}

function hinted(error: AppError, values: readonly string[]): AppError {
  const hints = new Map(values.flatMap(jsonHint));
  const problems = error.problems.map((problem) => {
    const hint = hints.get(problem.path);
    return hint === undefined ? problem : { ...problem, message: `${problem.message}; ${hint}` };
  });
  const { message, details } = error;
  return new AppError(error.code, { message, problems, details, cause: error });
}

/** By the path of a problem: what to type where a text is meant as JSON. */
function jsonHint(value: string): readonly (readonly [path: string, hint: string])[] {
  const [, key, text] = /^([^=:@]+)=(?!@)([\s\S]*)$/.exec(value) ?? [];
  if (key === undefined || text === undefined) return [];
  const isJson = /^\s*[[{]|^(true|false|null|-?\d[\d.eE+-]*)$/.test(text);
  const meant = text.length <= 40 && !/\s/.test(text) ? text : "JSON";
  return isJson ? [[`input.${key}`, `= gives a text, := gives JSON: --input '${key}:=${meant}'`]] : [];
}

async function withValue(input: JsonObject, value: string, cwd: string): Promise<JsonObject> {
  if (value.startsWith("@")) {
    const whole = parseJson(await readText(value.slice(1), cwd));
    if (!isJsonObject(whole)) throw new AppError("usage", { message: "The file must hold a JSON object." });
    return { ...input, ...whole };
  }
  const match = /^([^=:]+)(:?=)([\s\S]*)$/.exec(value);
  if (!match) {
    throw new AppError("usage", { message: "Expected key=text, key:=json, key=@file or @file.json." });
  }
  const [, key = "", operator, text = ""] = match;
  return assign(input, key.split("."), await fieldValue(operator === ":=", text, cwd));
}

async function fieldValue(isJson: boolean, text: string, cwd: string): Promise<Json> {
  const content = text.startsWith("@") ? await readText(text.slice(1), cwd) : text;
  return isJson ? parseJson(content) : content;
}

function assign(target: JsonObject, [key = "", ...rest]: readonly string[], value: Json): JsonObject {
  if (key === "") throw new AppError("usage", { message: "A key is empty." });
  const inner = Object.hasOwn(target, key) ? target[key] : undefined;
  const next = rest.length === 0 ? value : assign(isJsonObject(inner) ? inner : {}, rest, value);
  // Not by assignment: a key named __proto__ is a key like any other.
  return Object.fromEntries([...Object.entries(target as Field), [key, next]]);
}

function parseJson(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    throw new AppError("usage", {
      message: `Not JSON: ${error instanceof Error ? error.message : error}.`,
      cause: error,
    });
  }
}

/** A file's text. @param path relative to `cwd`; `-` is standard input. @throws AppError file_unreadable */
export async function readText(path: string, cwd: string): Promise<string> {
  try {
    return await readFile(path === "-" ? "/dev/stdin" : resolve(cwd, path), "utf8");
  } catch (error) {
    const reason = error instanceof Error && "code" in error ? reasons[String(error.code)] : undefined;
    throw new AppError("file_unreadable", {
      message: `${path} cannot be read: ${reason ?? (error instanceof Error ? error.message : String(error))}.`,
      details: { path },
      cause: error,
    });
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  EISDIR: "it is a folder",
  EACCES: "it may not be read by you",
};

/** What a parser makes of a file's text. Its mistakes are told with the file's name. @throws AppError the parser's; file_unreadable */
export async function readParsed<T>(path: string, cwd: string, parse: (text: string) => T): Promise<T> {
  const text = await readText(path, cwd);
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const { code, message, problems, details } = error;
    throw new AppError(code, { message, problems, details: { ...details, file: path }, cause: error });
  }
}
