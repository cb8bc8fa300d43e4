import { byName } from "../log/order";
import { joinUnsure, type UnsureSummary, unsureText } from "../records/unsure";
import { countText } from "../units";

/** What a comparison remarks beside its differences. Several machines can add theirs together. */
export interface Remarks {
  /** About the topics of both sides. The same on every machine. */
  topics: string[];
  /** Partitions whose first records do not show whether the target holds everything. */
  unsure: UnsureSummary[];
  /** Number of partitions that were not compared completely, although their numbers of offsets differ. */
  partly: number;
  /** Number of compacted partitions that mode `sample` compared at their end only. */
  compactedEnds: number;
  /** Topics that were created again and whose records were compared nevertheless. */
  recreated: { topic: string; text: string }[];
  /** About this run, e.g. that its progress could not be saved. */
  run: string[];
}

export const noRemarks = (): Remarks => ({
  topics: [],
  unsure: [],
  partly: 0,
  compactedEnds: 0,
  recreated: [],
  run: [],
});

/** One line each, in the order in which a person reads them. */
export function remarkTexts({ topics, unsure, partly, compactedEnds, recreated }: Remarks): string[] {
  return [
    ...topics,
    ...unsure.map(unsureText),
    ...(partly === 0
      ? []
      : [
          `${countText(partly, "partition")} not compared completely, though the sides differ in offsets: markers ` +
            `or duplicates can explain that; mode "full" compares every record`,
        ]),
    ...(compactedEnds === 0
      ? []
      : [
          `${countText(compactedEnds, "compacted partition")} compared at the end only, because compaction keeps ` +
            'other records on each side; mode "full" compares the latest record of each key',
        ]),
    ...recreated.map(({ text }) => text),
  ];
}

/** The remarks of one machine that compared everything. */
export function joinRemarks(all: readonly Remarks[]): Remarks {
  const sum = (of: "partly" | "compactedEnds") => all.reduce((total, remarks) => total + remarks[of], 0);
  return {
    topics: [...new Set(all.flatMap(({ topics }) => topics))],
    unsure: joinUnsure(all.flatMap(({ unsure }) => unsure)),
    partly: sum("partly"),
    compactedEnds: sum("compactedEnds"),
    recreated: all.flatMap(({ recreated }) => recreated).sort((a, b) => byName(a.topic, b.topic)),
    run: [...new Set(all.flatMap(({ run }) => run))],
  };
}
