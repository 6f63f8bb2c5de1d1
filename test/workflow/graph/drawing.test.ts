import { readdirSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checkDefinition } from "../../../src/workflow/check.ts";
import { graphFormats } from "../../../src/workflow/graph/draw.ts";
import type { Graph } from "../../../src/workflow/graph/graph.ts";
import { mermaidText } from "../../../src/workflow/graph/mermaid.ts";
import { placed } from "../../../src/workflow/graph/placement.ts";
import { svgText } from "../../../src/workflow/graph/svg.ts";
import { xmlMistake } from "../support/xml.ts";

const incident = checkDefinition(
  readFileSync(new URL("../../../workflows/incident-report.yaml", import.meta.url), "utf8"),
);

const llm = { prompt: "x" };
const mermaid = (steps: readonly object[]) =>
  graphFormats.mermaid.draw(checkDefinition({ name: "a", steps: steps as never }), false);

describe("a workflow as Mermaid text", () => {
  test("has a node for each step with its kind and condition, and an arrow for each need", () => {
    expect(graphFormats.mermaid.draw(incident, false)).toBe(`flowchart TB
  n_the_start((" "))
  n_facts["facts<br/><small>llm</small>"]
  n_classify["classify<br/><small>llm</small>"]
  n_timeline["timeline<br/><small>llm</small>"]
  n_impact["impact<br/><small>llm</small><br/><small>when steps.classify.output.severity != #34;low#34;</small>"]:::conditional
  n_root_cause["root_cause<br/><small>llm</small>"]
  n_report["report<br/><small>llm</small>"]
  n_actions["actions<br/><small>llm</small>"]
  n_the_end(((" ")))
  n_the_start --> n_facts
  n_facts --> n_classify
  n_classify --> n_timeline
  n_classify --> n_impact
  n_classify --> n_root_cause
  n_timeline --> n_report
  n_impact --> n_report
  n_root_cause --> n_report
  n_report --> n_actions
  n_actions --> n_the_end
  classDef conditional stroke-dasharray: 5 4
  classDef fork fill:#888,stroke:#888
`);
  });

  test("leads with broken lines to what undoes a step, and to where a failed one goes", () => {
    const text = mermaid([
      { id: "a", llm, on_error: { goto: "sorry" }, compensate: { llm } },
      { id: "b", llm },
      { id: "sorry", needs: [], llm },
    ]);
    expect(text.match(/^ {2}\S+ -\S+ ?.*$/gm)?.map((line) => line.trim())).toEqual([
      "n_the_start --> n_a",
      'n_a -.->|"error"| n_sorry',
      'n_a -.->|"undo"| n_a_compensate',
      "n_a --> n_b",
      "n_b --> n_the_end",
      "n_sorry --> n_the_end",
    ]);
  });

  test("keeps steps apart whose ids Mermaid would confuse, and takes its own words as ids", () => {
    const text = mermaid([
      { id: "end", llm },
      { id: "a-b", llm },
      { id: "a_b", llm },
      { id: "a--b", llm },
    ]);
    const nodes = [...text.matchAll(/^ {2}(\w+)\["(.+?)</gm)].map(([, name, label]) => [name, label]);
    expect(nodes).toEqual([
      ["n_end", "end"],
      ["n_a_b", "a-b"],
      ["n_a_b_2", "a_b"],
      ["n_a_b_3", "a--b"],
    ]);
    expect(text).toContain("  n_a_b --> n_a_b_2\n  n_a_b_2 --> n_a_b_3\n");
  });

  test("frames the steps inside a step, and goes on where they have ended", () => {
    const text = graphFormats.mermaid.draw(
      checkDefinition(`name: nested
input: { type: object, required: [files], properties: { files: { type: array } } }
steps:
  - id: each
    map:
      over: input.files
      steps:
        - id: read
          llm: { prompt: "{{ input.item }}" }
        - id: sort
          switch:
            cases:
              - when: steps.read.output == "urgent"
                steps: [{ id: alarm, llm: { prompt: x } }, { id: note, llm: { prompt: x } }]
            default: { steps: [{ id: file, llm: { prompt: x } }] }
  - id: after
    llm: { prompt: x }
`),
      false,
    );
    expect(text).toMatch(
      /^ {2}subgraph n_each_map\["each \(map\)"\]\n[\s\S]*?^ {4}subgraph n_sort_switch\["sort \(switch\)"\]$/m,
    );
    const arrows = [...text.matchAll(/^ {2}(\w+) -->(?:\|"(.*)"\|)? (\w+)$/gm)].map(([, from, label, to]) => [
      from,
      label,
      to,
    ]);
    expect(arrows.map(([from, label, to]) => `${from} ${label ?? ">"} ${to}`).sort()).toEqual(
      [
        "n_the_start > n_each",
        "n_each > n_read",
        "n_read > n_sort",
        "n_sort when steps.read.output == #34;urgent#34; n_alarm",
        "n_alarm > n_note",
        "n_note > n_each_sort_ends",
        "n_sort default n_file",
        "n_file > n_each_sort_ends",
        "n_each_sort_ends > n_each_ends",
        "n_each_ends > n_after",
        "n_after > n_the_end",
      ].sort(),
    );
  });

  test("of the statechart has a frame for each state with states, and the events and guards", () => {
    const text = graphFormats.mermaid.draw(incident, true);
    expect(text).toContain('subgraph n_impact["impact"]');
    expect(text).toContain('n_deciding -->|"[when true impact]"| n_running_2');
    expect(text).toContain('n_facts -.->|"error"| n_failed');
    const depth = [...text.matchAll(/^\s*(subgraph|end$)/gm)].map(([, word]) => word);
    expect(depth.filter((word) => word === "end")).toHaveLength(depth.length / 2);
  });
});

const reference = new URL("../../../docs/reference/", import.meta.url);
const examples = readdirSync(reference)
  .filter((file) => file.endsWith(".md"))
  .flatMap((file) => {
    const text = readFileSync(new URL(file, reference), "utf8");
    return [...text.matchAll(/^```yaml\n(name:[\s\S]*?)^```$/gm)].map(([, yaml = ""], index) => [
      `${file} ${index + 1}`,
      yaml,
    ]);
  });

describe("every workflow of the reference", () => {
  test.each(examples)("%s can be drawn in every form", (_example, yaml) => {
    const definition = checkDefinition(yaml);
    for (const isChart of [false, true]) {
      expect(xmlMistake(graphFormats.svg.draw(definition, isChart))).toBeUndefined();
      expect(graphFormats.mermaid.draw(definition, isChart)).toMatch(/^flowchart TB\n/);
    }
    expect(JSON.parse(graphFormats.xstate.draw(definition))).toMatchObject({ id: definition.name });
  });
});

describe("a workflow as a picture", () => {
  test("is well-formed, self-contained, and readable on light and dark screens", () => {
    const svg = graphFormats.svg.draw(incident, false);
    expect(xmlMistake(svg)).toBeUndefined();
    expect(svg).toContain("<title>incident-report</title>");
    expect(svg).toContain("@media (prefers-color-scheme: dark)");
    expect(svg.replace('xmlns="http://www.w3.org/2000/svg"', "")).not.toMatch(
      /https?:|<script|href|@import|url\((?!#)/,
    );
  });

  test("says a step's whole condition in its tooltip, however long it is", () => {
    const when = `input.a == "${"long ".repeat(60)}"`;
    const svg = graphFormats.svg.draw(checkDefinition({ name: "a", steps: [{ id: "b", when, llm }] }), false);
    expect(svg).toContain(`when ${when.replaceAll('"', "&quot;")}</title>`);
    expect(xmlMistake(svg)).toBeUndefined();
  });

  test("is well-formed whatever the author wrote", () => {
    const text = fc.string({ unit: "binary" });
    fc.assert(
      fc.property(
        fc.array(fc.record({ label: text, detail: text, condition: text }), { maxLength: 5 }),
        text,
        (boxes, name) => {
          const nodes = boxes.map((box, index) => ({ ...box, id: String(index), shape: "box" as const }));
          const graph: Graph = { name, description: name, nodes, edges: [], groups: [] };
          expect(xmlMistake(svgText(graph))).toBeUndefined();
          expect(
            mermaidText(graph)
              .split("\n")
              .filter((line) => line.includes('["')),
          ).toHaveLength(boxes.length);
        },
      ),
      { numRuns: 100 },
    );
  });

  test("puts no two boxes on each other and everything inside the page, for any workflow", () => {
    const workflow = fc.array(fc.record({ needs: fc.array(fc.nat(), { maxLength: 3 }), when: fc.boolean() }), {
      minLength: 1,
      maxLength: 14,
    });
    fc.assert(
      fc.property(workflow, fc.boolean(), (shapes, isChart) => {
        const steps = shapes.map(({ needs, when }, index) => ({
          id: `s${index}`,
          llm,
          needs: index === 0 ? [] : [...new Set(needs.map((need) => `s${need % index}`))],
          ...(when ? { when: 'input.x == "yes"' } : {}),
        }));
        const svg = graphFormats.svg.draw(checkDefinition({ name: "a", steps }), isChart);
        expect(xmlMistake(svg)).toBeUndefined();
        const [, width, height] = (/viewBox="0 0 (\d+) (\d+)"/.exec(svg) ?? []).map(Number);
        const boxes = [
          ...svg.matchAll(/<rect class="box[^"]*" x="([\d.-]+)" y="([\d.-]+)" width="([\d.]+)" height="([\d.]+)"/g),
        ].map(([, ...numbers]) => numbers.map(Number) as [number, number, number, number]);
        expect(boxes.length).toBeGreaterThanOrEqual(steps.length);
        for (const [x, y, w, h] of boxes) {
          expect(x).toBeGreaterThanOrEqual(0);
          expect(y).toBeGreaterThanOrEqual(0);
          expect(x + w).toBeLessThanOrEqual(width ?? 0);
          expect(y + h).toBeLessThanOrEqual(height ?? 0);
          const over = boxes.filter(([a, b, c, d]) => a < x + w && x < a + c && b < y + h && y < b + d);
          expect(over).toHaveLength(1);
        }
      }),
      { numRuns: 40 },
    );
  });

  test("of two hundred steps side by side fits a page's width", () => {
    const steps = Array.from({ length: 200 }, (_, index) => ({
      id: `s${index}`,
      llm,
      needs: index === 0 ? [] : ["s0"],
    }));
    const svg = graphFormats.svg.draw(checkDefinition({ name: "wide", steps }), false);
    const [, width] = (/viewBox="0 0 (\d+)/.exec(svg) ?? []).map(Number);
    expect(width).toBeLessThan(1_400);
  });

  test("arrows go from box to box", () => {
    const graph: Graph = {
      name: "two",
      nodes: [
        { id: "a", shape: "box", label: "a" },
        { id: "b", shape: "box", label: "b" },
      ],
      edges: [
        { from: "a", to: "b", label: "done" },
        { from: "a", to: "b", label: "error", isFailure: true },
      ],
      groups: [],
    };
    const { edges, nodes } = placed(graph);
    expect(edges.map(({ points }) => points.length >= 2)).toEqual([true, true]);
    expect(edges[0]?.labelAt).not.toEqual(edges[1]?.labelAt);
    expect(nodes[0]?.box.y).toBeLessThan(nodes[1]?.box.y ?? 0);
  });
});
