import * as pulumi from "@pulumi/pulumi";
import { expect, test } from "vitest";
import { valueOf } from "../test/components/support/mocks";
import { partFacts } from "./migration/report";

test.each([
  { principals: ["User:*"], empty: undefined },
  { principals: [], empty: true },
])("the report learns whether the fence has ACLs: $principals", async ({ principals, empty }) => {
  const raised = { raisedAt: "2026-01-01T10:00:00.000Z", principals };
  const steps = { fence: { raised: pulumi.output(raised) }, gate: { result: pulumi.output(null) } };
  const facts = await valueOf(partFacts(steps as never, "cutover"));
  expect(facts.fenceRaisedAt).toBe(raised.raisedAt);
  expect(facts.fenceEmpty).toBe(empty);
});
