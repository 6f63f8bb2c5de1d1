// A provider of one's own: Acme, which speaks a JSON of its own, streams lines of JSON, and has neither tools nor pictures.

const prices = { "acme-large": { inputPerMillion: 2, outputPerMillion: 8 } };
const finishReasons = { end: "stop", limit: "length", filtered: "content-filter" };

/** @type {import("switchyard/providers").PluginFactory} */
export default ({ settings, options, fetch, httpFailure }) => {
  const send = async (path, { apiKey, signal, headers, idempotencyKey }, body) => {
    const response = await fetch(`${settings.endpoint}${path}`, {
      method: body ? "POST" : "GET",
      headers: {
        ...headers,
        "content-type": "application/json",
        "x-acme-key": apiKey ?? "",
        "x-acme-tenant": String(options.tenant ?? "none"),
        ...(idempotencyKey ? { "idempotency-key": idempotencyKey } : {}),
      },
      // With the signal the call ends when its caller or its time does.
      signal,
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    // Status, Retry-After and message become a failure of the right class.
    if (!response.ok) throw await httpFailure(response);
    return response;
  };

  return {
    async call(request, call) {
      const isStreamed = call.onDelta !== undefined;
      const response = await send("/generate", call, asked(request, call.model, isStreamed));
      const answer = isStreamed ? await readLines(response, call.onDelta) : await response.json();
      return {
        text: answer.text,
        finishReason: finishReasons[answer.stop] ?? "other",
        usage: { inputTokens: answer.used?.read, outputTokens: answer.used?.written },
        warnings: leftOut(request),
      };
    },
    async check(signal) {
      await (await send("/health", { apiKey: settings.keys[0]?.secret ?? null, signal })).text();
    },
    serves: (model) => model.startsWith("acme-"),
    price: (model) => prices[model] ?? null,
    capabilities: () => ({ contextWindow: 128_000, tools: false, images: false, reasoning: false }),
  };
};

/** Acme's request. */
function asked({ system, messages, maxTokens, temperature, stop, outputSchema }, model, stream) {
  return {
    model,
    stream,
    system,
    turns: messages.map(({ role, content }) => ({ from: role === "assistant" ? "model" : "user", text: content })),
    limits: { tokens: maxTokens, stop },
    temperature,
    ...(outputSchema ? { shape: outputSchema } : {}),
  };
}

/** What Acme cannot do is said, not dropped in silence: it is kept with the call. */
function leftOut({ seed, tools, reasoning, messages }) {
  return [
    ...(seed === undefined ? [] : ["seed: not supported, left out"]),
    ...(tools === undefined ? [] : ["tools: not supported, left out"]),
    ...(reasoning === undefined ? [] : ["reasoning: not supported, left out"]),
    ...(messages.some(({ images }) => images?.length > 0) ? ["images: not supported, left out"] : []),
  ];
}

/** Lines of `{"text": ...}`, the last one with `stop` and `used`. A stream without that last line is no answer, however much of it came. */
async function readLines(response, onDelta) {
  const decoder = new TextDecoder();
  let text = "";
  let end;
  let rest = "";
  const read = (line) => {
    if (line.trim() === "") return;
    const part = JSON.parse(line);
    if (part.stop) end = part;
    else if (typeof part.text !== "string") throw new Error(`a line of another shape: ${line}`);
    else {
      text += part.text;
      onDelta(part.text);
    }
  };
  for await (const bytes of response.body) {
    const lines = (rest + decoder.decode(bytes, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    lines.forEach(read);
  }
  read(rest);
  if (!end) throw new Error("the stream ended before the answer did");
  return { ...end, text };
}
