import { beforeEach, describe, expect, test } from "vitest";
import * as pulumi from "@pulumi/pulumi";
import { Migration, type MigrationArgs } from "../index";
import { opened, recordingMocks } from "../test/components/support/mocks";
import { migrationMistakes } from "./migration/checks";
import { defaultImage } from "./migration/verify-job";
import type { VerifyJob } from "../lifecycle/verify-job/types";
import type { VerifySettings } from "./settings/verify";

const operated = (side: string) => ({
  bootstrapServers: `${side}:9093`,
  adminBootstrapServers: `${side}.example.com:443`,
  operator: { cluster: side, namespace: `${side}-ns` },
});
const both = { origin: operated("origin"), target: operated("target") };
const waves = [{ name: "orders", topics: "orders", phase: "cutover" as const }];

let mocks: ReturnType<typeof recordingMocks>;
beforeEach(async () => {
  mocks = recordingMocks();
  await mocks.ready;
});

async function verifications(args: Partial<MigrationArgs>) {
  new Migration("m", { ...both, ...args });
  await pulumi.runtime.disconnect();
  return mocks.declared
    .filter(({ type }) => type.endsWith(":Verification"))
    .map((one) => opened(one.inputs) as Record<string, unknown>);
}

describe("verify.runOn", () => {
  test("changes nothing if it is left out or `here`", async () => {
    for (const verify of [undefined, { runOn: "here" as const }]) {
      const [inputs] = await verifications(verify === undefined ? {} : { verify });
      expect(inputs!.options).toEqual({ mode: "tail", tailRecords: 100 });
      expect(inputs).not.toHaveProperty("job");
      expect(inputs).not.toHaveProperty("kubernetes");
    }
  });

  test("`kubernetes` gives each part a Job beside the mirror, with the addresses that pods reach", async () => {
    const found = await verifications({
      waves,
      mirror: { namespace: "mm", name: "mirror", kubeconfig: "k8s.yaml" },
      verify: { runOn: "kubernetes", mode: "full", completions: 8, parallelism: 2, resources: { limits: { cpu: 1 } } },
    });
    const job = {
      namespace: "mm",
      bootstrapServers: { origin: "origin:9093", target: "target:9093" },
      completions: 8,
      parallelism: 2,
      image: defaultImage(),
      resources: { limits: { cpu: 1 } },
      limitSeconds: 86_400,
    };
    expect(found.map((one) => (one.job as { name: string }).name).sort()).toEqual([
      "mirror-verify",
      "mirror-verify-orders",
    ]);
    for (const one of found) {
      expect(one.job).toMatchObject(job);
      expect(one.kubernetes).toMatchObject({ kubeconfig: "k8s.yaml" });
      expect(one.options).toEqual({ mode: "full", tailRecords: 100 });
    }
    // The search for residue knows them, too: a killed `up` may not have recorded the verification.
    const residues = mocks.declared.filter(({ type }) => type.endsWith(":Residue")).map(({ inputs }) => opened(inputs));
    expect(residues).toHaveLength(2);
    for (const one of residues as Record<string, unknown>[]) {
      const places = found
        .map((of) => of.job as VerifyJob)
        .map(({ namespace, name, owner }) => ({ namespace, name, owner }));
      expect(one.jobs).toEqual(expect.arrayContaining(places));
      expect(one.jobsOn).toMatchObject({ kubeconfig: "k8s.yaml" });
    }
  });

  test.each([
    [{ completions: 2 }, "verify.completions has no effect: set verify.runOn to kubernetes, or leave it out"],
    [{ runOn: "here" as const, image: "a" }, "verify.image has no effect"],
    [{ runOn: "kubernetes" as const, mode: "none" as const }, "with verify.mode none nothing is compared"],
    [{ runOn: "kubernetes" as const, completions: 2, parallelism: 3 }, "verify.parallelism is 3, but there are only 2"],
    [
      { runOn: "kubernetes" as const, completions: 1001 },
      "verify.completions is 1001: it has to be a whole number from 1 to 1000",
    ],
    [{ runOn: "kubernets" as "kubernetes" }, 'did you mean "kubernetes"?'],
  ])("refuses %j", (verify, mistake) => {
    expect(migrationMistakes({ ...both, verify }).list.join("\n")).toContain(mistake);
  });

  test.each<[VerifySettings, string]>([
    [{ image: "Registry.example.com/Kafka Migration" }, "which is not the name of an image"],
    [
      { resources: { limit: { cpu: 1 } } },
      'the field "limit", which Kubernetes does not know (did you mean "limits"?)',
    ],
    [{ resources: { limits: { memory: "1 GB" } } }, 'verify.resources.limits.memory is "1 GB": it must be a quantity'],
    [
      { resources: { requests: { memory: "2Gi" }, limits: { memory: "1Gi" } } },
      "verify.resources.requests.memory is 2Gi, more than the limit 1Gi",
    ],
    [{ template: { nodeSelector: { zone: "b" } } }, 'verify.template has the field "nodeSelector"'],
    [{ template: { spec: { restartPolicy: "OnFailure" } } }, 'restartPolicy is "OnFailure": it must be Never'],
    [{ template: { spec: { containers: { name: "verify" } } } }, "verify.template.spec.containers must be a list"],
    [
      { template: { spec: { containers: [{ env: [] }] } } },
      "containers[0] has no name. The container that compares is",
    ],
    [
      { template: { spec: { containers: [{ name: "main" }] } } },
      '"main", and has no image. The container that compares',
    ],
    [{ template: { spec: { initContainers: [{ name: "wait" }] } } }, 'initContainers[0] is another container, "wait"'],
    [{ template: { spec: { containers: [{ name: "verify", args: ["x"] }] } } }, "containers[0].args would change what"],
  ])("refuses pods that Kubernetes would refuse at the cutover: %j", (pods, mistake) => {
    const { list } = migrationMistakes({ ...both, verify: { runOn: "kubernetes", ...pods } });
    expect(list).toEqual([expect.stringContaining(mistake)]);
  });

  test("accepts what Kubernetes accepts", () => {
    const resources = {
      requests: { cpu: "500m", memory: 1 },
      limits: { cpu: 1, memory: "1Gi", "example.com/gpu": "2" },
    };
    for (const image of [
      "kafka-migration",
      "localhost:5000/a/b_c:0.1.0-rc.1",
      "r.example.com/kafka-migration@sha256:" + "0a".repeat(32),
      defaultImage(),
    ]) {
      const containers = [
        { name: "verify", env: [{ name: "A", value: "b" }], resources },
        { name: "proxy", image: "proxy" },
      ];
      const spec = { restartPolicy: "Never", nodeSelector: { zone: "b" }, containers };
      const template = { metadata: { labels: { team: "kafka" } }, spec };
      const verify = { runOn: "kubernetes" as const, image, resources, template };
      expect(migrationMistakes({ ...both, verify }).list).toEqual([]);
    }
  });

  test("accepts values that are known only later, everywhere in the fields of the pods", () => {
    const later = pulumi.output({}) as never;
    for (const pods of [
      { resources: later },
      { template: later },
      { resources: { requests: later, limits: { cpu: later } } },
      { template: { metadata: later, spec: later } },
      { template: { spec: { restartPolicy: later, containers: later, initContainers: [later] } } },
      { template: { spec: { containers: [{ name: later }, { name: "proxy", image: later, resources: later }] } } },
    ] as VerifySettings[])
      expect(migrationMistakes({ ...both, verify: { runOn: "kubernetes", ...pods } }).list).toEqual([]);
  });

  test("refuses what pods cannot use: a file of this machine, and too long a name", () => {
    const origin = { ...both.origin, administrator: { tokenFile: "/run/token" } };
    const wave = { name: "w".repeat(40), topics: "a" };
    const mistakes = migrationMistakes({ ...both, origin, waves: [wave], verify: { runOn: "kubernetes" } }).list;
    expect(mistakes.join("\n")).toMatch(/origin.administrator.tokenFile is a file of this machine/);
    expect(mistakes.join("\n")).toMatch(/Job would be called "data-migration-verify-w+", with 62 characters/);
  });
});
