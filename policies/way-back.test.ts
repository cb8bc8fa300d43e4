import * as pulumi from "@pulumi/pulumi";
import { describe, expect, test } from "vitest";
import { Migration, type MigrationArgs } from "../index";
import { opened, recordingMocks } from "../test/components/support/mocks";
import { all } from "../test/policies/resources";
import type { AnyResource } from "./read";

const operated = (side: string) => ({
  bootstrapServers: `${side}-kafka-bootstrap.${side}-ns:9093`,
  operator: { cluster: side, namespace: `${side}-ns` },
});

/** A migration with a way back as the analyzer sees it, after a change. */
async function seen(more: Partial<MigrationArgs>, change?: (mirrors: { forward: any; back: any }) => void) {
  const mocks = recordingMocks();
  await mocks.ready;
  const migration = new Migration("m", { origin: operated("origin"), target: operated("target"), ...more });
  await new Promise((resolve) => migration.summary.apply(resolve));
  await pulumi.runtime.disconnect();
  const resources = mocks.declared.map(
    ({ type, name, inputs }): AnyResource => ({
      type,
      name,
      urn: `urn:pulumi:test::test::${type}::${name}`,
      props: structuredClone(opened(inputs)) as Record<string, unknown>,
    }),
  );
  const spec = (name: string) =>
    (resources.find((r) => r.name === name && r.props.spec)?.props.spec as any)?.mirrors[0];
  const back = more.waves === undefined ? "m-return-mirror" : "m-return-orders-mirror";
  change?.({ forward: spec("m-mirror"), back: spec(back) });
  return all(resources)
    .filter(({ level }) => level === "mandatory")
    .map(({ rule }) => rule);
}

const WAVES = [
  { name: "orders", topics: "orders[.].*", phase: "cutover", wayBack: true },
  { name: "billing", topics: "billing" },
] as const;
const settings: [string, Partial<MigrationArgs>][] = [
  ["of a wave", { waves: WAVES }],
  ["of a whole migration", { phase: "cutover", wayBack: true }],
  ["of named topics", { phase: "cutover", wayBack: true, mirror: { topicsPattern: "orders,billing" } }],
];

describe.each(settings)("the way back %s", (_what, more) => {
  test("is no endless loop, and no other mandatory finding", async () => {
    expect(await seen(more)).toEqual(await seen({}));
  });

  test("is one as soon as the forward mirror copies its topics, too", async () => {
    const again = ({ forward }: any) => {
      delete forward.topicsExcludePattern;
      delete forward.sourceConnector.state;
    };
    expect(await seen(more, again)).toContain("endless-loop");
  });
});

test("a return mirror that copies more than its wave is an endless loop", async () => {
  const wider = ({ back }: any) => {
    back.topicsPattern = "orders[.].*,billing";
    delete back.topicsExcludePattern;
  };
  expect(await seen({ waves: WAVES }, wider)).toContain("endless-loop");
});
