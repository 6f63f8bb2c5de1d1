import OpenAI from "openai";

const openai = new OpenAI({
  baseURL: `${process.env.SWITCHYARD_URL ?? "http://127.0.0.1:7700"}/v1`,
  apiKey: process.env.SWITCHYARD_API_KEY ?? "none",
});
const messages = [{ role: "user", content: "Name one ferry between Denmark and Norway." }];

// `auto`: the routing chooses. A hint is one more member of the request, or a header.
const { data, response } = await openai.chat.completions.create({ model: "auto", messages }).withResponse();
console.log(data.choices[0]?.message.content);
console.log(
  `served by ${response.headers.get("x-switchyard-provider")}, ${response.headers.get("x-switchyard-decision")}`,
);

const stream = await openai.chat.completions.create({ model: "anthropic/claude-sonnet-4-6", messages, stream: true });
for await (const chunk of stream) process.stdout.write(chunk.choices[0]?.delta.content ?? "");
console.log();
