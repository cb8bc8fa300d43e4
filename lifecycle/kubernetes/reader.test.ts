import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { openKubernetes } from "./reader";

const secret = { apiVersion: "v1", kind: "Secret", namespace: "n", name: "s" } as const;
const folder = mkdtempSync(join(tmpdir(), "kubernetes-reader-"));
afterAll(() => rmSync(folder, { recursive: true }));

const servers: Server[] = [];
/** The requests that the API server got. */
let asked: IncomingMessage[] = [];
/** The bodies of these requests. */
let bodies: unknown[] = [];
/** The statuses of the next answers. After them the answer is 200. */
let statuses: number[] = [];
let url = "";

async function listening(server: Server): Promise<string> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

beforeEach(async () => {
  asked = [];
  bodies = [];
  statuses = [];
  url = `http://${await listening(
    createServer((request, response) => {
      asked.push(request);
      request.on("data", (data) => bodies.push(JSON.parse(String(data))));
      const status = statuses.shift() ?? 200;
      response.statusCode = status;
      response.end(JSON.stringify(status === 200 ? { metadata: {}, data: {} } : { message: `answer ${status}` }));
    }),
  )}`;
});
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  }
});

/** The content of a kubeconfig for the API server. */
const config = (user: object, cluster: object = {}, name = "c"): string =>
  JSON.stringify({
    "current-context": name,
    contexts: [{ name, context: { cluster: name, user: name } }],
    clusters: [{ name, cluster: { server: url, ...cluster } }],
    users: [{ name, user }],
  });

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

/** Reads a Secret. Returns the login that the API server got. */
async function login(access: Parameters<typeof openKubernetes>[0]): Promise<string | undefined> {
  await openKubernetes(access).get(secret);
  return asked.at(-1)!.headers.authorization;
}

/** All values of a header, one per line of the request. */
function lines(name: string): string[] {
  const { rawHeaders } = asked.at(-1)!;
  return rawHeaders.filter((_, i) => i % 2 === 1 && rawHeaders[i - 1]!.toLowerCase() === name);
}

async function refusal(user: object, cluster: object = {}): Promise<string> {
  const ask = async () => openKubernetes({ kubeconfig: config(user, cluster) }).get(secret);
  return ask().then(
    () => "no error",
    (error: Error) => `${error.message} ${String((error as { cause?: unknown }).cause)}`,
  );
}

test("a list asks the API server only for objects with the wanted labels", async () => {
  const { list } = openKubernetes({ kubeconfig: config({ token: "t" }) });
  await list({ apiVersion: "v1", kind: "Pod", namespace: "n" }, { "job-name": "a", team: "b" });
  await list({ apiVersion: "v1", kind: "Pod", namespace: "n" });
  expect(asked.map((request) => request.url)).toEqual([
    "/api/v1/namespaces/n/pods?limit=500&labelSelector=job-name%3Da%2Cteam%3Db",
    "/api/v1/namespaces/n/pods?limit=500",
  ]);
});

describe("a list of kubeconfigs (KUBECONFIG)", () => {
  const missing = join(folder, "missing");

  test("skips a file that does not exist, wherever it is in the list", async () => {
    const path = file("one", config({ token: "one" }));
    for (const list of [
      [missing, path],
      [path, missing],
      ["", missing, path],
    ])
      for (const source of ["environment", "argument"]) {
        vi.stubEnv("KUBECONFIG", source === "environment" ? list.join(delimiter) : "");
        const access = source === "environment" ? {} : { kubeconfig: list.join(delimiter) };
        expect(await login(access), `${list.join()} ${source}`).toBe("Bearer one");
      }
  });

  test("skips an empty file, and uses the first of two entries with the same name", async () => {
    const list = [file("empty", ""), file("two", config({ token: "two" })), file("three", config({ token: "three" }))];
    vi.stubEnv("KUBECONFIG", list.join(delimiter));
    expect(await login({})).toBe("Bearer two");
  });

  test("is an error that names every path if none of them exists", () => {
    vi.stubEnv("KUBECONFIG", `${missing}${delimiter}${missing}2`);
    expect(() => openKubernetes({})).toThrow(
      `KUBECONFIG_INVALID: kubeconfig ${missing}, ${missing}2 can't be read\nfix: correct the path`,
    );
  });
});

describe("the token of a kubeconfig", () => {
  test("comes from tokenFile rather than token, without its line break", async () => {
    const tokenFile = file("token", "from the file\n");
    expect(await login({ kubeconfig: config({ token: "written", tokenFile }) })).toBe("Bearer from the file");
  });

  test("comes from token if tokenFile cannot be read or is empty, and is an error without token", async () => {
    for (const tokenFile of [join(folder, "missing"), file("no-token", "\n")]) {
      expect(await login({ kubeconfig: config({ token: "written", tokenFile }) })).toBe("Bearer written");
      expect(await refusal({ tokenFile })).toContain(`KUBECONFIG_INVALID: ${tokenFile}, which the kubeconfig names,`);
    }
  });

  test("is read again if the server no longer accepts it", async () => {
    const tokenFile = file("rotated", "old");
    const reader = openKubernetes({ kubeconfig: config({ tokenFile }) });
    await reader.get(secret);
    file("rotated", "new");
    statuses = [401];
    await reader.get(secret);
    expect(asked.map(({ headers }) => headers.authorization)).toEqual(["Bearer old", "Bearer old", "Bearer new"]);
  });

  test("is never in an error", async () => {
    const text = await refusal({ token: "hunter2\nhunter3" });
    expect(text).toMatch(/^KUBECONFIG_INVALID: the token .* cannot be sent/);
    expect(text).not.toContain("hunter");
  });

  test("is the pod's service account token if there is no kubeconfig", async () => {
    const pod = join(folder, "pod");
    mkdirSync(pod, { recursive: true });
    writeFileSync(join(pod, "token"), "the pod's\n");
    writeFileSync(join(pod, "ca.crt"), "");
    vi.stubEnv("HOME", join(folder, "nobody"));
    vi.stubEnv("KUBECONFIG", "");
    vi.stubEnv("KUBERNETES_SERVICE_HOST", "::1");
    vi.stubEnv("KUBERNETES_SERVICE_PORT", "6443");
    expect(openKubernetes({}, { pod }).server).toBe("https://[::1]:6443");
    vi.stubEnv("KUBECONFIG", join(folder, "missing"));
    expect(openKubernetes({}, { pod }).server).toBe("https://[::1]:6443");
  });
});

test("user and password are sent, and a wrong password is not shown", async () => {
  const basic = (text: string) => `Basic ${Buffer.from(text).toString("base64")}`;
  expect(await login({ kubeconfig: config({ username: "me", password: "hunter2" }) })).toBe(basic("me:hunter2"));
  expect(await login({ kubeconfig: config({ username: "me" }) })).toBe(basic("me:"));
  statuses = [401, 401];
  expect(await refusal({ username: "me", password: "hunter2" })).toMatch(
    /^KUBERNETES_FORBIDDEN: (?!.*hunter2).*answer/,
  );
});

test("a credential plugin runs once per login, relative to its kubeconfig, and not if there is a token", async () => {
  const plugin = file(
    "plugin",
    `#!/bin/sh\necho x >> ${join(folder, "runs")}\necho '{"status":{"token":"made-'$(wc -l < ` +
      `${join(folder, "runs")})'"}}'`,
  );
  chmodSync(plugin, 0o755);
  const exec = { apiVersion: "client.authentication.k8s.io/v1", command: "./plugin" };
  const reader = openKubernetes({ kubeconfig: file("with-plugin", config({ exec })) });
  await reader.get(secret);
  await reader.get(secret);
  statuses = [401];
  await reader.get(secret);
  expect(asked.map(({ headers }) => headers.authorization)).toEqual(
    ["1", "1", "1", "2"].map((run) => `Bearer made-${run}`),
  );
  expect(await login({ kubeconfig: config({ exec, token: "written" }) })).toBe("Bearer written");
});

describe("impersonation", () => {
  test("sends the user, every group, the uid and the extra fields", async () => {
    const as = {
      token: "t",
      as: "system:serviceaccount:n:deployer",
      "as-groups": ["system:authenticated", "a, b"],
      "as-uid": "u-1",
      "as-user-extra": { "example.org/reason": ["on call", "incident"] },
    };
    expect(await login({ kubeconfig: config(as) })).toBe("Bearer t");
    expect(lines("impersonate-user")).toEqual(["system:serviceaccount:n:deployer"]);
    expect(lines("impersonate-group")).toEqual(["system:authenticated", "a, b"]);
    expect(lines("impersonate-uid")).toEqual(["u-1"]);
    expect(lines("impersonate-extra-example.org%2freason")).toEqual(["on call", "incident"]);
  });

  test.each([
    ["as-groups", ["admins"]],
    ["as-uid", "u-1"],
    ["as-user-extra", { a: ["b"] }],
  ])("of %s without a user is refused, as in kubectl", async (key, value) => {
    expect(await refusal({ token: "t", [key]: value })).toMatch(
      new RegExp(`^KUBECONFIG_INVALID: .*${key} without as.*\nfix: give as`),
    );
    expect(asked).toEqual([]);
  });
});

describe("a cluster's proxy-url", () => {
  /** An HTTP proxy. Returns its address and the places that it was asked to connect to. */
  async function proxy(status = 200) {
    const tunnels: { to: string; login: string | undefined }[] = [];
    const server = createServer();
    server.on("connect", (request, socket: Socket) => {
      tunnels.push({ to: request.url!, login: request.headers["proxy-authorization"] });
      if (status !== 200) return socket.end(`HTTP/1.1 ${status} refused\r\n\r\n`);
      const [host, port] = request.url!.split(":");
      const there = connect(Number(port), host, () => socket.write("HTTP/1.1 200 connected\r\n\r\n"));
      there.pipe(socket).pipe(there);
      for (const end of [socket, there]) end.on("error", () => end.destroy());
    });
    return { tunnels, address: await listening(server) };
  }

  test("is used with its login", async () => {
    const { tunnels, address } = await proxy();
    await login({ kubeconfig: config({ token: "t" }, { "proxy-url": `http://me:hunter2@${address}` }) });
    expect(tunnels).toEqual([
      { to: new URL(url).host, login: `Basic ${Buffer.from("me:hunter2").toString("base64")}` },
    ]);
    expect(asked).toHaveLength(1);
  });

  test("is in errors without its login", async () => {
    const { address } = await proxy(407);
    const refused = await refusal({}, { "proxy-url": `http://me:hunter2@${address}` });
    expect(refused).toMatch(/^KUBERNETES_UNREACHABLE: .*Bad response: 407.*through the proxy http:\/\/127/s);
    expect(refused).not.toContain("hunter2");
    for (const wrong of ["ftp://me:hunter2@host", "me:hunter2@host:1"]) {
      const text = await refusal({}, { "proxy-url": wrong });
      expect(text).toMatch(/^KUBECONFIG_INVALID: cluster "c" has a proxy-url that is not an address\nfix: /);
      expect(text).not.toContain("hunter2");
    }
  });
});

test("a request ends even if the server or the proxy never answers or stops in the middle of its answer", async () => {
  const limitMs = 150;
  const silent = await listening(createServer(() => {}));
  const halting = await listening(createServer((_, response) => response.write('{"metadata":')));
  const proxy = createServer();
  const closed = new Promise((resolve) =>
    proxy.on("connect", (_, socket) =>
      socket
        .on("end", resolve)
        .resume()
        .on("end", () => socket.end()),
    ),
  );
  const through = await listening(proxy);
  for (const cluster of [
    { server: `http://${silent}` },
    { server: `http://${halting}` },
    { "proxy-url": `http://${through}` },
  ]) {
    const reader = openKubernetes({ kubeconfig: config({}, cluster) }, { limitMs });
    await expect(reader.get(secret)).rejects.toThrow(/KUBERNETES_UNREACHABLE: .*no answer within 0.15 s/);
  }
  await closed;
});

test("a deletion names the very object, and can only ask whether it is allowed", async () => {
  const kubernetes = openKubernetes({ kubeconfig: config({}) });
  const object = { metadata: { uid: "u1" } };
  await kubernetes.remove(secret, object, "ask");
  await kubernetes.remove(secret, object);
  expect(asked.map(({ method, url }) => `${method} ${url}`)).toEqual([
    "DELETE /api/v1/namespaces/n/secrets/s",
    "DELETE /api/v1/namespaces/n/secrets/s",
  ]);
  const deletion = { apiVersion: "v1", kind: "DeleteOptions", preconditions: { uid: "u1" } };
  expect(bodies).toEqual([{ ...deletion, dryRun: ["All"] }, deletion]);
  // The object is gone, its finalizers still run, or another object has the name by now.
  for (const status of [404, 202, 409]) {
    statuses = [status];
    await kubernetes.remove(secret, object);
  }
  statuses = [403];
  await expect(kubernetes.remove(secret, object)).rejects.toThrow(
    /KUBERNETES_FORBIDDEN[^]*be deleted[^]*the role needs "delete" on secrets in namespace n/,
  );
});

test("an answer that is not JSON is an error that does not quote it", async () => {
  const page = await listening(createServer((_, response) => response.end("<html>hunter2")));
  expect(await refusal({}, { server: `http://${page}` })).toMatch(
    /^KUBERNETES_UNREACHABLE: (?!.*hunter2).*something else answers at this address/s,
  );
});

test.each(["", "nonsense", "ftp://host", "127.0.0.1:6443"])('the server "%s" is not an address', async (server) => {
  expect(await refusal({}, { server })).toMatch(/^KUBECONFIG_INVALID: .*cluster "c".*\nfix: /);
});
