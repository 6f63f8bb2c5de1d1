import { AppError } from "../core/errors.ts";
import type { JsonObject } from "../core/json.ts";
import type { RoutingTarget } from "../core/routing.ts";
import { type Asker, askerHeaders } from "./asker.ts";
import { BeginningsClient } from "./beginnings-client.ts";
import type { CallOptions, ChatAnswer, ChatPiece, ChatRequest, Embedded, EmbedRequest, OfferedModel } from "./chat.ts";
import { EventStreamParser } from "./event-stream.ts";
import { type ApiRequest, chunksOf, type Http } from "./http.ts";
import { errorFromAnswer, parseObject } from "./problem.ts";
import { ChatReading, readAnswer, servedBy } from "./read-chat.ts";

/** What is asked of models through the router, without a workflow; and the providers. Failures as those of the client. */
export class ModelsClient extends BeginningsClient {
  readonly #http: Http;

  /** @param http of the server */
  constructor(http: Http) {
    super(http);
    this.#http = http;
  }

  /** Asks a model, whole. @throws AppError bad_request, unknown_provider, budget_spent, provider_failed - with `details.calls`, ...; cancelled - the signal fired */
  async chat(request: ChatRequest, options: CallOptions = {}): Promise<ChatAnswer> {
    return readAnswer(await this.#http.json<JsonObject>(asked("/v1/chat/completions", bodyOf(request), options)));
  }

  /**
   * Asks a model and gives its answer piece by piece; the last piece, `end`, is the whole of it, with who served, usage, cost and calls. Whoever stops reading ends the call.
   * @throws AppError as {@link chat}; also in between, where the answer breaks off
   */
  async *chatStream(request: ChatRequest, options: CallOptions = {}): AsyncGenerator<ChatPiece, void> {
    const body = { ...bodyOf(request), stream: true, stream_options: { include_usage: true } };
    const end = new AbortController();
    const { signal, ...rest } = options;
    const stop = () => end.abort();
    signal?.addEventListener("abort", stop);
    if (signal?.aborted) stop();
    try {
      const answer = await this.#http.open(asked("/v1/chat/completions", body, { ...rest, signal: end.signal }));
      const reading = new ChatReading();
      for await (const data of this.#messages(answer.body)) {
        if (data === "[DONE]") {
          yield { type: "end", answer: reading.end() };
          return;
        }
        const chunk = parseObject(data) ?? {};
        if ("error" in chunk) throw errorFromAnswer(this.#http.url, answer.status, data);
        yield* reading.chunk(chunk);
      }
      throw this.#cut();
    } catch (error) {
      if (signal?.aborted) throw new AppError("cancelled", { cause: error });
      throw error instanceof AppError ? error : this.#cut(error);
    } finally {
      signal?.removeEventListener("abort", stop);
      stop();
    }
  }

  /** Makes vectors of texts. @throws as {@link chat} */
  async embed(request: EmbedRequest, options: CallOptions = {}): Promise<Embedded> {
    const { hints, ...rest } = request;
    const body = { ...rest, ...hints, encoding_format: "float" };
    type Answer = JsonObject & { readonly data: readonly { readonly embedding: readonly number[] }[] };
    const { data, usage, switchyard } = await this.#http.json<Answer>(asked("/v1/embeddings", body, options));
    return { vectors: data.map(({ embedding }) => embedding), ...servedBy(switchyard, usage) };
  }

  /** What requests may name as their model: models, aliases, `auto`. */
  async models(): Promise<readonly OfferedModel[]> {
    return (await this.#http.json<{ readonly data: readonly WireModel[] }>({ path: "/v1/models" })).data.map(toModel);
  }

  /** One of them; `PROVIDER/MODEL` too. @throws AppError not_found, unknown_provider */
  async model(id: string): Promise<OfferedModel> {
    return toModel(await this.#http.json<WireModel>({ path: `/v1/models/${encodeURIComponent(id)}` }));
  }

  /** The configured providers, each with its health and what of its limits is used. */
  async providers(): Promise<readonly RoutingTarget[]> {
    return (await this.#http.json<{ readonly providers: readonly RoutingTarget[] }>({ path: "/v1/providers" }))
      .providers;
  }

  /** One of them. @throws AppError unknown_provider */
  provider(name: string): Promise<RoutingTarget> {
    return this.#http.json({ path: `/v1/providers/${encodeURIComponent(name)}` });
  }

  /** Asks a provider whether it is up; what it says counts for its health. @throws AppError unknown_provider */
  testProvider(
    name: string,
    asker: Asker = {},
  ): Promise<{ readonly result: "up" | "down" | "skipped"; readonly provider: RoutingTarget }> {
    const path = `/v1/providers/${encodeURIComponent(name)}/test`;
    return this.#http.json({ method: "POST", path, headers: askerHeaders(asker) });
  }

  async *#messages(body: Parameters<typeof chunksOf>[0]): AsyncGenerator<string> {
    const parser = new EventStreamParser();
    const decoder = new TextDecoder();
    for await (const bytes of chunksOf(body)) {
      for (const { data } of parser.push(decoder.decode(bytes, { stream: true }))) yield data;
    }
  }

  #cut(cause?: unknown): AppError {
    const message = `The connection to ${this.#http.url} was cut before the answer's end.`;
    return new AppError("server_unreachable", { message, cause });
  }
}

interface WireModel {
  readonly id: string;
  readonly switchyard: { readonly alias: boolean; readonly providers: readonly string[] };
}

function toModel({ id, switchyard: { alias, providers } }: WireModel): OfferedModel {
  return { id, alias, providers };
}

/** Hints stand at the top of the body. */
function bodyOf({ hints, model = "auto", ...rest }: ChatRequest): object {
  return { model, ...rest, ...hints };
}

function asked(path: string, body: object, options: CallOptions): ApiRequest {
  return {
    method: "POST",
    path,
    headers: { "content-type": "application/json", ...askerHeaders(options) },
    body: JSON.stringify(body),
    ...(options.signal ? { signal: options.signal } : {}),
  };
}
