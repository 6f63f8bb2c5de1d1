/** Why a text is no well-formed XML, or undefined. Knows what our pictures are made of: elements, attributes, text, no comments or CDATA. */
export function xmlMistake(text: string): string | undefined {
  const open: string[] = [];
  let end = 0;
  for (const match of text.matchAll(/<(\/?)([A-Za-z][\w-]*)((?:\s+[\w:-]+="[^"<]*")*)\s*(\/?)>/g)) {
    const [whole, isEnd, name = "", attributes = "", isEmpty] = match;
    const between = text.slice(end, match.index) + attributes;
    if (/[<]|&(?!amp;|lt;|gt;|quot;)/.test(between)) return `unescaped in ${JSON.stringify(between)}`;
    end = match.index + whole.length;
    if (isEnd && open.pop() !== name) return `</${name}> closes what is not open`;
    if (!isEnd && !isEmpty) open.push(name);
  }
  if (/[^\P{Cc}\t\n\r]/u.test(text)) return "a control character";
  if (text.slice(end).trim() !== "") return `left over: ${text.slice(end)}`;
  return open.length === 0 ? undefined : `never closed: ${open.join(", ")}`;
}
