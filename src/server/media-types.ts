/** Media types of a JSON body. */
export const jsonTypes: readonly string[] = ["application/json"];

/** Media types of a YAML body, which is read as text. */
export const yamlTypes: readonly string[] = ["text/yaml", "application/yaml", "text/x-yaml", "application/x-yaml"];
