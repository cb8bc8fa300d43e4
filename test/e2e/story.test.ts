import { describe, expect, test } from "vitest";
import { estateGroups, estateTopics } from "../../sandbox/estate/topics";
import { runStory, type StoryResult } from "../../sandbox/story/run";
import { withSandbox } from "./support";

const KEEP = [
  "telemetry.lz4", "telemetry.zstd", "telemetry.snappy", "telemetry.gzip", "billing.events", "search.events", "payments", "ledger.entries", "orders",
  "audit-trail", "sessions.expired", "customers.latest", "clicks", "reserved.1", "stuff-internal", "connect-cluster-offsets.archive",
];

describe("a migration from start to end, through the real command line", () => {
  const at = withSandbox();
  const topics = estateTopics().filter((t) => KEEP.includes(t.name));
  const groups = estateGroups().filter((g) => KEEP.includes(g.topic));
  let result: StoryResult;

  test("runs through every phase", async () => {
    result = await runStory({ sandbox: at.sandbox, bulkBytes: 10_000_000, topics, groups, previews: true, progress: (line) => at.log.push(line) });
  }, 900_000);

  test("brings every topic to the target", () => {
    expect(result.topicsMissing).toEqual([]);
    expect(result.topicsMigrated).toBe(topics.length);
  });

  test("lets every group go on with exactly the record after its last one", () => {
    expect(result.mismatches).toEqual([]);
    expect(result.groups).toBe(groups.length);
    expect(result.partitionsResumed).toBeGreaterThan(40);
  });

  test("sets the replication right", () => {
    expect(result.replicationBefore).toEqual({ "1": topics.length });
    expect(result.replicationAfter).toEqual({ "3": topics.length });
  });

  test("leaves nothing behind on either cluster and in Kubernetes", () => {
    expect(result.residue).toEqual([]);
  });

  test("says before the cutover which replicas will be made, and how many bytes that takes", () => {
    expect(result.cutoverPreview).toMatch(/replication: \d+ partitions of \d+ topics will change, .*B to copy/);
  });

  test("says what it is going to delete, and shows what it did", () => {
    expect(result.destroyPreview).toContain("InternalTopic");
    expect(result.destroyPreview).toContain("migration-connect-cluster-offsets");
    expect(at.log.some((line) => line.includes("gate: "))).toBe(true);
    expect(result.outputs["passedAt"]).toMatch(/^\d{4}-\d\d-\d\dT/);
  });

  test("keeps every password out of state, output and logs", () => {
    expect(result.passwords.length).toBeGreaterThanOrEqual(4);
    for (const password of result.passwords) {
      expect(result.states.join("\n").includes(password)).toBe(false);
      expect(at.log.join("\n").includes(password)).toBe(false);
    }
  });
});
