import { describe, expect, test } from "vitest";
import { cutOver } from "../../test/engine/report/inputs";
import { buildReport, reportHtml } from ".";

const at = "2026-05-04T10:32:00.000Z";
const one = { cluster: "connect", connector: "<files>", written: 1200, same: 3 };

describe("the report's section about source connectors", () => {
  test("is absent if no offsets were copied", () => {
    for (const more of [{}, { connectors: { at, copied: [] } }]) {
      const report = buildReport(cutOver(more));
      expect(report).not.toHaveProperty("connectors");
      expect(report.timeline.map(({ what }) => what).join()).not.toContain("connector");
      expect(reportHtml(report)).not.toContain("Source connectors");
    }
  });

  test("has a row for each connector of every wave, sorted, and a line in the timeline", () => {
    const wave = { wave: "orders", phase: "cutover" as const, connectors: { at, copied: [{ ...one, cluster: "a" }] } };
    const report = buildReport(cutOver({ connectors: { at, copied: [one] }, waves: [wave] }));
    expect(report.connectors).toEqual([{ ...one, cluster: "a" }, one]);
    expect(report.timeline).toContainEqual({ at, what: "Offsets of 1 source connector copied" });
    expect(report.timeline).toContainEqual({ at, what: "Wave orders: Offsets of 1 source connector copied" });
    const page = reportHtml(report);
    expect(page).toContain("<h2>Source connectors (2)</h2>");
    expect(page).toContain("&lt;files&gt;");
    expect(page).toContain("1,200");
  });
});
