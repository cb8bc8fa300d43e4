import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { buildReport, earlierSamples, reportHtml, writeReport } from ".";
import { countsOf } from "./rows";
import { escapeHtml } from "./escape";
import { cutOver } from "../../test/engine/report/inputs";

describe("the content of the report", () => {
  it("shows headline, events in order, and proof of topics and groups after a cutover", () => {
    const report = buildReport(cutOver());
    expect(report.headline).toEqual({ tone: "waiting", text: "Cut over, but 1 group was skipped" });
    const all = cutOver();
    all.offsets!.skipped = [];
    expect(buildReport(all).headline).toEqual({
      tone: "good",
      text: "Cut over: the copy is complete and the offsets of the groups are written",
    });
    expect(report.timeline.map((e) => e.what.split(/ (passed|in|of|reset|\()/)[0])).toEqual([
      "Preflight",
      "Gate",
      "Verified",
      "Offsets",
      "Replication",
    ]);
    expect(report.topics.map((t) => [t.topic, t.proof, t.replication])).toEqual([
      ["orders", "record counts and last records are equal; 2 duplicate records", "1 \u2192 3"],
      ["orders-audit", "last records are equal", undefined],
      ["orders-state", "latest value of each key is equal", undefined],
    ]);
    expect(report.groups).toEqual([
      { group: "reports", offsets: 0, proof: "skipped: active on the target", tone: "bad" },
      { group: "billing", offsets: 2, proof: "written and read back, 1 already correct", tone: "good" },
    ]);
    expect(report.residue).toBeNull();
  });

  it("does not call a copy that could not be read copying", () => {
    const { name, madeAt, mirror } = cutOver();
    const headline = (notes: string[]) => buildReport({ name, madeAt, mirror, notes }).headline;
    const unreachable = "the copy: KAFKA_UNREACHABLE: cannot reach the origin cluster at 127.0.0.1:9092";
    expect(headline([unreachable])).toEqual({
      tone: "bad",
      text: "The copy could not be read: see the warnings",
    });
    expect(headline([])).toEqual({ tone: "waiting", text: "Copying" });
  });

  it("shows samples with their probability, also of several waves", () => {
    const input = cutOver();
    input.verification!.result.mode = "sample";
    const sample = { seed: 7, partitions: 2, windows: 30, records: 900, holeRecords: 1000, missed: 0.03 };
    input.verification!.result.sample = sample;
    const { topics, timeline } = buildReport(input);
    expect(topics.map((t) => t.proof)).toContain("samples and last records are equal");
    expect(timeline.find((e) => e.what.startsWith("Verified"))!.what).toMatch(
      /samples \(seed 7\): 30 windows with 900 records of 2 partitions; a hole of 1000 records .* probability 0\.030/,
    );
  });

  it("warns of a throttle that a replication reset left, and says what removes it", () => {
    const left = { topics: ["orders"], brokers: [1, 2] };
    const warned = (underWay: number) =>
      buildReport({ ...cutOver(), leftThrottle: { ...left, underWay } }).warnings.filter((w) => /throttle/.test(w));
    expect(warned(1)).toEqual([
      expect.stringMatching(/left its throttle on .*; 1 partition still copies replicas\. The next `pulumi up` or/),
    ]);
    expect(warned(0)).toEqual([expect.stringContaining("no reassignment is in progress")]);
    expect(buildReport(cutOver()).warnings.join()).not.toContain("throttle");
  });

  it("says what an interrupted verification had compared before, because its cost is not counted", () => {
    const input = cutOver();
    input.verification!.result.resumed = 3;
    const { timeline } = buildReport(input);
    expect(timeline.find((e) => e.what.startsWith("Verified"))!.what).toMatch(
      / requests?, 3 partitions before that by an interrupted run/,
    );
  });

  it("claims only what was compared", () => {
    const proofs = (mode: "tail" | "full", counted: boolean) => {
      const input = cutOver();
      const { result } = input.verification!;
      result.mode = mode;
      for (const topic of result.topics) topic.counted = counted;
      return buildReport(input)
        .topics.filter((t) => t.topic !== "orders")
        .map((t) => t.proof);
    };
    expect(proofs("full", true)).toEqual(["every record is equal", "latest value of each key is equal"]);
    expect(proofs("tail", true)).toEqual([
      "record counts and last records are equal",
      "latest value of each key is equal",
    ]);
    expect(proofs("tail", false)).toEqual(["last records are equal", "latest values of the last keys are equal"]);
    const input = cutOver();
    input.verification!.result.topics[0]!.oneSided = 5;
    expect(buildReport(input).topics[0]!.proof).toBe(
      "record counts and last records are equal; 2 duplicate records; 5 records deleted on one side",
    );
  });

  it("names groups that reread records, even after the cutover", () => {
    const input = cutOver();
    const late = {
      group: "late",
      created: true,
      offsets: [
        { topic: "orders", partition: 0, offset: "3", rereads: 2 },
        { topic: "orders", partition: 1, offset: "3", rereads: 5 },
      ],
    };
    input.offsets = { ...input.offsets!, groups: [...input.offsets!.groups, late] };
    const report = buildReport(input);
    expect(report.groups.find((g) => g.group === "late")).toMatchObject({
      rereads: 7,
      proof: "written and read back; 7 records will be read again",
    });
    expect(report.warnings).toContain('group "late" will read 7 records again');
  });

  it("shows an applied offset without proof, and the reason", () => {
    const base = cutOver();
    const unsure = {
      group: "unsure",
      created: true,
      offsets: [
        { topic: "orders", partition: 0, offset: "3", unproved: true as const },
        { topic: "orders", partition: 1, offset: "3" },
      ],
    };
    const line = 'group "unsure", orders-0: 5 -> 3 is not proved';
    const report = buildReport(
      cutOver({ offsets: { ...base.offsets!, groups: [...base.offsets!.groups, unsure], attention: [line] } }),
    );
    expect(report.groups.find((g) => g.group === "unsure")).toMatchObject({
      tone: "waiting",
      proof: "written and read back; 1 offset without proof",
    });
    expect(report.warnings).toContain(line);
    expect(countsOf(unsure)).toEqual({ group: "unsure", offsets: 2, unproved: 1 });
  });

  it("shows a number of offsets that may hold no record as an upper limit", () => {
    const input = cutOver();
    const late = {
      group: "late",
      created: true,
      offsets: [{ topic: "orders", partition: 0, offset: "3", rereads: 2000, rereadsAtMost: true as const }],
    };
    input.offsets = { ...input.offsets!, groups: [late] };
    const report = buildReport(input);
    expect(report.topics.map((t) => [t.topic, t.recordsAtMost])).toContainEqual(["orders-audit", true]);
    expect(report.topics.map((t) => [t.topic, t.recordsAtMost])).toContainEqual(["orders", undefined]);
    expect(report.groups.find((g) => g.group === "late")).toMatchObject({
      rereads: 2000,
      rereadsAtMost: true,
      proof: "written and read back; up to 2000 records will be read again",
    });
    expect(report.warnings).toContain('group "late" will read up to 2000 records again');
    expect(reportHtml(report)).toContain('<td class="n" data-of="Records">at most 20,000</td>');
  });

  it("marks a topic as blocked only for its own partitions, not for those of a similar name", () => {
    const input = cutOver({
      phase: "mirror",
      gate: undefined,
      verification: undefined,
      offsets: undefined,
      replication: undefined,
    });
    const copy = (topic: string) => ({ topic, target: topic, partitions: 2, complete: 1, records: 5, left: 1 });
    input.look = {
      at: "2026-05-04T10:39:00.000Z",
      topics: [copy("orders"), copy("orders-eu")],
      against: [{ kind: "truncated", subject: "orders-eu-1", text: "gone", hopeless: true }],
      warnings: [],
    };
    expect(buildReport(input).topics.map((t) => [t.topic, t.proof])).toEqual([
      ["orders-eu", "blocked"],
      ["orders", "1 of 2 complete"],
    ]);
  });

  it("lists problems first in warnings and rows", () => {
    const input = cutOver({
      phase: "mirror",
      gate: undefined,
      verification: undefined,
      offsets: undefined,
      replication: undefined,
    });
    input.look = {
      at: "2026-05-04T10:39:00.000Z",
      topics: [
        { topic: "a", target: "a", partitions: 2, complete: 2, records: 5, left: 0 },
        { topic: "b", target: "b", partitions: 2, complete: 1, records: 9, left: 4 },
        { topic: "c", target: "c", partitions: 1, complete: 0, records: 9, left: 9 },
      ],
      against: [
        { kind: "behind", subject: "b-1", text: "b-1: 4 offsets are not copied", hopeless: false },
        { kind: "task failed", subject: "c-0", text: "task 0 is FAILED", hopeless: true },
      ],
      warnings: ["a warning"],
      connector: { state: "RUNNING", tasks: { RUNNING: 1, FAILED: 1 } },
    };
    const report = buildReport(input);
    expect(report.headline.tone).toBe("bad");
    expect(report.warnings.slice(0, 2)).toEqual(["task 0 is FAILED", "b-1: 4 offsets are not copied"]);
    expect(report.topics.map((t) => [t.topic, t.tone])).toEqual([
      ["c", "bad"],
      ["b", "waiting"],
      ["a", "good"],
    ]);
    expect(report.progress.at(-1)).toEqual({ at: input.look.at, partitions: 5, complete: 3, left: 13 });
    expect(report.figures).toContainEqual(["Source connector", "RUNNING, tasks: 1 RUNNING, 1 FAILED"]);
  });

  it("never calls a difference or an abandoned migration good", () => {
    const differs = cutOver();
    differs.verification!.result.equal = false;
    differs.verification!.result.topics[0]!.faulty = 1;
    expect(buildReport(differs).headline.tone).toBe("bad");
    expect(buildReport(differs).topics[0]).toMatchObject({
      topic: "orders",
      tone: "bad",
      proof: "1 partition differs",
    });
    expect(buildReport(cutOver({ abandonedAt: "2026-05-04T10:39:00.000Z" })).headline.tone).toBe("bad");
  });

  it("shows residue, and its absence only after a search", () => {
    const found = [
      { kind: "topic" as const, side: "target" as const, name: "mirror-offsets", what: "the mirror's offsets topic" },
    ];
    expect(buildReport(cutOver({ phase: "cleanup", residue: found })).headline).toMatchObject({ tone: "bad" });
    expect(reportHtml(buildReport(cutOver({ phase: "cleanup", residue: found })))).toContain("mirror-offsets");
    expect(reportHtml(buildReport(cutOver({ phase: "cleanup", residue: [] })))).toContain(
      "None found on either cluster",
    );
    expect(reportHtml(buildReport(cutOver({ phase: "cleanup" })))).not.toContain("None found");
  });

  it("keeps the first and the last of too many samples", () => {
    const samples = Array.from({ length: 5000 }, (_, i) => ({
      at: new Date(1_700_000_000_000 + i * 1000).toISOString(),
      partitions: 10,
      complete: i % 10,
      left: 5000 - i,
    }));
    const { progress } = buildReport(cutOver({ samples }));
    expect(progress).toHaveLength(500);
    expect([progress[0], progress.at(-1)]).toEqual([samples[0], samples.at(-1)]);
  });
});

const hostile = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.constantFrom(
    "</td><script>alert(1)</script>",
    `" onload="x`,
    "' onclick='x",
    "<!--",
    "]]>",
    "&lt;",
    "</style><img src=x>",
    "\u202egnp.exe",
    "\ud800",
    "`${x}`",
    "javascript:alert(1)",
  ),
);

/** Tag and attribute names of a page, in order. This is the structure that a browser builds, whatever the texts are. */
function skeleton(page: string): string {
  return [...page.matchAll(/<[^>]*>/g)].map(([tag]) => tag.replace(/"[^"]*"/g, '""')).join("");
}

describe("the HTML page", () => {
  it("keeps its structure for any text from outside", () => {
    const page = (name: string) => {
      const input = cutOver({
        name,
        samples: [],
        residue: [{ kind: "topic", side: "target", name, what: name }],
        notes: [name],
      });
      input.mirror = { originAlias: name, targetAlias: name, topicsPattern: name, groupsPattern: name };
      input.verification!.result.topics = [
        { ...input.verification!.result.topics[0]!, topic: name, target: `${name}x` },
      ];
      input.offsets!.groups[0]!.group = name;
      input.offsets!.skipped = [];
      input.preflight!.result.warnings = [];
      input.verification!.result.differences = [];
      return reportHtml(buildReport(input));
    };
    const plain = skeleton(page("plain"));
    expect(plain).toContain('<td class="">');
    fc.assert(
      fc.property(hostile, (name) => {
        expect(skeleton(page(name))).toBe(plain);
      }),
      { numRuns: 300 },
    );
  });

  it("escapes every character that ends a text or an attribute, and no other", () => {
    fc.assert(
      fc.property(hostile, (text) => {
        expect(escapeHtml(text)).not.toMatch(/[<>"'`\u0000\u202e]|&(?!amp;|lt;|gt;|quot;|#39;|#96;)/);
      }),
      { numRuns: 500 },
    );
    expect(escapeHtml("orders.v1_x-\u00e9\ud83d\ude00")).toBe("orders.v1_x-\u00e9\ud83d\ude00");
  });

  it("loads nothing and runs nothing", () => {
    const page = reportHtml(buildReport(cutOver()));
    expect(page).not.toMatch(/<script|<link|<img|https?:|url\(|@import/i);
    expect(page).toContain("default-src 'none'");
    expect(page).toContain("<svg");
    expect(page).toContain(">100,000<");
    expect(page).not.toMatch(/NaN|undefined|Infinity|\[object/);
  });
});

describe("the report's files", () => {
  it("are complete, and the next report reuses the samples", async () => {
    const folder = await mkdtemp(join(tmpdir(), "kafka-migration-report-"));
    try {
      const report = buildReport(cutOver({ name: "org/orders" }));
      const paths = await writeReport(join(folder, "new"), report);
      expect((await readdir(join(folder, "new"))).sort()).toEqual([
        "migration-org_orders.html",
        "migration-org_orders.json",
      ]);
      expect(JSON.parse(await readFile(paths.json, "utf8"))).toEqual(report);
      expect(await earlierSamples(join(folder, "new"), "org/orders")).toEqual(report.progress);
      expect(await earlierSamples(folder, "org/orders")).toEqual([]);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
