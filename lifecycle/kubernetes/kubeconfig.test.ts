import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { connect } from "./connection";
import { type ApiServer, findApiServer } from "./kubeconfig";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "kubeconfig-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const base64 = (text: string) => Buffer.from(text).toString("base64");
const config = (name: string, cluster: object, user: object, current: string | undefined = name) =>
  stringify({
    "current-context": current,
    contexts: [{ name, context: { cluster: `${name}-cluster`, user: `${name}-user` } }],
    clusters: [{ name: `${name}-cluster`, cluster }],
    users: [{ name: `${name}-user`, user }],
  });

/** Returns what the client library uses for its requests. */
async function connected(server: ApiServer) {
  const { config } = await connect(server);
  const [cluster, user] = [config.getCurrentCluster()!, config.getCurrentUser()!];
  const text = (data: string | undefined) => Buffer.from(data ?? "", "base64").toString();
  return { ...cluster, ...user, ca: text(cluster.caData), cert: text(user.certData), key: text(user.keyData) };
}

describe("a kubeconfig", () => {
  test("can be given as content, with a token and the CA as data", async () => {
    const server = findApiServer(
      {
        kubeconfig: config(
          "a",
          { server: "https://127.0.0.1:6443/", "certificate-authority-data": base64("the CA") },
          { token: "t" },
        ),
      },
      {},
    );
    expect(server.url).toBe("https://127.0.0.1:6443");
    expect(await connected(server)).toMatchObject({ ca: "the CA", skipTLSVerify: false, token: "t" });
  });

  test("can be given as a path, and its files are relative to it", async () => {
    for (const [name, text] of [
      ["ca.pem", "CA"],
      ["cert.pem", "CERT"],
      ["key.pem", "KEY"],
    ] as const)
      writeFileSync(join(folder, name), text);
    const path = join(folder, "config");
    writeFileSync(
      path,
      config(
        "a",
        { server: "https://a", "certificate-authority": "ca.pem" },
        { "client-certificate": "cert.pem", "client-key": "key.pem" },
      ),
    );
    const server = findApiServer({ kubeconfig: path }, {});
    expect(await connected(server)).toMatchObject({ ca: "CA", cert: "CERT", key: "KEY" });
  });

  test("prefers data to files and ignores empty values, like kubectl", async () => {
    const data = { "certificate-authority-data": base64("CA"), "certificate-authority": "missing" };
    const login = {
      "client-certificate-data": base64("CERT"),
      "client-certificate": "missing",
      "client-key-data": base64("KEY"),
      "client-key": "missing",
      ...{ token: "", tokenFile: "", username: "", password: "", exec: null, "auth-provider": null, as: "" },
      ...{ "as-groups": [], "as-uid": "", "as-user-extra": {} },
    };
    const cluster = { server: "https://a", "proxy-url": "", "tls-server-name": "", ...data };
    const { headers, config: client } = await connect(findApiServer({ kubeconfig: config("a", cluster, login) }, {}));
    expect(headers).toEqual([]);
    const options: Record<string, unknown> = {};
    await client.applyToHTTPSOptions(options);
    expect(options).toMatchObject({ ca: Buffer.from("CA"), cert: Buffer.from("CERT"), key: Buffer.from("KEY") });
    expect(options).toMatchObject({ headers: {} });
    expect(options.auth).toBeUndefined();
    expect(options.servername).toBeUndefined();
  });

  test("is an error that names the path if one of its files is missing", async () => {
    for (const key of ["client-certificate", "client-key", "tokenFile"]) {
      const server = findApiServer(
        { kubeconfig: config("a", { server: "https://a" }, { [key]: "/nowhere/file" }) },
        {},
      );
      await expect(connect(server)).rejects.toThrow("KUBECONFIG_INVALID: /nowhere/file, which the kubeconfig names,");
    }
    const cluster = { server: "https://a", "certificate-authority": "/nowhere/ca" };
    const server = findApiServer({ kubeconfig: config("a", cluster, {}) }, {});
    await expect(connect(server)).rejects.toThrow("KUBECONFIG_INVALID: /nowhere/ca, which the kubeconfig names,");
  });

  test("is found through KUBECONFIG with several files, and in the home folder", () => {
    const home = join(folder, "home");
    mkdirSync(join(home, ".kube"), { recursive: true });
    writeFileSync(join(home, ".kube", "config"), config("mine", { server: "https://mine" }, {}));
    writeFileSync(join(folder, "one"), config("one", { server: "https://one" }, {}));
    writeFileSync(join(folder, "two"), config("two", { server: "https://two" }, {}));
    const env = { HOME: home, KUBECONFIG: [join(folder, "one"), join(folder, "two")].join(delimiter) };
    expect(findApiServer({}, env).url).toBe("https://one");
    expect(findApiServer({ context: "two" }, env).url).toBe("https://two");
    expect(findApiServer({}, { HOME: home }).url).toBe("https://mine");
  });

  test("can use a credential plugin, which gets the exec info and whose failure is reported", async () => {
    const plugin = join(folder, "plugin.js");
    writeFileSync(
      plugin,
      `#!/usr/bin/env node
       const info = JSON.parse(process.env.KUBERNETES_EXEC_INFO);
       if (process.env.FAIL) { console.error("log in first"); process.exit(3); }
       console.log(JSON.stringify({ kind: info.kind, apiVersion: info.apiVersion, status: { token: "made-" + process.argv[2] + "-" + info.spec.cluster.server } }));`,
    );
    chmodSync(plugin, 0o755);
    const exec = {
      apiVersion: "client.authentication.k8s.io/v1",
      command: plugin,
      args: ["x"],
      provideClusterInfo: true,
    };
    const good = findApiServer({ kubeconfig: config("a", { server: "https://a" }, { exec }) }, {});
    expect(await connected(good)).toMatchObject({ token: "made-x-https://a" });
    const bad = findApiServer(
      { kubeconfig: config("a", { server: "https://a" }, { exec: { ...exec, env: [{ name: "FAIL", value: "1" }] } }) },
      {},
    );
    await expect(connect(bad)).rejects.toThrow(/credential plugin .*plugin.js failed \(3\): log in first/);
  });

  test.each([
    ["a path that does not exist", { kubeconfig: "/nowhere/config" }, "kubeconfig /nowhere/config can't be read"],
    [
      "a context that does not exist",
      { kubeconfig: config("origin", { server: "https://a" }, {}), context: "orign" },
      'no context "orign" (did you mean "origin"?); it has origin',
    ],
    [
      "no current context",
      { kubeconfig: config("a", { server: "https://a" }, {}, "") },
      "no current context; it has a",
    ],
    ["a cluster without a server", { kubeconfig: config("a", {}, {}) }, 'the cluster "a-cluster", which has no server'],
    ["no kubeconfig at all", {}, "no kubeconfig: none is given"],
  ])("is refused: %s", (_name, access, message) =>
    expect(() => findApiServer(access, { HOME: join(folder, "nobody") })).toThrow(message),
  );

  test("is refused without being shown if it is neither YAML nor JSON", () => {
    expect(() => findApiServer({ kubeconfig: "token: [hunter2\n" }, {})).toThrow(/neither YAML nor JSON/);
    try {
      findApiServer({ kubeconfig: "token: [hunter2\n" }, {});
    } catch (error) {
      expect(JSON.stringify([String(error), (error as Error).cause])).not.toContain("hunter2");
    }
  });
});
