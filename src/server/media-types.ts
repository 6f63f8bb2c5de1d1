/** Media types of a JSON body. */
export const jsonTypes: readonly string[] = ["application/json"];

/** Media types of a YAML body, which is read as text. */
export const yamlTypes: readonly string[] = ["text/yaml", "application/yaml", "text/x-yaml", "application/x-yaml"];

/** Media types of lines of JSON, which are read as text. */
export const linesTypes: readonly string[] = ["application/x-ndjson", "application/ndjson", "application/jsonl"];

/** Media types of what is delivered to a trigger; it is read as bytes, for these are signed. */
export const hookTypes: readonly string[] = [
  ...jsonTypes,
  "application/cloudevents+json",
  "application/x-www-form-urlencoded",
  "text/plain",
];
