import type { Clusters } from "../clusters";
import { compareFirstRecords } from "./first-record";
import { compareLastRecords } from "./last-record";
import type { Look } from "./observe";
import type { Finding } from "./types";

/**
 * Checks a copy that looks complete: both clusters must begin and end with the same records. Offsets alone cannot show
 * this.
 */
export async function compareRecords(
  clusters: Clusters,
  look: Look,
  signal?: AbortSignal,
): Promise<{ against: Finding[]; compared: number; unsure: string[] }> {
  const last = await compareLastRecords(clusters, look);
  const first = await compareFirstRecords(clusters, look, true, signal);
  return { ...last, against: [...first.against, ...last.against], unsure: [...first.unsure, ...last.unsure] };
}
