/** A piece of an SVG picture, as text that is safe to put into it. */
export type Svg = string & { readonly svg: true };

/** Attributes of an element. Numbers are written with two digits at most. */
type Attributes = Readonly<Record<string, string | number | null>>;

/** An element with what is in it. Attributes that are null are left out. */
export function element(name: string, attributes: Attributes, ...content: readonly Svg[]): Svg {
  const written = Object.entries(attributes)
    .filter(([, value]) => value !== null)
    .map(([key, value]) => ` ${key}="${escaped(typeof value === "number" ? digits(value) : String(value))}"`)
    .join("");
  return (content.length === 0 ? `<${name}${written}/>` : `<${name}${written}>${content.join("")}</${name}>`) as Svg;
}

/** Words that stand in the picture. */
export function words(text: string): Svg {
  return escaped(text) as Svg;
}

/** A line of text. */
export function label(x: number, y: number, text: string, attributes: Attributes = {}): Svg {
  return element("text", { x, y, ...attributes }, words(text));
}

function digits(value: number): string {
  return String(Math.round(value * 100) / 100);
}

const entities: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (character) => entities[character] ?? "");
}
