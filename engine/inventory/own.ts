import type { MirrorModel } from "../model";
import { internalTopics, policyKind } from "../naming";
import { returnMirror } from "../way-back/model";

/**
 * True for the topics on the origin in which this migration keeps its state: those of its mirror, and those of the
 * return mirrors of all waves.
 */
export function ownTopics(mirror: MirrorModel): (topic: string) => boolean {
  const onOrigin = internalTopics(mirror).filter((t) => t.side === "origin");
  const own = new Set(onOrigin.map((t) => t.name));
  // A wave's name follows the start of the return mirror's names.
  const starts = returning(mirror).map((name) => name.replace(/.internal$/, ""));
  return (topic) =>
    own.has(topic) ||
    starts.some((start) => topic.startsWith(start) && /^(-|.internal$)/.test(topic.slice(start.length)));
}

/** Topics of the return mirror of a migration without waves. It writes them all to the origin. */
function returning(mirror: MirrorModel): string[] {
  if (policyKind(mirror) !== "identity") return [];
  const back = returnMirror(mirror);
  return internalTopics(back)
    .filter((t) => t.side === "target" && t.kind !== "heartbeats" && t.kind !== "checkpoints")
    .map((t) => t.name);
}
