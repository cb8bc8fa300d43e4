import { type Clusters, type OpenKafka, withClusters } from "../clusters";
import type { MigrationModel } from "../model";
import { againWhenRecordsGo } from "../records/again";
import { recreatedFindings } from "./findings";
import { compareFirstRecords } from "./first-record";
import { Observer } from "./observe";
import type { Finding } from "./types";

/**
 * Finds topics that were deleted and created again since the mirror started. Compares the recorded topic ids, and the
 * first record of each partition that has copied records. Can be called at any time, also while the mirror is behind.
 * @param passed true if the gate has passed. Clients may change the target's topics then, so they are not compared.
 */
export async function findRecreatedTopics(
  model: MigrationModel,
  passed: boolean,
  signal?: AbortSignal,
  open?: OpenKafka,
): Promise<Finding[]> {
  const work = (clusters: Clusters) => againWhenRecordsGo(() => lookOnce(clusters, model, passed, signal));
  return withClusters(model, work, open, { signal });
}

async function lookOnce(
  clusters: Clusters,
  model: MigrationModel,
  passed: boolean,
  signal?: AbortSignal,
): Promise<Finding[]> {
  const look = await new Observer(clusters, model.mirror).look(false, signal);
  const byId = recreatedFindings(look, model.recorded, !passed);
  const known = new Set(byId.map((f) => f.subject));
  const byRecord = passed ? [] : (await compareFirstRecords(clusters, look, false, signal)).against;
  return [...byId, ...byRecord.filter((f) => !known.has(f.subject.replace(/-\d+$/, "")))];
}
