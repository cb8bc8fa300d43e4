import { Kept } from "../kept";
import type { Connectors, SourceOffsets } from "./storage";

/** What a reader knows of Connect's storage topics: everything below `positions`. */
export interface Known {
  /** The next offset to read, by `topic:partition`. */
  positions: Map<string, bigint>;
  /** The ids of the topics that were read, by name (KIP-516). */
  ids: Map<string, string>;
  connectors: Connectors;
  offsets: SourceOffsets;
  /** The topic of `offsets`. Undefined: not read yet. */
  offsetsTopic: string | undefined;
}

export const kept = new Kept<Known>();
