import { beforeEach, describe, expect, it, vi } from "vitest";
import { MigrationError } from "../engine/errors";
import type { KafkaPort } from "../engine/kafka/port";
import { fenceStep } from "./handlers/fence";
import { gateStep } from "./handlers/gate";
import { guardStep } from "./handlers/guard";
import { preflightStep } from "./handlers/preflight";
import { preflightInputs } from "../test/lifecycle/support/inputs";
import { said } from "../test/lifecycle/support/said";
import { testMirror } from "../test/support/models";

/** An origin that only answers what the check of the waves asks. */
let asked: string[];
let broken: boolean;
/** Other topics of the origin. */
let more: string[];
const answer = <T>(what: string, value: T) => {
  asked.push(what);
  if (broken) throw new MigrationError("KAFKA_UNREACHABLE", "cannot reach the origin cluster", { fix: "-" });
  return Promise.resolve(value);
};
const port: Partial<KafkaPort> = {
  listTopics: () => answer("topics", ["orders", "audit", ...more]),
  listGroups: () =>
    answer("groups", [
      { groupId: "billing", protocolType: "consumer", state: "Empty", type: "classic" },
      { groupId: "asked", protocolType: "consumer", state: "Empty", type: "classic" },
    ]),
  groupOffsets: (groups) =>
    answer(
      "offsets",
      new Map(groups.map((group) => [group, [{ topic: "orders", partition: 0, offset: 1n, metadata: "" }]])),
    ),
  close: async () => {},
};
vi.mock("../engine/kafka/client", () => ({
  openKafka: async (_connection: unknown, side: string) => (side === "origin" ? port : { close: async () => {} }),
}));

beforeEach(() => {
  asked = [];
  broken = false;
  more = [];
});

const checkedAt = "2026-01-01T00:00:00.000Z";
const wave = (phase: string, others: object = {}) => ({
  name: "shop",
  topics: "orders",
  groups: "billing",
  phase,
  ...others,
});
const inputs = (...waves: object[]) => ({
  ...preflightInputs,
  mirror: testMirror({ groupsPattern: "billing" }),
  ...(waves.length === 0 ? {} : { waves }),
});
const failures = async (olds: object, news: object) =>
  (await preflightStep.check(olds as never, news as never)).failures.map((f) => f.reason);
const update = (olds: object, news: object) =>
  preflightStep.update("id", { ...olds, checkedAt, result: {} } as never, news as never);

describe("the preflight of waves", () => {
  it("reads the origin once if a wave begins, in the preview and not again in its up", async () => {
    expect(await failures(inputs(wave("mirror")), inputs(wave("mirror")))).toEqual([]);
    expect(asked).toEqual([]);
    const begins = [inputs(wave("mirror")), inputs(wave("consumers"))] as const;
    // The target of this test answers nothing about the rights on the journal.
    await failures(...begins).catch(() => []);
    expect(asked.sort()).toEqual(["groups", "offsets", "topics"]);
    await update(...begins).catch(() => {});
    expect(asked).toHaveLength(3);
    await update(...begins).catch(() => {});
    expect(asked).toHaveLength(6);
  });

  it("names every problem in one message, and the up refuses as well", async () => {
    const olds = inputs(wave("mirror"), { name: "old", topics: "x", groups: "", phase: "cutover" });
    const news = {
      ...inputs(wave("cutover", { groups: "" }), { name: "next", topics: "order", phase: "mirror" }),
      options: { groups: ["asked"] },
    };
    const [only, ...others] = await failures(olds, news);
    expect(others).toEqual([]);
    expect(only).toMatch(/^WAVES_REFUSED: .*nothing was changed/);
    expect(only).toContain("wave old is in phase cutover and was removed");
    expect(only).toContain("wave next selects no topic");
    expect(only).toContain('group "asked" is outside the waves and has committed offsets in wave shop (orders)');
    expect(only).toContain('group "billing" is outside the waves and has committed offsets in wave shop (orders)');
    await expect(update(olds, { ...news, options: olds.options })).rejects.toThrow("WAVES_REFUSED");
  });

  it("asks nothing of a group that does not move, wherever it has read", async () => {
    const news = inputs(wave("mirror", { groups: "" }));
    expect(await failures(inputs(), { ...news, excludeGroups: ["billing"] })).toEqual([]);
    const refused = expect.stringMatching(
      /group "billing" is outside the waves and has committed offsets in wave shop/,
    );
    expect(await failures(inputs(), news)).toEqual([refused]);
  });

  it("lets every way back pass without the clusters", async () => {
    broken = true;
    for (const phase of ["consumers", "cutover"]) {
      expect(await failures(inputs(wave(phase)), inputs(wave("mirror")))).toEqual([]);
      await update(inputs(wave(phase)), inputs(wave("mirror")));
      expect(await failures({ ...inputs(), phase }, inputs())).toEqual([]);
      await update({ ...inputs(), phase }, inputs());
    }
    expect(asked).toEqual([]);
    expect(await failures(inputs(wave("cutover")), inputs(wave("consumers")))).toEqual([
      expect.stringMatching(/WAVES_REFUSED[^]*wave shop: phase cutover cannot be followed by consumers/),
    ]);
    expect(await failures({ ...inputs(), phase: "cutover" }, { ...inputs(), phase: "consumers" })).toEqual([
      expect.stringMatching(/WAVES_REFUSED[^]*the migration: phase cutover cannot be followed by consumers/),
    ]);
  });

  it("keeps a part out of the mirror while its return mirror runs, also if the migration is abandoned", async () => {
    const way = { wayBack: true };
    const refused = /WAVES_REFUSED[^]*wave shop: its return has not ended .*endless loop[^]*/;
    // The last up wanted to return, and failed.
    const olds = inputs(wave("returned", way));
    for (const abandon of [false, true]) {
      for (const news of [inputs(wave("mirror", way)), inputs(wave("mirror")), inputs()]) {
        more = ["mm2-configs.mirrormaker2-cluster-return-shop.internal"];
        expect(await failures(olds, { ...news, abandon })).toEqual([expect.stringMatching(refused)]);
        await expect(update(olds, { ...news, abandon })).rejects.toThrow(refused);
        more = [];
        expect(await failures(olds, { ...news, abandon })).toEqual([]);
        await update(olds, { ...news, abandon });
      }
    }
    // Abandoned, a wave would otherwise go from its cutover to phase mirror.
    more = ["mm2-configs.mirrormaker2-cluster-return-shop.internal"];
    const abandoned = { ...inputs(wave("mirror", way)), abandon: true };
    expect(await failures(inputs(wave("cutover", way)), abandoned)).toEqual([
      expect.stringMatching(/wave shop: its way back is open/),
    ]);
    asked = [];
    expect(await failures(inputs(wave("cutover", way)), { ...inputs(wave("cutover", way)), abandon: true })).toEqual(
      [],
    );
    expect(asked).toEqual([]);
  });

  it("leaves an origin that does not answer to the up", async () => {
    broken = true;
    const change = [inputs(wave("mirror")), { ...inputs(wave("mirror")), splitGroups: ["billing"] }] as const;
    expect(await failures(...change)).toEqual([]);
    await expect(update(...change)).rejects.toThrow("KAFKA_UNREACHABLE");
  });

  it("notices that the waves were removed from the program", async () => {
    const state = { ...inputs(wave("mirror")), checkedAt, result: null };
    const { changes } = await preflightStep.diff("id", state as never, inputs() as never);
    expect(changes).toBe(true);
  });
});

describe("a wave that the program no longer declares", () => {
  const scope = { wave: "shop", topics: "orders", groups: "" };
  const of = (groupId: string) => ({
    ...inputs(),
    mirror: testMirror({ groupId, scope }),
    options: { graceMs: 0 },
    passed: false,
  });
  const deletions = (groupId: string) => [
    () => guardStep.delete("id", of(groupId) as never),
    () => gateStep.delete("id", { ...of(groupId), fence: true } as never),
    () => fenceStep.delete("id", { ...of(groupId), enabled: true } as never),
  ];
  const declare = (groupId: string, ...waves: object[]) =>
    failures(
      { ...inputs(wave("mirror")), mirror: testMirror({ groupId }) },
      { ...inputs(...waves), mirror: testMirror({ groupId }) },
    );

  it("is removed without its gate and its fence, because the mirror goes on with its topics", async () => {
    await declare("removed", wave("mirror", { name: "other" }));
    broken = true;
    for (const deletion of deletions("removed")) await deletion();
    await declare("all-removed");
    for (const deletion of deletions("all-removed")) await deletion();
  });

  it("is not meant by a destroy, nor by an up that still declares it", async () => {
    broken = true;
    for (const deletion of deletions("destroyed")) await expect(deletion()).rejects.toThrow();
    await declare("declared", wave("mirror"));
    for (const deletion of deletions("declared")) await expect(deletion()).rejects.toThrow();
  });
});

describe("the progress of a step", () => {
  it("names the wave, because several work at the same time", async () => {
    const scope = { wave: "shop", topics: "orders", groups: "" };
    const gate = {
      ...inputs(),
      mirror: testMirror({ scope }),
      phase: "cutover",
      abandon: true,
      fence: true,
      options: {},
    };
    const lines = await said(() => gateStep.delete("id", { ...gate, passed: false } as never));
    expect(lines).toMatch(/^wave shop: gate: migration abandoned/m);
  });
});
