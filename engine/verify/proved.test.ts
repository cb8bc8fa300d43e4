import { describe, expect, it } from "vitest";
import { MemoryMirror } from "../../test/engine/gate/memory-mirror";
import { put, puts } from "../../test/engine/verify/memory-cluster";
import { silent } from "../progress";
import { swapProved } from "../way-back/model";
import { compareCopy } from "./run";

type Records = ReturnType<typeof puts>;

/** Gives the records consecutive offsets. */
const inOrder = (...records: Records): Records => records.map((record, i) => ({ ...record, offset: i }));

interface Case {
  origin: Records;
  target: Records;
  /** Where both sides were proved. Absent: never. */
  ends?: [number, number];
  /** The origin's log begins here. */
  start?: number;
  compacted?: boolean;
}

async function found(mode: "full" | "tail", { origin, target, ends, start = 0, compacted = false }: Case) {
  const mirror = new MemoryMirror({ topicsPattern: "t" });
  mirror.topic("t", 1, 1);
  const configs: Record<string, string> = compacted ? { "cleanup.policy": "compact" } : {};
  mirror.origin.t = {
    ...mirror.origin.t!,
    configs,
    logs: [{ records: origin.filter((r) => r.offset >= start), start }],
  };
  mirror.target.t = { ...mirror.target.t!, configs, logs: [{ records: target }] };
  const proved =
    ends === undefined ? {} : { proved: { t: { target: "t", originEnds: [ends[0]], targetEnds: [ends[1]] } } };
  const model = { ...mirror.model, ...proved };
  const { differences, notes, equal } = await compareCopy(model, { mode }, silent, undefined, mirror.open);
  return { differences: differences.map((d) => [d.kind, d.count]), notes: notes.join(), equal };
}

const nothing = { differences: [], equal: true };

describe.each(["full", "tail"] as const)(
  "a verification in mode %s that begins where both sides were proved",
  (mode) => {
    // The first mirror copied the records 3 and 4 twice. Then clients wrote 5 to 9 on the cluster that was its target.
    const all = puts(0, 10);
    const twice = inOrder(...puts(0, 5), ...puts(3, 5), ...puts(5, 10));
    const ends: [number, number] = [7, 5];

    it("does not take a record that the first mirror copied twice for a missing one", async () => {
      expect(await found(mode, { origin: twice, target: all, ends })).toMatchObject(nothing);
      expect(await found(mode, { origin: twice, target: all })).toMatchObject({ differences: [["missing", 2]] });
    });

    it("does not take a record that only one side has deleted since for a missing one", async () => {
      const kept = inOrder(put(0, "older", "v"), ...twice);
      expect(await found(mode, { origin: kept, target: all, ends: [8, 5] })).toMatchObject(nothing);
      expect(await found(mode, { origin: twice, target: all, ends, start: 2 })).toMatchObject(nothing);
    });

    it.each([
      ["first", [...puts(0, 5), ...puts(6, 10)]],
      ["middle", [...puts(0, 7), ...puts(8, 10)]],
      ["last", puts(0, 9)],
    ])("finds the %s record missing that was written since", async (_which, left) => {
      const result = await found(mode, { origin: twice, target: inOrder(...left), ends });
      expect(result).toMatchObject({ differences: [["missing", 1]], equal: false });
      expect(result.notes).toContain("1 topic compared from where the last cutover or return ended");
    });

    it("finds a record that only the target got since", async () => {
      const target = inOrder(...puts(0, 10), put(10, "foreign", "v"));
      expect(await found(mode, { origin: twice, target, ends })).toMatchObject({ differences: [["extra", 1]] });
    });

    it("compares whole logs if one of them ends before: it was created again", async () => {
      expect(await found(mode, { origin: puts(0, 4), target: puts(0, 4), ends })).toEqual({ ...nothing, notes: "" });
      expect(await found(mode, { origin: puts(0, 4), target: puts(1, 4), ends })).toMatchObject({ equal: false });
    });

    it("compares the latest records of the keys that were written since, in a compacted topic", async () => {
      const again = (value: string) => put(0, "k1", value);
      const origin = inOrder(...twice, again("new"));
      const compacted = true;
      expect(await found(mode, { origin, target: inOrder(...all, again("new")), ends, compacted })).toMatchObject(
        nothing,
      );
      expect(await found(mode, { origin, target: inOrder(...all, again("other")), ends, compacted })).toMatchObject({
        differences: [["changed", 1]],
      });
      expect(await found(mode, { origin, target: all, ends, compacted })).toMatchObject({
        differences: [["missing", 1]],
      });
    });
  },
);

it("the ends are the same, seen from the other side", () => {
  const ends = { a: { target: "b", originEnds: [1, 2], targetEnds: [3, 4] } };
  expect(swapProved(ends)).toEqual({ b: { target: "a", originEnds: [3, 4], targetEnds: [1, 2] } });
  expect(swapProved(swapProved(ends))).toEqual(ends);
});
