import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { MemoryMirror } from "../../test/engine/gate/memory-mirror";
import { temporaryFolder } from "../../test/support/folder";
import { silent } from "../progress";
import { compareCopy } from "./run";
import type { VerifyOptions } from "./types";

const RECORDS = 40;
const compact = { "cleanup.policy": "compact" };

function mirrorOf(records = RECORDS): MemoryMirror {
  const mirror = new MemoryMirror({ topicsPattern: "topic" });
  mirror.topic("topic", records, 1);
  return mirror;
}

/** Both runs of the same comparison: the second one finds the progress of the first one. */
async function notes({ model, open }: MemoryMirror, options: VerifyOptions): Promise<string[]> {
  const resumeFile = join(temporaryFolder("remarks"), "verified.jsonl");
  const run = () => compareCopy(model, { tailRecords: 4, ...options, resumeFile }, silent, undefined, open);
  const [first, second] = [await run(), await run()];
  expect(first).toMatchObject({ equal: true, resumed: 0 });
  expect(second.notes).toEqual(first.notes);
  return first.notes;
}

describe("remarks, also after an interruption", () => {
  it("name compacted partitions that mode sample compared at their end only", async () => {
    const compacted = (records?: number) => {
      const mirror = mirrorOf(records);
      for (const side of [mirror.origin, mirror.target]) side["topic"]!.configs = compact;
      return notes(mirror, { mode: "sample" });
    };
    expect(await compacted()).toEqual([expect.stringContaining("1 compacted partition compared at the end only")]);
    // The end is all that they have.
    expect(await compacted(3)).toEqual([]);
  });

  it("name partitions whose numbers of offsets differ if they were not compared completely", async () => {
    const withMarkers = () => {
      const mirror = mirrorOf();
      const log = mirror.origin["topic"]!.logs[0]!;
      for (const [i, record] of log.records.entries()) record.offset = i + Math.floor(i / 10);
      return mirror;
    };
    const options = { countUpTo: 1 };
    const partly = [expect.stringContaining("1 partition not compared completely, though the sides differ in offsets")];
    expect(await notes(withMarkers(), { mode: "tail", ...options })).toEqual(partly);
    // Too short for samples: every record is compared.
    expect(await notes(withMarkers(), { mode: "sample", ...options })).toEqual([]);
    expect(await notes(withMarkers(), { mode: "full" })).toEqual([]);
  });

  it("name partitions whose first records decide nothing", async () => {
    const mirror = mirrorOf();
    for (const side of [mirror.origin, mirror.target]) side["topic"]!.configs = compact;
    const log = mirror.target["topic"]!.logs[0]!;
    log.records.splice(0, 10);
    log.start = 10;
    const unsure = expect.stringMatching(/^the first records of 1 partition do not show .*\(topic-0\)/);
    expect(await notes(mirror, { mode: "tail", countUpTo: 1 })).toEqual([unsure]);
  });
});
