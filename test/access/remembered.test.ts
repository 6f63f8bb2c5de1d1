import { describe, expect, test } from "vitest";
import { Remembered } from "../../src/access/remembered.ts";

const away = () => Promise.reject(new Error("Command timed out"));
const never = () => new Promise<string>(() => undefined);

describe("what is remembered of Redis", () => {
  let time = 0;
  const opened = (outage = { isOn: false }) =>
    new Remembered<string>({ clock: () => time, freshMs: 5_000, staleMs: 60_000, outage });

  test("while Redis does not answer one request waits for it, the others go by what was known", async () => {
    const remembered = opened();
    await remembered.get("key", async () => "known");
    time += 6_000;
    expect(await remembered.get("key", away)).toBe("known");
    expect(await remembered.get("key", never)).toBe("known");
  });

  test("those who share the outage wait once between them", async () => {
    const outage = { isOn: false };
    const [one, other] = [opened(outage), opened(outage)];
    for (const remembered of [one, other]) await remembered.get("key", async () => "known");
    time += 6_000;
    expect(await one.get("key", away)).toBe("known");
    expect(await other.get("key", never)).toBe("known");
  });

  test("the first answer ends it: the next request has what Redis says", async () => {
    const remembered = opened();
    await remembered.get("key", async () => "known");
    time += 6_000;
    await remembered.get("key", away);
    expect(await remembered.get("key", async () => "changed")).toBe("known");
    expect(await remembered.get("key", never)).toBe("changed");
  });

  test("a change that was told is looked up, outage or not", async () => {
    const remembered = opened();
    await remembered.get("key", async () => "known");
    time += 6_000;
    await remembered.get("key", away);
    remembered.outdate();
    expect(await remembered.get("key", async () => "changed")).toBe("changed");
  });

  test("what was never known is an error, and what is too old as well", async () => {
    const remembered = opened();
    await expect(remembered.get("key", away)).rejects.toThrow("Command timed out");
    await remembered.get("key", async () => "known");
    time += 61_000;
    await expect(remembered.get("key", away)).rejects.toThrow("Command timed out");
  });
});
