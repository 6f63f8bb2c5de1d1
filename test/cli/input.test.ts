import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readInput, withJsonHints } from "../../src/cli/input.ts";
import { AppError } from "../../src/core/errors.ts";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "switchyard-input-"));
  writeFileSync(join(folder, "app.log"), "line 1\nline 2\n");
  writeFileSync(join(folder, "input.json"), '{"log": "from file", "n": 1}');
  writeFileSync(join(folder, "list.json"), "[1, 2]");
});
afterAll(() => rmSync(folder, { recursive: true }));

const read = (...values: string[]) => readInput(values, folder);

describe("readInput", () => {
  test("takes texts, JSON values and files, the later over the earlier", async () => {
    expect(await read("@input.json", "log=@app.log", "n:=2", "list:=@list.json", "url=http://a/?b=c")).toEqual({
      log: "line 1\nline 2\n",
      n: 2,
      list: [1, 2],
      url: "http://a/?b=c",
    });
  });

  test("reaches into objects by dots", async () => {
    expect(await read('user:={"name":"a"}', "user.age:=3", "x.y.z=1")).toEqual({
      user: { name: "a", age: 3 },
      x: { y: { z: "1" } },
    });
  });

  test("keeps a key named __proto__ a plain key", async () => {
    const input = await read("__proto__.admin:=true");
    expect(Object.keys(input)).toEqual(["__proto__"]);
    expect(({} as { admin?: boolean }).admin).toBeUndefined();
  });

  test("lists everything that is wrong at once", async () => {
    await expect(read("nonsense", "a:={", "@list.json", "ok=1", "b..c=1")).rejects.toMatchObject({
      code: "usage",
      problems: [
        { path: "--input nonsense" },
        { path: "--input a:={" },
        { path: "--input @list.json", message: "The file must hold a JSON object." },
        { path: "--input b..c=1", message: "A key is empty." },
      ],
    });
  });

  test("names a file that cannot be read", async () => {
    await expect(read("a=@missing.txt")).rejects.toMatchObject({
      code: "file_unreadable",
      message: "missing.txt cannot be read: there is no such file.",
    });
  });

  test("gives back any text and any JSON value", async () => {
    const key = fc.stringMatching(/^[a-z]{1,8}$/);
    await fc.assert(
      fc.asyncProperty(
        key,
        fc.string().filter((text) => !text.startsWith("@")),
        fc.jsonValue(),
        async (name, text, json) => {
          expect(await read(`${name}=${text}`)).toEqual({ [name]: text });
          expect(await read(`${name}:=${JSON.stringify(json)}`)).toEqual({ [name]: JSON.parse(JSON.stringify(json)) });
        },
      ),
    );
  });
});

describe("a refused input", () => {
  const refused = (...paths: string[]) =>
    new AppError("invalid_input", { problems: paths.map((path) => ({ path, message: "must be otherwise" })) });

  test("says how JSON is given, where a text that was given is JSON", async () => {
    const values = ["items=[1]", "n=5", "deep.on=true", "name=Ada", "log=@app.log", "list:=[1]", 'long={ "a": 1 }'];
    const error = refused(
      "input.items",
      "input.n",
      "input.deep.on",
      "input.name",
      "input.log",
      "input.list",
      "input.long",
    );
    const { problems } = await withJsonHints(Promise.reject(error), values).catch((refusal: AppError) => refusal);
    expect(problems.map(({ message }) => message)).toEqual([
      "must be otherwise; = gives a text, := gives JSON: --input 'items:=[1]'",
      "must be otherwise; = gives a text, := gives JSON: --input 'n:=5'",
      "must be otherwise; = gives a text, := gives JSON: --input 'deep.on:=true'",
      "must be otherwise",
      "must be otherwise",
      "must be otherwise",
      "must be otherwise; = gives a text, := gives JSON: --input 'long:=JSON'",
    ]);
  });

  test("stays what it is where it is something else, as does an answer", async () => {
    const other = new AppError("invalid_definition");
    await expect(withJsonHints(Promise.reject(other), ["a=1"])).rejects.toBe(other);
    expect(await withJsonHints(Promise.resolve("done"), ["a=1"])).toBe("done");
  });
});
