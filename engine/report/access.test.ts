import { describe, expect, test } from "vitest";
import { cutOver } from "../../test/engine/report/inputs";
import type { AccessResult } from "../access";
import { buildReport, reportHtml } from ".";

const equal: AccessResult = {
  equal: true,
  differences: [],
  unknown: [],
  notes: [],
  counts: {
    acls: { origin: 12, target: 12 },
    principals: 3,
    names: { topic: 2, group: 1, transactionalId: 1, cluster: 1 },
  },
};
const differs = (text: string, more: Partial<AccessResult> = {}): AccessResult => ({
  ...equal,
  equal: false,
  differences: [{ kind: "acl", principal: "User:<billing>", allowedOn: "origin", text }],
  ...more,
});
const at = "2026-05-04T09:59:00.000Z";

describe("the report's section about access", () => {
  test("is absent if nothing was compared", () => {
    expect(buildReport(cutOver())).not.toHaveProperty("access");
    expect(reportHtml(buildReport(cutOver()))).not.toContain("<h2>Access</h2>");
  });

  test("says that both clusters decide the same", () => {
    const report = buildReport(cutOver({ access: { at, result: equal } }));
    expect(report.access).toMatchObject({ tone: "good", differences: [] });
    expect(report.timeline).toContainEqual({ at, what: "Compared access: equal" });
    expect(report.warnings.join()).not.toContain("access");
    expect(reportHtml(report)).toContain("both clusters decide the same: 3 principals");
  });

  test("lists every difference, and what could not be compared", () => {
    const result = differs("`User:<billing>` may Write", { unknown: ["quotas of the origin"], left: 7 });
    const report = buildReport(cutOver({ access: { at, result } }));
    expect(report.access).toMatchObject({ tone: "bad", unknown: ["quotas of the origin"] });
    expect(report.access!.differences).toEqual([
      "`User:<billing>` may Write",
      "and 7 more; `kafka-migration access` lists all of them",
    ]);
    expect(report.warnings).toContainEqual(expect.stringMatching(/^access before the cutover: 8 differences/));
    const page = reportHtml(report);
    expect(page).toContain("User:&lt;billing&gt;");
    expect(page).toContain("Not compared: quotas of the origin");
  });

  test("joins the waves, each difference once", () => {
    const wave = { wave: "orders", phase: "cutover" as const, access: { at, result: differs("same") } };
    const input = cutOver({ access: { at, result: differs("same") }, waves: [wave, { ...wave, wave: "other" }] });
    expect(buildReport(input).access).toMatchObject({
      differences: ["same"],
      summary: "1 difference between the clusters",
    });
  });
});
