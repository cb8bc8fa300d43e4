import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { testMirror } from "../../test/support/models";
import type { MigrationModel, MirrorModel, Scope } from "../model";
import { connectorNames, internalTopics, LONGEST_ALIAS, offsetsJournalTopic, topicNameFault } from "../naming";
import { outsideOf } from "../parts";
import { selectTopics, topicRule } from "../selection";
import { returnMirror, returnModel } from "./model";

const apache = "org.apache.kafka.connect.mirror.IdentityReplicationPolicy";
const strimzi = "io.strimzi.kafka.connect.mirror.IdentityReplicationPolicy";

const name = fc.stringMatching(/^[a-z0-9]([-a-z0-9]{0,38}[a-z0-9])?$/);
const alias = fc.oneof(
  fc.constantFrom("origin-cluster", "target-cluster", "a", "return"),
  fc.stringMatching(/^[a-zA-Z0-9._-]{1,100}$/),
);

/** Forward mirrors of every form that decides on names. */
const forward = fc
  .record({
    originAlias: alias,
    targetAlias: alias,
    groupId: fc.oneof(
      fc.constantFrom("mirrormaker2-cluster", "group with spaces"),
      fc.string({ minLength: 1, maxLength: 255 }),
    ),
    offsetSyncsLocation: fc.constantFrom("source" as const, "target" as const),
    separator: fc.constantFrom(undefined, "", ".", "_", "-", ".."),
    internalSeparatorEnabled: fc.constantFrom(undefined, true, false),
    kafkaVersion: fc.constantFrom("2.8.2", "3.0.2", "3.1.0", "3.6.0", "3.9.1", "4.0.0", "4.3.1"),
    policyClass: fc.constantFrom(apache, strimzi),
    heartbeats: fc.boolean(),
  })
  .filter(({ originAlias, targetAlias }) => originAlias !== targetAlias)
  .map(({ separator, internalSeparatorEnabled, ...rest }) =>
    testMirror({
      ...rest,
      ...(separator === undefined ? {} : { separator }),
      ...(internalSeparatorEnabled === undefined ? {} : { internalSeparatorEnabled }),
    }),
  );

const waveNames = fc.uniqueArray(fc.oneof(fc.constantFrom("offsets", "return", "a", "a-b"), name), { maxLength: 4 });

/** The mirror, limited to each of its parts. The last part is what is outside the waves. */
function partsOf(mirror: MirrorModel, waves: readonly Scope[]): MirrorModel[] {
  if (waves.length === 0) return [mirror];
  return [...waves, outsideOf(waves)].map((scope) => ({ ...mirror, scope }));
}

const named = (waves: readonly string[]): Scope[] => waves.map((wave, i) => ({ wave, topics: `t${i}-.*`, groups: "" }));

describe("the return mirrors of a migration", () => {
  it("share no internal topic, group, connector or alias with each other or with the forward mirror", () => {
    fc.assert(
      fc.property(forward, waveNames, (mirror, waves) => {
        const back = partsOf(mirror, named(waves)).map(returnMirror);
        // `.` and `_` are the same in Kafka's metrics, so brokers refuse the second of two such topics.
        const at = (side: "origin" | "target", of: MirrorModel) =>
          internalTopics(of)
            .filter((t) => t.side === side && t.kind !== "heartbeats")
            .map((t) => t.name.replaceAll(".", "_"));
        const onOrigin = [...at("origin", mirror), ...back.flatMap((m) => at("target", m))];
        const onTarget = [
          ...at("target", mirror),
          offsetsJournalTopic(mirror).replaceAll(".", "_"),
          ...back.flatMap((m) => at("origin", m)),
        ];
        for (const names of [onOrigin, onTarget]) expect(new Set(names).size, names.join("\n")).toBe(names.length);
        const all = [mirror, ...back];
        for (const values of [
          all.map((m) => m.groupId),
          all.map((m) => connectorNames(m).source),
          all.map((m) => m.originAlias),
          back.map((m) => offsetsJournalTopic(m)),
        ])
          expect(new Set(values).size, values.join("\n")).toBe(values.length);
      }),
      { numRuns: 2000 },
    );
  });

  it("have names that brokers and operators accept, however long the migration's names are", () => {
    fc.assert(
      fc.property(forward, waveNames, (mirror, waves) => {
        for (const back of partsOf(mirror, named(waves)).map(returnMirror)) {
          for (const topic of [back.offsetStorageTopic, back.configStorageTopic, back.statusStorageTopic])
            expect(topicNameFault(topic), topic).toBeUndefined();
          expect(back.originAlias).toMatch(/^[a-zA-Z0-9._-]{1,100}$/);
          expect(back.originAlias.length).toBeLessThanOrEqual(LONGEST_ALIAS);
        }
      }),
    );
  });

  it("write nothing for themselves on the target", () => {
    fc.assert(
      fc.property(forward, (mirror) => {
        expect(internalTopics(returnMirror(mirror)).filter((t) => t.side === "origin")).toEqual([]);
      }),
    );
  });

  it("have internal topics that the forward mirror never copies, whatever its patterns are", () => {
    fc.assert(
      fc.property(forward, waveNames, (mirror, waves) => {
        const skip = topicRule({ ...mirror, topicsExcludePattern: "" });
        for (const back of partsOf(mirror, named(waves)).map(returnMirror))
          for (const topic of internalTopics(back)) expect(skip(topic.name), topic.name).toBe("internal");
      }),
    );
  });
});

describe("a return mirror", () => {
  const topics = fc.uniqueArray(fc.stringMatching(/^[a-c][a-c.]{0,4}$/), { maxLength: 20 });
  const scopes = fc.constantFrom<Scope[]>(
    [],
    [{ wave: "one", topics: "a.*" }],
    [
      { wave: "one", topics: "a.*,b" },
      { wave: "two", topics: "b.,ba+c" },
      { wave: "three", topics: "c[.].*" },
    ],
  );
  const patterns = fc.constantFrom(".*", " .* ", "[ab].*", "a.*,b.*", "a|b.*,c", "a, cc", "nothing");
  const excludes = fc.constantFrom(undefined, "", "ab.*", "bb,c.*");

  it("selects exactly the topics of its part", () => {
    fc.assert(
      fc.property(topics, scopes, patterns, excludes, (all, waves, topicsPattern, topicsExcludePattern) => {
        const mirror = testMirror({
          topicsPattern,
          ...(topicsExcludePattern === undefined ? {} : { topicsExcludePattern }),
        });
        for (const part of partsOf(mirror, waves)) {
          const own = selectTopics(all, part);
          const { scope: _, ...written } = returnMirror(part);
          expect(selectTopics(all, returnMirror(part))).toEqual(own);
          // MirrorMaker 2 does not know the scope: the patterns alone must select the same.
          expect(selectTopics(all, written)).toEqual(own);
        }
      }),
    );
  });

  it("copies nothing that the forward mirror or this package writes on the target for itself", () => {
    fc.assert(
      fc.property(forward, waveNames, (mirror, waves) => {
        const own = internalTopics(mirror).filter((t) => t.side === "target" && t.kind !== "heartbeats");
        for (const part of partsOf(mirror, named(waves))) {
          const { scope: _, ...written } = returnMirror(part);
          expect(selectTopics([...own.map((t) => t.name), offsetsJournalTopic(mirror)], written)).toEqual([]);
        }
      }),
    );
  });

  it("keeps what decides how records are copied, and copies neither checkpoints nor heartbeats", () => {
    const mirror = testMirror({ exactlyOnce: true, isolationLevel: "read_committed", separator: "", heartbeats: true });
    expect(returnMirror({ ...mirror, scope: { wave: "eu", topics: "eu-.*", groups: "eu" } })).toMatchObject({
      originAlias: "target-cluster-return-eu",
      targetAlias: "origin-cluster",
      groupId: "mirrormaker2-cluster-return-eu",
      offsetStorageTopic: "mm2-offsetsmirrormaker2-cluster-return-euinternal",
      exactlyOnce: true,
      isolationLevel: "read_committed",
      topicsPattern: "eu-.*",
      groupsPattern: ".*",
      checkpoints: false,
      heartbeats: false,
      syncGroupOffsets: false,
      scope: { wave: "eu", topics: "eu-.*", groups: "eu" },
    });
    expect(returnMirror(testMirror()).offsetStorageTopic).toBe("mm2-offsets.mirrormaker2-cluster-return.internal");
  });
});

describe("a return model", () => {
  it("swaps the clusters and the recorded ids of the topics", () => {
    const model: MigrationModel = {
      origin: { bootstrapServers: "o:9092" },
      target: { bootstrapServers: "t:9092" },
      mirror: testMirror(),
      recorded: { a: { origin: "1", target: "2" }, b: { origin: "3" }, c: {} },
    };
    expect(returnModel(model)).toEqual({
      origin: model.target,
      target: model.origin,
      mirror: returnMirror(model.mirror),
      recorded: { a: { origin: "2", target: "1" }, b: { target: "3" }, c: {} },
    });
  });
});
