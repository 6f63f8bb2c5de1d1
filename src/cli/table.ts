import stringWidth from "string-width";
import type { Paint } from "./output.ts";

/** Rows as aligned columns, two spaces apart, without blanks at the line's end. Cells may hold colours and wide characters. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, stringWidth(cell));
    });
  }
  return rows.map((row) =>
    row
      // A coloured empty cell still has characters: without them no blank is left at the line's end.
      .slice(0, row.findLastIndex((cell) => stringWidth(cell) > 0) + 1)
      .map((cell, column) => cell + " ".repeat((widths[column] ?? 0) - stringWidth(cell)))
      .join("  ")
      .trimEnd(),
  );
}

/** A {@link table} under dim heads. */
export function headedTable(
  heads: readonly string[],
  rows: readonly (readonly string[])[],
  paint: Pick<Paint, "dim">,
): string[] {
  return table([heads.map((head) => paint.dim(head)), ...rows]);
}
