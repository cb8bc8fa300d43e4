import * as pulumi from "@pulumi/pulumi";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { Migration, type MigrationArgs } from "../index";
import { recordingMocks } from "../test/components/support/mocks";

let mocks: ReturnType<typeof recordingMocks>;
beforeEach(async () => {
  mocks = recordingMocks();
  await mocks.ready;
});

const operated = (side: string) => ({
  bootstrapServers: `${side}:9093`,
  operator: { cluster: side, namespace: `${side}-ns` },
});

describe("several migrations in one program", () => {
  const args = (more: object = {}): MigrationArgs => ({
    origin: operated("origin"),
    target: operated("target"),
    ...more,
  });
  /**
   * Returns the error message of the program. Catches the error, because Pulumi would report an error that leaves the
   * program.
   */
  async function inOneProgram(program: () => void): Promise<string> {
    let said = "";
    await pulumi.runtime.runInPulumiStack(async () => {
      try {
        program();
      } catch (error) {
        said = (error as Error).message;
      }
    });
    return said;
  }

  test("must not use the same names for their objects", async () => {
    const said = await inOneProgram(() => {
      new Migration("a", args());
      new Migration("b", args());
    });
    expect(said).toContain(
      'mirror.name is "data-migration": migration "a" of this program calls its own in namespace migration so, ' +
        "too; give the mirror a name of its own",
    );
    expect(said).toContain(
      'origin.names.user is "mm2-credentials": migration "a" of this program calls its own in namespace ' +
        "origin-ns so, too",
    );
    expect(said).toContain("MIGRATION_SETTINGS: the migration's settings have 11 mistakes");
    await pulumi.runtime.disconnect();
  });

  const storage = (of: string) => ({
    groupId: of,
    offsetStorageTopic: `${of}-offsets`,
    configStorageTopic: `${of}-configs`,
    statusStorageTopic: `${of}-status`,
  });

  test("must not share topics and groups of two mirrors on one target", async () => {
    const names = {
      user: "mm2-west",
      administrator: "mm2-west-admin",
      credentialsSecret: "west-target-login",
      caSecret: "west-target-ca",
    };
    const west = { ...operated("west"), names: { credentialsSecret: "west-login", caSecret: "west-ca" } };
    const target = {
      ...operated("target"),
      ...storage("west"),
      names,
      groupId: "migration-connect-cluster",
      statusStorageTopic: "migration-connect-cluster-status",
    };
    const said = await inOneProgram(() => {
      new Migration("east", args());
      new Migration("west", { origin: west, target, mirror: { name: "west" } });
    });
    expect(said).toContain("MIGRATION_SETTINGS: the migration's settings have 2 mistakes");
    expect(said).toContain(
      'target.groupId is "migration-connect-cluster": migration "east" of this program uses the same on the same target',
    );
    expect(said).toContain(
      "topics migration-connect-cluster-status, origin-cluster.checkpoints.internal, " +
        'mm2-offset-syncs.origin-cluster.internal: migration "east"',
    );
    await pulumi.runtime.disconnect();
  });

  const ofIts = (of: string, topicsPattern: string, bootstrapServers = "target:9093"): MigrationArgs => ({
    origin: { bootstrapServers: `${of}:9092`, tls: false, anonymous: true, alias: of },
    target: { bootstrapServers, tls: false, anonymous: true, ...storage(of) },
    mirror: { name: of, topicsPattern },
  });
  const inTurn = async (...all: MigrationArgs[]) => {
    const warned = vi.spyOn(pulumi.log, "warn").mockResolvedValue();
    const said = await inOneProgram(() => all.forEach((one, i) => new Migration("abc"[i]!, one)));
    await pulumi.runtime.disconnect();
    const warnings = warned.mock.calls.map(([text]) => text).join();
    warned.mockRestore();
    return { said, warnings };
  };

  test("must not copy into the same topic of one target, however its address is written", async () => {
    const same = 'topic orders: migration "a" of this program copies it into topic orders of the same target, too';
    const servers = ["t1:1,t2:1", "t2:1, T1:1", "t2:1"];
    for (const other of servers) {
      const { said } = await inTurn(ofIts("east", "orders,invoices", servers[0]), ofIts("west", "orders", other));
      expect(said).toContain(same);
    }
    const { said } = await inTurn(ofIts("east", "orders", "t1:1"), { ...ofIts("west", "orders", "t2:1") });
    expect(said).toBe("");
  });

  test("must not copy a topic back to its own cluster", async () => {
    const back = (of: string, from: string, to: string, topicsPattern: string): MigrationArgs => ({
      ...ofIts(of, topicsPattern, `${to}:9092`),
      origin: { bootstrapServers: `${from}:9092`, tls: false, anonymous: true, alias: from },
    });
    const { said } = await inTurn(
      back("one", "east", "west", "(orders|a)-.*"),
      back("two", "west", "east", "orders-.*"),
    );
    expect(said).toContain("copies topics like orders-");
    expect(said).toContain("back to its own cluster under the same name");
    const around = await inTurn(
      back("one", "east", "west", "orders"),
      back("two", "west", "north", "orders"),
      back("three", "north", "east", "orders"),
    );
    expect(around.said).toContain("back to its own cluster");
    expect((await inTurn(back("one", "east", "west", "orders"), back("two", "west", "east", "bills"))).said).toBe("");
    const done = { ...back("two", "west", "east", "orders"), phase: "cleanup" as const };
    expect((await inTurn(back("one", "east", "west", "orders"), done)).said).toBe("");
  });

  test("cause a warning if their patterns may overlap, unless the names on the target differ", async () => {
    const may =
      /migration "b": topics like .* would be copied by migration "a" of this program, too, into the same topics of the same target/;
    expect(await inTurn(ofIts("east", ".*"), ofIts("west", ".*"))).toEqual({
      said: "",
      warnings: expect.stringMatching(may),
    });
    expect(await inTurn(ofIts("east", "a-.*"), ofIts("west", "b-.*"))).toEqual({ said: "", warnings: "" });
    const policy = { "replication.policy.class": "org.apache.kafka.connect.mirror.DefaultReplicationPolicy" };
    const prefixed = (of: string) => ({
      ...ofIts(of, ".*"),
      mirror: { name: of, sourceConnector: { config: policy } },
    });
    expect(await inTurn(prefixed("east"), prefixed("west"), prefixed("south"))).toEqual({ said: "", warnings: "" });
    expect(await inTurn(ofIts("east", ".*"), { ...ofIts("west", ".*"), phase: "cleanup" })).toEqual({
      said: "",
      warnings: "",
    });
  });

  test("run side by side with names of their own", async () => {
    const names = (of: string) => ({
      user: `mm2-${of}`,
      administrator: `mm2-${of}-admin`,
      credentialsSecret: `${of}-credentials`,
      caSecret: `${of}-ca`,
    });
    const said = await inOneProgram(() => {
      new Migration("a", args());
      new Migration(
        "b",
        args({
          origin: { ...operated("origin"), alias: "origin-b", names: names("origin-b") },
          target: { ...operated("target"), ...storage("b"), names: names("target-b") },
          mirror: { name: "b" },
        }),
      );
    });
    expect(said).toBe("");
    await pulumi.runtime.disconnect();
    expect(mocks.only("KafkaMirrorMaker2")).toHaveLength(2);
  });
});
