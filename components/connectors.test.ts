import { describe, expect, test } from "vitest";
import { leastAcls } from "../engine/acls";
import { mirrorModelOf } from "./mirror/resolve";
import type { MirrorSettings } from "./settings/mirror";
import { describeMirror } from "./mirror/text";

const specOf = (settings: MirrorSettings): any =>
  describeMirror({
    ...settings,
    origin: { ...settings.origin, bootstrapServers: "origin:9093" },
    target: { ...settings.target, bootstrapServers: "target:9093" },
  }).text.spec;

describe("settings of one connector that matter for the other", () => {
  const both = (settings: MirrorSettings) => {
    const [pair] = specOf(settings).mirrors;
    return [pair.sourceConnector.config, pair.checkpointConnector.config].map((c) => c["offset-syncs.topic.location"]);
  };

  test("a shared key that is set for one connector replaces the profile's value in both", () => {
    const location = { config: { "offset-syncs.topic.location": "source" } };
    expect(both({ sourceConnector: location })).toEqual(["source", "source"]);
    expect(both({ checkpointConnector: location })).toEqual(["source", "source"]);
    expect(both({ sourceConnector: { config: { "offset-syncs.topic.location": null } } })).toEqual([
      undefined,
      undefined,
    ]);
    expect(both({})).toEqual(["target", "target"]);
    expect(mirrorModelOf({ checkpointConnector: location }).offsetSyncsLocation).toBe("source");
  });

  test("a mirror without a checkpoint connector has no block and no rights for it", () => {
    const settings: MirrorSettings = { topicsPattern: "orders", groupsPattern: "billing", checkpointConnector: false };
    expect(specOf(settings).mirrors[0]).not.toHaveProperty("checkpointConnector");
    const model = mirrorModelOf(settings);
    expect(model.checkpoints).toBe(false);
    const named = (["origin", "target"] as const).flatMap((side) =>
      leastAcls(side, model).map(({ resource }) => resource.name),
    );
    expect(named).not.toContain("billing");
    expect(named).not.toContain("origin-cluster.checkpoints.internal");
    const withOne = mirrorModelOf({ ...settings, checkpointConnector: {} });
    expect(withOne).not.toHaveProperty("checkpoints");
    expect(leastAcls("target", withOne).map(({ resource }) => resource.name)).toContain(
      "origin-cluster.checkpoints.internal",
    );
  });

  test("version and offsets of a connector are written if the dialect has them, and refused otherwise", () => {
    const sourceConnector = {
      version: "4.2.0",
      listOffsets: { toConfigMap: { name: "list" } },
      alterOffsets: { fromConfigMap: { name: "alter" } },
    };
    for (const dialect of ["strimzi-v1", "strimzi-v1beta2"] as const) {
      expect(specOf({ dialect, sourceConnector }).mirrors[0].sourceConnector).toMatchObject(sourceConnector);
    }
    expect(() => specOf({ dialect: "event-streams-v1beta1", sourceConnector })).toThrow(
      /has no version in sourceConnector[^]*has no listOffsets in sourceConnector[^]*has no alterOffsets/,
    );
    const externalConfiguration = { env: [{ name: "A", valueFrom: { secretKeyRef: { name: "s", key: "k" } } }] };
    expect(specOf({ dialect: "strimzi-v1beta2", externalConfiguration }).externalConfiguration).toEqual(
      externalConfiguration,
    );
    expect(() => specOf({ externalConfiguration })).toThrow(
      "dialect strimzi-v1 has no externalConfiguration: write its env as template.connectContainer.env, and its " +
        "volumes as template.pod.volumes",
    );
  });
});
