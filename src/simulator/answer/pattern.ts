/**
 * A text that a regular expression takes: a part of the given text if one fits as a whole, else one made from the expression. Made are
 * literals, classes, groups, alternatives and quantifiers; look-around and back-references are not understood.
 */
export function fromPattern(pattern: string, text: string, least: number, most: number): string {
  const matcher = compile(pattern);
  if (!matcher) return "simulated";
  const fits = (candidate: string) => candidate.length >= least && candidate.length <= most && matcher.test(candidate);
  const part = text
    .slice(0, 8_000)
    .match(/[^\s,;"'()[\]]+/g)
    ?.find(fits);
  if (part !== undefined) return part;
  const made = new PatternWriter(pattern).write();
  return made.length >= least || !matcher.test(made + made.slice(-1).repeat(least - made.length))
    ? made
    : made + made.slice(-1).repeat(least - made.length);
}

function compile(pattern: string): RegExp | undefined {
  try {
    return new RegExp(pattern, "u");
  } catch {
    return undefined;
  }
}

const classes: Readonly<Record<string, string>> = {
  d: "0",
  w: "a",
  s: " ",
  D: "a",
  W: "-",
  S: "a",
  n: "\n",
  t: "\t",
  b: "",
  B: "",
};

/** Writes the shortest text of a pattern, reading it once from left to right. */
class PatternWriter {
  readonly #pattern: string;
  #at = 0;

  constructor(pattern: string) {
    this.#pattern = pattern;
  }

  write(): string {
    const first = this.#sequence();
    while (this.#peek() === "|") {
      this.#at++;
      this.#sequence();
    }
    return first;
  }

  #peek(): string {
    return this.#pattern.charAt(this.#at);
  }

  #sequence(): string {
    let out = "";
    while (this.#at < this.#pattern.length && this.#peek() !== "|" && this.#peek() !== ")") {
      const atom = this.#atom();
      out += atom.repeat(this.#count());
    }
    return out;
  }

  #atom(): string {
    const char = this.#pattern.charAt(this.#at++);
    if (char === "^" || char === "$") return "";
    if (char === ".") return "a";
    if (char === "\\") return this.#escape();
    if (char === "[") return this.#class();
    if (char !== "(") return char;
    const special = /^\?(?::|<[A-Za-z]\w*>)/.exec(this.#pattern.slice(this.#at));
    if (special) this.#at += special[0].length;
    const inner = this.write();
    this.#at++;
    return inner;
  }

  #escape(): string {
    const char = this.#pattern.charAt(this.#at++);
    if (char === "p" || char === "P") {
      this.#at = this.#pattern.indexOf("}", this.#at) + 1;
      return "a";
    }
    return classes[char] ?? char;
  }

  /** A character of a class: its first, or for a negated one the first of some that it doesn't name. */
  #class(): string {
    const end = this.#closing();
    const body = this.#pattern.slice(this.#at, end);
    this.#at = end + 1;
    const matcher = compile(`^[${body}]$`);
    for (const char of "a0A-_. /:@bz19Z~!#") if (matcher?.test(char)) return char;
    return body.replace(/^\\/, "").charAt(0);
  }

  #closing(): number {
    let at = this.#at;
    while (at < this.#pattern.length && (this.#pattern[at] !== "]" || at === this.#at))
      at += this.#pattern[at] === "\\" ? 2 : 1;
    return at;
  }

  #count(): number {
    const found = /^(?:[*?]|\+|\{(\d+)(?:,\d*)?\})\??/.exec(this.#pattern.slice(this.#at));
    if (!found) return 1;
    this.#at += found[0].length;
    if (found[1] !== undefined) return Number(found[1]);
    return found[0].startsWith("+") ? 1 : 0;
  }
}
