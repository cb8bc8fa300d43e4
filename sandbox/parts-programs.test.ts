import { readdirSync, readFileSync, realpathSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { findBuilders, refuseLacks } from "./parts/builders";
import { kafkaArtifacts, kafkaOnPath, splitCrds } from "./parts/jars";
import { plugin, programOnPath, pulumiOnPath, whyPluginIsNotUsed } from "./parts/programs";
import { findJava } from "./parts/tools";
import { units } from "./parts/units";
import { describeKubernetesPlugin } from "./pulumi/parts";
import { fakeProgram, setEnv, tempFolder } from "./test/parts-support";

const hostUsage = `echo "Usage of $0:" >&2; echo "  -tsconfig string" >&2; exit 2`;

/** Creates a folder that is the whole PATH, except for the shell's own programs. */
function pathFolder(): string {
  const bin = tempFolder();
  setEnv({ PATH: `${bin}:/bin`, PULUMI_HOME: tempFolder() });
  return bin;
}

describe("pulumi on the PATH", () => {
  it("is used with the language host beside it", async () => {
    const bin = pathFolder();
    const pulumi = fakeProgram(join(bin, "pulumi"), "echo v3.200.1");
    const host = fakeProgram(join(bin, "pulumi-language-nodejs"), hostUsage);
    expect(await pulumiOnPath()).toEqual([
      { name: "pulumi", path: pulumi, version: "3.200.1", origin: "path" },
      { name: "pulumi-language-nodejs", path: host, version: "3.200.1", origin: "path" },
    ]);
  });

  it.each([
    ["it is too old", "echo v3.141.0", hostUsage],
    ["it does not answer", "exit 1", hostUsage],
    ["the language host is something else", "echo v3.200.1", "echo hello"],
  ])("is not used if %s", async (_why, pulumi, host) => {
    const bin = pathFolder();
    fakeProgram(join(bin, "pulumi"), pulumi);
    fakeProgram(join(bin, "pulumi-language-nodejs"), host);
    expect(await pulumiOnPath()).toBeUndefined();
  });

  it("is not used without a language host", async () => {
    fakeProgram(join(pathFolder(), "pulumi"), "echo v3.200.1");
    expect(await pulumiOnPath()).toBeUndefined();
  });
});

describe("a Kafka distribution", () => {
  const distribution = (version: string, artifacts: readonly string[] = kafkaArtifacts): string => {
    const home = tempFolder();
    fakeProgram(join(home, "bin", "kafka-server-start.sh"), "exit 0");
    for (const artifact of artifacts) fakeProgram(join(home, "libs", `${artifact}-${version}.jar`), "");
    return home;
  };

  it("is used from KAFKA_HOME, or from the real folder of the script on the PATH", async () => {
    const home = distribution("4.3.7");
    expect(await kafkaOnPath({ KAFKA_HOME: home, PATH: "" })).toEqual([
      { name: "kafka", path: join(home, "libs"), version: "4.3.7", origin: "path" },
    ]);
    const bin = tempFolder();
    symlinkSync(join(home, "bin", "kafka-server-start.sh"), join(bin, "kafka-server-start.sh"));
    expect(await kafkaOnPath({ PATH: bin })).toMatchObject([{ path: join(realpathSync(home), "libs") }]);
  });

  it.each([
    ["it is too old", "4.2.9", kafkaArtifacts],
    ["it is of another major version", "5.0.0", kafkaArtifacts],
    ["it lacks MirrorMaker 2", "4.3.1", kafkaArtifacts.filter((artifact) => artifact !== "connect-mirror")],
  ])("is not used if %s", async (_why, version, artifacts) => {
    expect(await kafkaOnPath({ KAFKA_HOME: distribution(version, artifacts), PATH: "" })).toBeUndefined();
  });

  it("Strimzi's single file of CRDs is split into one file per kind", async () => {
    const folder = tempFolder();
    const crd = (kind: string) =>
      `apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nspec:\n  names:\n    kind: ${kind}\n`;
    writeFileSync(join(folder, "all.yaml"), ["KafkaUser", "KafkaBridge", "KafkaTopic"].map(crd).join("---\n"));
    await splitCrds(folder, "all.yaml", ["KafkaUser", "KafkaTopic"]);
    expect(readdirSync(folder).sort()).toEqual(["KafkaTopic.yaml", "KafkaUser.yaml"]);
    expect(readFileSync(join(folder, "KafkaUser.yaml"), "utf8")).toBe(crd("KafkaUser"));
  });
});

describe("other programs", () => {
  it("are recognised on the PATH by what they answer, not by their name", async () => {
    const bin = pathFolder();
    const etcd = fakeProgram(join(bin, "etcd"), "echo 'etcd Version: 3.5.21'");
    expect(await programOnPath("etcd", "3.5.0")).toEqual([
      { name: "etcd", path: etcd, version: "3.5.21", origin: "path" },
    ]);
    fakeProgram(join(bin, "etcd"), "echo 3.5.21");
    expect(await programOnPath("etcd", "3.5.0")).toBeUndefined();
    fakeProgram(join(bin, "kube-apiserver"), "echo Kubernetes v1.29.9");
    expect(await programOnPath("kube-apiserver", "1.30.0")).toBeUndefined();
  });

  it("are plugins on the PATH, or the newest suitable ones in Pulumi's folder", async () => {
    const bin = pathFolder();
    for (const version of ["3.8.9", "3.9.5", "3.10.0", "4.0.0"]) {
      fakeProgram(
        join(process.env.PULUMI_HOME ?? "", "plugins", `resource-kafka-v${version}`, "pulumi-resource-kafka"),
        "exit 1",
      );
    }
    expect(await plugin("kafka", "3.9.0")).toMatchObject([{ version: "3.10.0", origin: "path" }]);
    const own = fakeProgram(join(bin, "pulumi-resource-kafka"), "echo 3.9.1");
    expect(await plugin("kafka", "3.9.0")).toMatchObject([{ path: own, version: "3.9.1" }]);
    expect(await plugin("kubernetes", "4.20.0")).toBeUndefined();
  });
});

describe("findJava", () => {
  it("uses the newest Java, and none that is too old", async () => {
    const home = tempFolder();
    const java = fakeProgram(join(home, "bin", "java"), `echo 'openjdk version "990.0.1" 2099-01-01' >&2`);
    expect(await findJava(17, { JAVA_HOME: home, PATH: "" })).toMatchObject({
      path: java,
      home,
      version: "990.0.1",
      major: 990,
    });
    expect(await findJava(991, { JAVA_HOME: home, PATH: "" })).toBeUndefined();
  });
});

describe("findBuilders", () => {
  it("names all missing parts and tools together", async () => {
    setEnv({ PATH: "/nowhere" });
    const { builders, lacks } = await findBuilders(units, false);
    expect(builders.go ?? builders.mvn).toBeUndefined();
    const tools = lacks.filter((lack) => lack.tool !== "java");
    expect(() => refuseLacks(tools)).toThrow(
      "PARTS_TOOLS_MISSING: 2 tools are missing to get parts of the sandbox\n" +
        "  - kafka, kafka-streams, kafka-connect-file, strimzi-crds, strimzi-crds-0.31, strimzi-crds-0.32, " +
        "strimzi-crds-0.45, strimzi-crds-1.2: needs Maven 3.6 or newer: install it so that mvn is on the PATH\n" +
        "  - pulumi, etcd, kube-apiserver, kube-controller-manager, pulumi-resource-kafka: needs Go 1.21.0 or newer: " +
        "install it, or put the programs themselves on the PATH\n",
    );
  });

  it("refuses a Go that is too old, and says which version it found", async () => {
    const go = fakeProgram(join(pathFolder(), "go"), "echo go version go1.20.14 linux/amd64");
    const { lacks } = await findBuilders(
      units.filter((unit) => unit.name === "etcd"),
      false,
    );
    expect(lacks).toMatchObject([{ parts: ["etcd"], tool: "go" }]);
    expect(lacks[0]?.text).toContain(`(${go} is 1.20.14)`);
  });

  it("needs nothing if nothing has to be built", async () => {
    setEnv({ PATH: "/nowhere" });
    const { lacks } = await findBuilders(
      units.filter((unit) => unit.name === "pulumi-resource-kubernetes"),
      false,
    );
    expect(lacks).toEqual([]);
    expect(() => refuseLacks(lacks)).not.toThrow();
  });
});

describe("a plugin on the PATH without -version", () => {
  /**
   * Writes a program that uses Pulumi's plugin protocol as the real kubernetes plugin does: no version flag, the port
   * on the first line, GetPluginInfo.
   */
  function speaksProtocol(path: string, version: string): string {
    const sdk = require.resolve("@pulumi/pulumi/package.json");
    const script = `${path}.js`;
    writeFileSync(
      script,
      `const load = require("node:module").createRequire(${JSON.stringify(sdk)});
      if (process.argv.includes("-version")) {
        console.error("flag provided but not defined: -version\\nUsage: plugin [flags] 127.0.0.1:1");
        process.exit(2);
      }
      const grpc = load("@grpc/grpc-js");
      const { PluginInfo } = load("./proto/plugin_pb.js");
      const { ResourceProviderService } = load("./proto/provider_grpc_pb.js");
      const { getPluginInfo } = ResourceProviderService;
      const server = new grpc.Server();
      server.addService({ getPluginInfo }, { getPluginInfo: (call, done) => { const info = new PluginInfo(); info.setVersion(${JSON.stringify(version)}); done(null, info); } });
      server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (_, port) => { require("node:fs").writeFileSync(${JSON.stringify(`${path}.pid`)}, String(process.pid)); console.log(port); });`,
    );
    return fakeProgram(path, `exec '${process.execPath}' '${script}' "$@"`);
  }

  it("is asked over Pulumi's protocol, and ends afterwards", async () => {
    const bin = pathFolder();
    const own = speaksProtocol(join(bin, "pulumi-resource-kubernetes"), "4.34.2");
    expect(await plugin("kubernetes", "4.20.0")).toEqual([
      { name: "pulumi-resource-kubernetes", path: own, version: "4.34.2", origin: "path" },
    ]);
    const pid = Number(readFileSync(`${own}.pid`, "utf8"));
    await vi.waitUntil(() => ended(pid), { timeout: 10_000 });
  });

  it.each([
    ["it is too old", (path: string) => speaksProtocol(path, "v4.19.9")],
    [
      "it names a port on which nothing answers",
      (path: string) => fakeProgram(path, "[ $1 = -version ] && exit 2; echo 1; exec sleep 60"),
    ],
    ["it is not a plugin", (path: string) => fakeProgram(path, "echo hello, I am 10.20.30.40; exit 2")],
  ])("is not used if %s", async (_why, make) => {
    make(join(pathFolder(), "pulumi-resource-kubernetes"));
    expect(await plugin("kubernetes", "4.20.0")).toBeUndefined();
  });

  it.each<[why: string, make: (path: string) => void]>([
    ["has version 4.19.9, not 4.20.0 or a newer one of 4.x", (path) => void speaksProtocol(path, "v4.19.9")],
    ["has version 5.0.0, not 4.20.0", (path) => void fakeProgram(path, "echo v5.0.0")],
    ["does not answer as a plugin does", (path) => void fakeProgram(path, "echo hello")],
    ["is not executable", (path) => writeFileSync(path, "echo v4.34.2", { mode: 0o644 })],
    ["is a link that leads to no program", (path) => symlinkSync("/nowhere/plugin", path)],
  ])("that is not used is named, with the reason: it %s", async (why, make) => {
    const path = join(pathFolder(), "pulumi-resource-kubernetes");
    make(path);
    expect(await whyPluginIsNotUsed("kubernetes", "4.20.0")).toContain(`${path} ${why}`);
  });

  it("needs no word if it is used, or if there is none", async () => {
    const bin = pathFolder();
    expect(await whyPluginIsNotUsed("kubernetes", "4.20.0")).toBeUndefined();
    fakeProgram(join(bin, "pulumi-resource-kubernetes"), "echo v4.34.2");
    expect(await whyPluginIsNotUsed("kubernetes", "4.20.0")).toBeUndefined();
  });

  it("has the version of the folder that Pulumi installed it in, also behind a link", async () => {
    const bin = pathFolder();
    const real = fakeProgram(join(tempFolder(), "resource-kubernetes-v4.30.1", "pulumi-resource-kubernetes"), "exit 1");
    symlinkSync(real, join(bin, "pulumi-resource-kubernetes"));
    expect(await plugin("kubernetes", "4.20.0")).toMatchObject([
      { path: join(bin, "pulumi-resource-kubernetes"), version: "4.30.1" },
    ]);
  });

  it("is not used from Pulumi's folder while it is being installed", async () => {
    pathFolder();
    const plugins = join(process.env.PULUMI_HOME ?? "", "plugins");
    fakeProgram(join(plugins, "resource-kubernetes-v4.34.2", "pulumi-resource-kubernetes"), "exit 1");
    fakeProgram(join(plugins, "resource-kubernetes-v4.30.1", "pulumi-resource-kubernetes"), "exit 1");
    writeFileSync(join(plugins, "resource-kubernetes-v4.34.2.partial"), "");
    expect(await plugin("kubernetes", "4.20.0")).toMatchObject([{ version: "4.30.1" }]);
  });

  it("is reported with its version and path when it is used, and so is the stand-in", () => {
    const part = { name: "pulumi-resource-kubernetes", path: "/opt/plugin", version: "4.34.2" } as const;
    expect(describeKubernetesPlugin({ ...part, origin: "path" })).toBe(
      "kubernetes plugin: Pulumi's own 4.34.2 at /opt/plugin (installed on this machine)",
    );
    expect(describeKubernetesPlugin({ ...part, path: "", origin: "stand-in" })).toMatch(
      /^kubernetes plugin: the sandbox's stand-in.* 4\.34\.2/,
    );
  });
});

function ended(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false;
  } catch {
    return true;
  }
}
