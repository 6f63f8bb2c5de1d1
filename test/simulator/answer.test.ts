import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { answer } from "../../src/simulator/answer/answer.ts";
import { type Asked, toAsked } from "../../src/simulator/asked.ts";
import { calmLog, paymentsLog } from "./support/incident-log.ts";

const ask = (prompt: string, system = "", more: Partial<Asked> = {}): Asked =>
  toAsked(
    [
      { role: "system", text: system },
      { role: "user", text: prompt },
    ],
    { model: "m", stream: false, ...more },
  );
const say = (prompt: string, system?: string) =>
  answer("openai", ask(prompt, system)).text.split("\n").slice(1).join("\n");
const json = (prompt: string, properties: object): unknown =>
  JSON.parse(answer("openai", ask(prompt, "", { json: { schema: { type: "object", properties } as never } })).text);

describe("free text", () => {
  test("a timeline is the lines in the order of their times", () => {
    const shuffled = paymentsLog.split("\n").reverse().join("\n");
    const lines = say(`List what happened to payments-api, in order:\n${shuffled}`).split("\n");
    expect(lines[0]).toBe("2026-03-01:");
    expect(lines[1]).toBe("10:00:01 payments-api: deploy 4.2.1 started");
    expect(lines.slice(1)).toHaveLength(7);
    expect(lines.slice(1).sort()).toEqual(lines.slice(1));
  });

  test("impact is who was affected, with the numbers", () => {
    expect(say(`Who was affected, and how badly?\n${paymentsLog}`)).toBe(
      "It lasted 20 min, from 10:03:44 to 10:23:15.\ncheckout-web: 502 from payments-api, 340 customers could not pay.",
    );
    expect(say(`Who was affected, and how badly?\n${calmLog}`)).toMatch(/^The text names nobody who was affected\./);
  });

  test("a cause is the line that names one, with its time and the change before", () => {
    expect(say(`What was the root cause?\n${paymentsLog}`).split("\n")).toEqual([
      "Most likely cause: payments-api: connection pool exhausted because of a leak in release 4.2.1.",
      "Shown best by the line of 10:09:30 (payments-api).",
      "Changed 4 min before the first failure: deploy 4.2.1 started (10:00:01).",
      "How sure: likely.",
    ]);
  });

  test("a report has its parts", () => {
    const report = say(`Write an incident report.\n${paymentsLog}`);
    for (const part of ["Report: payments-api", "Summary\n", "What happened\n", "Impact\n", "Cause\n", "Next\n"]) {
      expect(report).toContain(part);
    }
  });

  test("a report can be made of earlier answers, without their prefixes", () => {
    const timeline = answer("openai", ask(`List what happened, in order:\n${paymentsLog}`)).text;
    const impact = answer("ollama", ask(`Who was affected?\n${paymentsLog}`)).text;
    const report = say(`${timeline}\nImpact: ${impact}`, "You write for managers.");
    expect(report).toContain("340 customers could not pay");
    expect(report).not.toContain("[simulated");
    expect(report.match(/Impact/g)).toHaveLength(1);
  });

  test("a label is one of those that the prompt offers", () => {
    expect(
      say("Classify this message as billing, shipping or technical:\nMy parcel is late, the courier lost it."),
    ).toBe("shipping");
    expect(
      say("Classify this message as billing, shipping or technical:\nYou charged my card twice for one invoice."),
    ).toBe("billing");
    expect(say("Label this as positive or negative: I love it, thank you, great work")).toBe("positive");
  });

  test("a letter answers the one who signed", () => {
    const mail = "Hello,\nmy two chairs (order A-1042) still have not arrived. Nobody answers.\nRegards,\nAnn Lee";
    expect(say(`Draft a polite reply to this customer.\n${mail}`)).toMatch(/^Dear Ann Lee,\n\n.*A-1042/);
  });

  test("a question is answered with what speaks of it, or with yes or no", () => {
    const news = "About 12,000 drivers use the bridge. The repair will cost 30 million euros.";
    expect(say(`What does the repair cost?\n${news}`)).toBe("The repair will cost 30 million euros.");
    expect(say(`Is this about a bridge? Answer yes or no.\n${news}`)).toBe("yes");
    expect(say(`Is this about a tunnel? Answer yes or no.\n${news}`)).toBe("no");
  });

  test("a translation is declined", () => {
    expect(say("Translate into French:\nGood morning. The shop is closed.")).toMatch(
      /^A simulated provider cannot translate\./,
    );
  });

  test("a prompt without stuff is answered honestly", () => {
    expect(say("Write a haiku about rain.")).toContain("brings no text to work on");
    expect(say("")).toContain("brings no text to work on");
  });

  test("a follow-up works on what was said before", () => {
    const turns = [
      { role: "user", text: `Here is a log.\n${paymentsLog}` },
      { role: "assistant", text: "Thank you." },
      { role: "user", text: "Who was affected?" },
    ];
    expect(answer("openai", toAsked(turns, { model: "m", stream: false })).text).toContain("340 customers");
  });

  test("another input gives another answer, the same one the same", () => {
    const prompts = ["Summarise.", "Write a report.", "List what happened, in order:", "What should we do next?"];
    const answers = prompts.flatMap((wish) => [paymentsLog, calmLog].map((log) => say(`${wish}\n${log}`)));
    expect(new Set(answers).size).toBe(answers.length);
    expect(say(`Summarise.\n${paymentsLog}`)).toBe(say(`Summarise.\n${paymentsLog}`));
  });

  test("any prompt is answered, within its token limit, beginning with the line that says what this is", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "grapheme", maxLength: 400 }),
        fc.integer({ min: 20, max: 200 }),
        (prompt, maxTokens) => {
          const { text, outputTokens, finish } = answer("openai", ask(prompt, "", { maxTokens }));
          expect(text.startsWith("[simulated openai/m]\n")).toBe(true);
          expect(outputTokens).toBeLessThanOrEqual(maxTokens);
          expect(["stop", "length"]).toContain(finish);
        },
      ),
    );
  });
});

describe("JSON", () => {
  const string = { type: "string" };

  test("takes what the text writes beside a key, or what has the key's form", () => {
    const mail = `From: Ann Lee <ann.lee@example.org>
Order: A-1042
Hello, on 2026-02-03 I paid $49.90 for 3 chairs, please call +44 20 7946 0000. See https://example.org/x. Ann Lee`;
    const properties = {
      email: string,
      order: string,
      customer_name: string,
      date: { type: "string", format: "date" },
      amount: string,
      chairs: { type: "integer" },
      phone: string,
      link: { type: "string", format: "uri" },
    };
    expect(json(`Extract the data.\n${mail}`, properties)).toEqual({
      email: "ann.lee@example.org",
      order: "A-1042",
      customer_name: "Ann Lee",
      date: "2026-02-03",
      amount: "$49.90",
      chairs: 3,
      phone: "+44 20 7946 0000",
      link: "https://example.org/x.",
    });
  });

  test("an enum's value is the one that the text speaks for, not one that the instruction lists", () => {
    const severity = { severity: { enum: ["low", "high", "critical"] } };
    const wish = "Classify as low, high or critical.";
    expect(json(`${wish}\n${paymentsLog}`, severity)).toEqual({ severity: "critical" });
    expect(json(`${wish}\n${calmLog}`, severity)).toEqual({ severity: "low" });
    const category = { category: { enum: ["billing", "shipping", "other"] } };
    expect(json("Sort this.\nThe invoice was charged twice.", category)).toEqual({ category: "billing" });
    expect(json("Sort this.\nNice weather today, is it not.", category)).toEqual({ category: "other" });
  });

  test("a boolean is true if the text speaks of it and doesn't deny it", () => {
    const properties = { data_loss: { type: "boolean" }, rolled_back: { type: "boolean" } };
    expect(json("Read.\nThere was no data loss. It was rolled back.", properties)).toEqual({
      data_loss: false,
      rolled_back: true,
    });
    expect(json("Read.\nThere was data loss. Nothing else.", properties)).toEqual({
      data_loss: true,
      rolled_back: false,
    });
  });

  test("a list of objects has one for each line", () => {
    const item = { type: "object", properties: { name: string, quantity: { type: "integer" } } };
    const lines = "- name: chair, quantity: 2\n- name: table, quantity: 1";
    expect(json(`Turn this list into items.\n${lines}`, { items: { type: "array", items: item } })).toEqual({
      items: [
        { name: "chair", quantity: 2 },
        { name: "table", quantity: 1 },
      ],
    });
  });

  test("follows a schema that stands in the prompt", () => {
    const schema = JSON.stringify({ type: "object", properties: { component: string } });
    const { text } = answer("ollama", ask(`Answer with JSON of this schema: ${schema}\n${paymentsLog}`));
    expect(JSON.parse(text)).toEqual({ component: "payments-api" });
  });
});
