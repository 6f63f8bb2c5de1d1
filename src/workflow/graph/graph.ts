/** A workflow as a picture: what stands where is not decided yet. Every form that can be drawn is made of this. */
export interface Graph {
  readonly name: string;
  readonly description?: string;
  /** In the order in which their author wrote them. */
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
  /** Frames around nodes. A frame stands before those inside it. */
  readonly groups: readonly GraphGroup[];
}

/** What a node stands for: where everything begins and ends, a step or a state, or a point at which regions begin side by side. */
export type NodeShape = "start" | "end" | "box" | "fork";

/** One thing in the picture. */
export interface GraphNode {
  readonly id: string;
  readonly shape: NodeShape;
  /** Empty for shapes that say it all. */
  readonly label: string;
  /** A second, smaller line: the step's kind. */
  readonly detail?: string;
  /** Under which it runs; else it is skipped. */
  readonly condition?: string;
  /** Id of the frame that it stands in; absent: in none. */
  readonly group?: string;
}

/** An arrow. Its ends are nodes, never frames. */
export interface GraphEdge {
  readonly from: string;
  readonly to: string;
  readonly label?: string;
  /** Whether it is the way that an error takes. */
  readonly isFailure?: boolean;
  /** Whether it leads to what undoes a step: that comes later, or never. */
  readonly isUndo?: boolean;
}

/** A frame around nodes and other frames. */
export interface GraphGroup {
  readonly id: string;
  readonly label: string;
  /** The frame around it; absent: none. */
  readonly parent?: string;
  /** Whether what stands directly inside runs side by side. */
  readonly isParallel?: boolean;
}
