import { mkdir, mkdtemp, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pulumiEnvironment, type PulumiResult, supervise } from "@kafka-migration/sandbox";
import { createAuthority, type KafkaCluster, startKafkaCluster } from "@kafka-migration/sandbox/kafka";
import {
  connectKube,
  type Kube,
  type KubeObject,
  type Kubernetes,
  KubernetesRest,
  SECRETS,
  startKubernetes,
} from "@kafka-migration/sandbox/kubernetes";
import { startOperator } from "@kafka-migration/sandbox/operator";
import { pulumiYaml } from "@kafka-migration/sandbox/testing";

export interface ComponentsWorld {
  kubernetes: Kubernetes;
  rest: KubernetesRest;
  kube: Kube;
  /** Run by the operator, in namespace `origin-ns`. It and the target have a listener for the origin's clients CA. */
  origin: KafkaCluster;
  /** Run by nobody. */
  bare: KafkaCluster;
  /** Run by the operator, in namespace `target-ns`. Only with the option `target`. */
  target?: KafkaCluster;
  /** `pulumi ...` in a project whose program is the given text; it requires the package by its name. */
  pulumi(args: readonly string[], env?: NodeJS.ProcessEnv): Promise<PulumiResult>;
  program(text: string): Promise<void>;
  stop(): Promise<void>;
}

/**
 * The real command line, API server and brokers, and the sandbox's operator, with a project that installed this
 * package.
 */
export async function startComponentsWorld(options: { target?: boolean } = {}): Promise<ComponentsWorld> {
  const supervisor = supervise(await mkdtemp(join(tmpdir(), "kafka-migration-components-")));
  const { folder } = supervisor;
  const ends: (() => Promise<void>)[] = [() => supervisor.stop()];
  const stop = async () => {
    for (const end of ends.splice(0).reverse()) await end();
  };
  const progress = () => {};
  try {
    const clientsCa = await createAuthority("clients-ca");
    const trusting = { brokers: 1, clientsCa: clientsCa.cert, progress } as const;
    const [origin, bare, kubernetes, pulumi, target] = await Promise.all([
      startKafkaCluster({ ...trusting, name: "origin", folder: join(folder, "origin") }),
      startKafkaCluster({ name: "bare", brokers: 1, folder: join(folder, "bare"), progress }),
      startKubernetes({ folder: join(folder, "kubernetes"), progress }),
      pulumiEnvironment({ folder: join(folder, "pulumi") }),
      options.target === true
        ? startKafkaCluster({ ...trusting, name: "target", folder: join(folder, "target") })
        : undefined,
    ]);
    const rest = new KubernetesRest(kubernetes.server, kubernetes.token, kubernetes.ca);
    const kube = await connectKube(kubernetes.kubeconfig);
    ends.push(
      async () => rest.close(),
      async () => kube.close(),
    );
    for (const namespace of ["origin-ns", "target-ns", "migration"]) await kubernetes.createNamespace(namespace);
    await kube.create(SECRETS, caSecret("origin-clients-ca-cert", { "ca.crt": clientsCa.cert }));
    await kube.create(SECRETS, caSecret("origin-clients-ca", { "ca.key": clientsCa.key }));
    const operated = ({ bootstrapServers, ca, admin }: KafkaCluster, namespace: string) => ({
      bootstrapServers,
      ca,
      admin,
      namespace,
    });
    const operator = await startOperator({
      kubeconfig: kubernetes.kubeconfig,
      clusters: {
        origin: operated(origin, "origin-ns"),
        ...(target === undefined ? {} : { target: operated(target, "target-ns") }),
      },
      folder: join(folder, "operator"),
      startWorker: () => Promise.reject(new Error("no mirror runs in these tests")),
      progress,
    });
    ends.push(() => operator.stop());
    const cwd = await project(join(folder, "project"));
    return {
      kubernetes,
      rest,
      kube,
      origin,
      bare,
      ...(target === undefined ? {} : { target }),
      pulumi: (args, env) =>
        pulumi.run(args, { cwd, env: { KUBECONFIG: kubernetes.kubeconfig, ...env }, limitMs: 240_000 }),
      program: (text) => writeFile(join(cwd, "index.js"), text),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

const caSecret = (name: string, content: Record<string, string>): KubeObject => ({
  metadata: { name, namespace: "origin-ns" },
  data: Object.fromEntries(Object.entries(content).map(([key, text]) => [key, Buffer.from(text).toString("base64")])),
});

async function project(folder: string): Promise<string> {
  const root = resolve(__dirname, "../../..");
  await mkdir(join(folder, "node_modules"), { recursive: true });
  await symlink(root, join(folder, "node_modules", "pulumi-kafka-migration"));
  await symlink(join(root, "node_modules", "@pulumi"), join(folder, "node_modules", "@pulumi"));
  await writeFile(join(folder, "Pulumi.yaml"), pulumiYaml("components-test"));
  await writeFile(
    join(folder, "package.json"),
    '{ "name": "components-test", "dependencies": { "@pulumi/pulumi": "*", "pulumi-kafka-migration": "*" } }',
  );
  return folder;
}
