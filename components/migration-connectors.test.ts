import * as pulumi from "@pulumi/pulumi";
import { describe, expect, test } from "vitest";
import { Migration, type MigrationArgs } from "../index";
import { opened, recordingMocks } from "../test/components/support/mocks";
import { migrationMistakes } from "./migration/checks";

const operated = (side: string) => ({
  bootstrapServers: `${side}:9093`,
  operator: { cluster: side, namespace: `${side}-ns` },
});
const clusters = { origin: operated("origin"), target: operated("target"), mirror: { topicsPattern: "orders.*" } };
const CONNECT = { name: "connect", origin: { offsetStorageTopic: "connect-offsets", groupId: "connect" } };

/** Declares a migration and returns what it declared, by name. */
async function declared(more: Partial<MigrationArgs>) {
  const mocks = recordingMocks();
  await mocks.ready;
  new Migration("m", { ...clusters, ...more });
  await pulumi.runtime.disconnect();
  return new Map(
    mocks.declared
      .filter(({ type }) => !type.endsWith(":Migration"))
      .map(({ name, inputs, after }) => {
        const { __provider: _code, trigger: _hash, ...own } = opened(inputs);
        return [name, { inputs: own as Record<string, any>, after }];
      }),
  );
}

/** `Read topic connect-offsets` for each ACL of the administrator on this side. */
function rightsOf(found: Awaited<ReturnType<typeof declared>>, side: string): string[] {
  const { acls } = found.get(`m-${side}-administrator`)!.inputs.spec.authorization;
  return acls.flatMap(({ resource, operations }: any) =>
    operations.map((operation: string) => `${operation} ${resource.type} ${resource.name}`),
  );
}

describe("the offsets of source connectors", () => {
  test("have a step and rights only if connectors is set; everything else keeps its inputs", async () => {
    const [without, set] = [await declared({}), await declared({ connectors: [CONNECT] })];
    expect([...set.keys()].filter((name) => !without.has(name))).toEqual(["m-connector-offsets"]);
    expect(set.get("m-connector-offsets")!.inputs).toMatchObject({ phase: "mirror", connectors: [CONNECT] });
    for (const [name, { inputs }] of without)
      if (!/administrator|preflight|privileges/.test(name)) expect(set.get(name)!.inputs, name).toEqual(inputs);
    const more = (side: string) => rightsOf(set, side).filter((right) => !rightsOf(without, side).includes(right));
    const read = ["Read topic connect-offsets", "Read topic connect-configs", "Read topic connect-status"];
    expect(more("origin").sort()).toEqual(["Describe group connect", ...read].sort());
    expect(more("target").sort()).toEqual(["Describe group connect", "Write topic connect-offsets", ...read].sort());
  });

  test("are copied after the verification, and before the groups move", async () => {
    const set = await declared({ phase: "cutover", connectors: [CONNECT] });
    const after = (name: string) => set.get(name)!.after.map((urn) => urn.split("::").at(-1));
    expect(after("m-connector-offsets")).toContain("m-verification");
    expect(after("m-consumer-offsets")).toContain("m-connector-offsets");
  });

  test("are copied by the wave that the entry names", async () => {
    const other = { ...CONNECT, name: "other", wave: "orders", include: ["a"] };
    const rest = { ...CONNECT, exclude: ["a"] };
    const waves = [{ name: "orders", topics: "orders", phase: "cutover" as const }];
    const set = await declared({ waves, connectors: [rest, other] });
    expect(set.get("m-wave-orders-connector-offsets")!.inputs).toMatchObject({ phase: "cutover", connectors: [other] });
    expect(set.get("m-connector-offsets")!.inputs).toMatchObject({ phase: "mirror", connectors: [rest] });
  });

  test.each<[string, object, string]>([
    ["a wave that does not exist", { wave: "order" }, 'connectors.0.wave is "order": there is no such wave (did you'],
    ["a name in both lists", { include: ["a"], exclude: ["a"] }, 'connectors.0: "a" is in include and in exclude'],
    ["an empty list", { include: [] }, "connectors.0.include is empty"],
    [
      "a missing name",
      { target: { offsetStorageTopic: "store" } },
      "connectors.0.target.configStorageTopic is missing",
    ],
    [
      "storage topics that the mirror copies",
      { target: { offsetStorageTopic: "orders-offsets" } },
      "connectors.0: mirror.topicsPattern also selects orders-offsets, orders-configs, orders-status, and the mirror would " +
        'write into the storage of the Connect cluster on the target; set mirror.topicsExcludePattern to "mm2.*\\.internal,' +
        '.*\\.replica,__.*,orders-offsets,orders-configs,orders-status"',
    ],
    ["an unknown key", { orign: {} }, "connectors.0.orign is not a setting"],
  ])("are refused with %s", (_title, more, message) => {
    const waves = [{ name: "orders", topics: "orders" }];
    const found = migrationMistakes({ ...clusters, waves, connectors: [{ ...CONNECT, ...more }] } as never).list;
    expect(found[0]).toContain(message);
  });

  test.each<[object, object, string | undefined]>([
    [{}, {}, "every connector of connect-offsets"],
    [{ include: ["a", "b"] }, {}, "a, b"],
    [{}, { include: ["a"] }, "a"],
    [{ include: ["a", "b"] }, { include: ["b", "c"] }, "b"],
    [{ include: ["a"] }, { include: ["b"] }, undefined],
    [{ include: ["a"] }, { exclude: ["a"] }, undefined],
    [{}, { origin: { offsetStorageTopic: "other-offsets" } }, undefined],
  ])("are copied by one entry only: %j and %j", (one, other, both) => {
    const connectors = [
      { ...CONNECT, ...one },
      { ...CONNECT, ...other, name: "other" },
    ];
    const found = migrationMistakes({ ...clusters, connectors } as never).list;
    expect(found).toEqual(
      both === undefined
        ? []
        : [`connectors.0 and connectors.1 both select ${both}: name the connectors of each with include`],
    );
  });
});
