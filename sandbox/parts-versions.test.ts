import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { goVersion } from "./parts/builders";
import { goFolder } from "./parts/go";
import { accepts, compareVersions, versionIn, versions } from "./parts/versions";

describe("versions", () => {
  it("are read from the output of programs", () => {
    expect(versionIn("v3.259.0")).toBe("3.259.0");
    expect(versionIn("v3.260.0-alpha.1+dirty")).toBe("3.260.0");
    expect(versionIn("etcd Version: 3.7.0\nGit SHA: 12ab")).toBe("3.7.0");
    expect(versionIn("no number here")).toBeUndefined();
    expect(goVersion("go version go1.26.8 linux/amd64")).toBe("1.26.8");
    expect(goVersion("go version go1.22 darwin/arm64")).toBe("1.22");
    expect(goVersion("command not found: go")).toBeUndefined();
  });

  it("are compared as numbers, not as text", () => {
    expect(compareVersions("3.142.0", "3.99.9")).toBeGreaterThan(0);
    expect(compareVersions("1.22", "1.22.0")).toBe(0);
    expect(compareVersions("3.5.9", "3.5.10")).toBeLessThan(0);
  });

  it("are accepted if they are new enough and have the same major version", () => {
    expect(accepts("3.142.0", "3.142.0")).toBe(true);
    expect(accepts("3.141.9", "3.142.0")).toBe(false);
    expect(accepts("4.0.0", "3.142.0")).toBe(false);
  });

  it("match the Go modules", () => {
    const main = readFileSync(join(goFolder(), "go.mod"), "utf8");
    expect(main).toContain(`github.com/pulumi/pulumi/pkg/v3 v${versions.pulumi}\n`);
    expect(main).toContain(`go.etcd.io/etcd/server/v3 v${versions.etcd}\n`);
    expect(main).toContain(`k8s.io/kubernetes v${versions.kubernetes}\n`);
    const host = readFileSync(join(goFolder(), "language-nodejs", "go.mod"), "utf8");
    expect(host).toContain(`github.com/pulumi/pulumi/sdk/v3 v${versions.languageHost}\n`);
  });

  it("of the plugins match the npm packages", () => {
    const npm = (name: string): string =>
      JSON.parse(readFileSync(require.resolve(`${name}/package.json`), "utf8")).version;
    expect(versions.kafkaPlugin).toBe(npm("@pulumi/kafka"));
    expect(versions.kubernetesPlugin).toBe(npm("@pulumi/kubernetes"));
  });
});
