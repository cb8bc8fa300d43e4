import { type Clusters, type OpenKafka, withClusters } from "../clusters";
import type { MigrationModel } from "../model";
import { againWhenRecordsGo } from "../records/again";
import { recreatedFindings } from "./findings";
import { compareFirstRecords } from "./first-record";
import { Observer } from "./observe";
import type { Finding } from "./types";

/**
 * Are the topics still those that the mirror began with? Compares the recorded ids, and the first record of each partition of
 * which something is copied. May be asked at any time, also while the mirror is behind.
 * @param passed the gate has passed: what clients do with the target's topics is their business
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
  const byRecord = passed ? [] : await compareFirstRecords(clusters, look, false, signal);
  return [...byId, ...byRecord.filter((f) => !known.has(f.subject.replace(/-\d+$/, "")))];
}
