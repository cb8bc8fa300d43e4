import type { Kafka } from "kafkajs";
import type { LiveProducer } from "../estate/applications";
import type { EstateGroup, EstateTopic } from "../estate/topics";
import type { Project, RunOptions, Settings } from "./project";
import { type Mismatch, resumeGroup, type Stopped, stopGroup } from "./witness";

/**
 * The wave that moves before the rest: its consumers first, then its producers. All other applications go on writing.
 */
const WAVE = { name: "orders", topics: "orders", groups: "orders-.*" };

type Phase = "mirror" | "consumers" | "cutover";

/** The configuration of the wave. Empty if the estate does not have its topic or one of its groups. */
export function waveSettings(topics: readonly EstateTopic[], groups: readonly EstateGroup[], phase: Phase): Settings {
  return hasWave(topics, groups) ? { waves: [{ ...WAVE, phase }] } : {};
}

/** True for the topics and groups of the wave. */
export const inWave = (one: { name: string } | { topic: string }): boolean =>
  ("name" in one ? one.name : one.topic) === WAVE.topics;

const hasWave = (topics: readonly EstateTopic[], groups: readonly EstateGroup[]): boolean =>
  topics.some(inWave) && groups.some(inWave);

export interface WaveMove {
  project: Project;
  origin: Kafka;
  target: Kafka;
  topics: readonly EstateTopic[];
  groups: readonly EstateGroup[];
  /** Writes to the wave's topics. */
  producers: LiveProducer;
  run: RunOptions;
  step<T>(what: string, work: () => Promise<T>): Promise<T>;
}

/**
 * Moves the wave: its groups stop, move, and continue on the target while its producers still write to the origin. Then
 * the producers stop, and the wave cuts over.
 * @returns the groups, and those that did not continue with the record after their last one
 */
export async function moveWave(move: WaveMove): Promise<{ stopped: Stopped[]; mismatches: Mismatch[]; sent: number }> {
  const { project, origin, target, topics, groups, producers, run, step } = move;
  if (!hasWave(topics, groups)) return { stopped: [], mismatches: [], sent: await producers.stop() };
  const { name } = WAVE;
  const stopped = await step(`wave ${name}: its groups stop on the origin`, () =>
    Promise.all(groups.filter(inWave).map((group) => stopGroup(origin, group))),
  );
  await project.set(waveSettings(topics, groups, "consumers"));
  await step(`pulumi up, wave ${name} in phase consumers`, () => project.up(run));
  const mismatches = await step(`wave ${name}: its groups resume on the target, its producers still write`, async () =>
    (await Promise.all(stopped.map((one) => resumeGroup(target, one)))).flat(),
  );
  const sent = await step(`wave ${name}: its producers stop`, () => producers.stop());
  await project.set(waveSettings(topics, groups, "cutover"));
  await step(`pulumi up, wave ${name} in phase cutover, while others write`, () => project.up(run));
  return { stopped, mismatches, sent };
}
