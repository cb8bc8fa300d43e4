import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readPreview } from "../../policies/review/events";
import { annotations, comment, MARK, passed } from "../../policies/review/report";

/** Recorded from the real command line: a migration that is abandoned, before anything exists. */
const recorded = readFileSync(join(__dirname, "../fixtures/review/preview.jsonl"), "utf8");
/** The same resources on their way down. */
const down = recorded.replaceAll('"op":"create"', '"op":"delete"').replaceAll(/\{"policyEvent.*\n/g, "").replaceAll(/\{"diagnosticEvent.*\n/g, "");
const docs = "docs/policies.md";

describe("a recorded preview", () => {
  const preview = readPreview(recorded);

  test("is read: the plan, the findings without the policy's description", () => {
    expect(preview.steps.map((s) => s.op)).toEqual(Array(28).fill("create"));
    expect(preview.findings.map((f) => [f.level, f.rule])).toEqual([
      ["advisory", "pattern-swallows"],
      ["advisory", "storage-topics-in-pattern"],
      ["advisory", "internal-replication-one"],
      ["mandatory", "gate-abandoned"],
    ]);
    expect(preview.findings[3]!.message).toMatch(/^Gate orders-gate: the gate is told to let everything pass/);
    expect(preview.finished).toBe(true);
    expect(passed(preview)).toBe(false);
  });

  test("becomes annotations that the runner can read: one line each, escaped", () => {
    const lines = annotations({ ...preview, errors: ["50% of\nit, failed: x"] }, "Pulumi.yaml");
    expect(lines[0]).toBe("::error file=Pulumi.yaml,title=pulumi preview::50%25 of%0Ait, failed: x");
    expect(lines.filter((l) => l.startsWith("::warning"))).toHaveLength(3);
    expect(lines.at(-1)).toMatch(/^::error file=Pulumi.yaml,title=gate-abandoned::Gate orders-gate/);
    for (const line of lines) expect(line).not.toContain("\n");
  });

  test("becomes one comment: verdict, mandatory findings first, the plan, what is deleted later", () => {
    const text = comment(preview, docs);
    expect(text.startsWith(MARK)).toBe(true);
    expect(text).toContain("**This migration must not run as it is**: 1 mandatory finding, 0 errors.");
    expect(text.indexOf("gate-abandoned")).toBeLessThan(text.indexOf("pattern-swallows"));
    expect(text).toContain("| create | KafkaMirrorMaker2 | orders-mirror |");
    expect(text).toContain("(topic migration-connect-cluster-status on the target)");
    expect(text).not.toContain("components:");
    expect(text).toContain("### What this update deletes\n\nNothing.");
    expect(text).toMatch(/when the mirror is removed .* `mm2-offset-syncs.target-cluster.internal` on the origin/);
    // Each row of a table is one line with its three cells.
    for (const line of text.split("\n").filter((l) => l.startsWith("| "))) expect(line.replaceAll("\\|", "").split("|")).toHaveLength(5);
  });

  test("that deletes says so, and when", () => {
    const preview = readPreview(down);
    const text = comment(preview, docs);
    expect(passed(preview)).toBe(true);
    expect(text).toContain("**Nothing stands against this migration**.");
    expect(text).toContain("After everything above, in reverse order of dependency");
    expect(text).toContain("| delete | InternalTopic | orders-target-migration-connect-cluster-offsets (topic migration-connect-cluster-offsets on the target) |");
    expect(text).not.toContain("What is deleted later");
  });

  test("that broke off is not passed, whatever it had found until then", () => {
    const cut = readPreview(down.replaceAll(/\{"summaryEvent.*\n/g, ""));
    expect(passed(cut)).toBe(false);
    expect(comment(cut, docs)).toContain("the preview did not finish");
    expect(passed(readPreview(""))).toBe(false);
  });
});
