import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { choicesOf } from "./choices";
import { tempFolder } from "./test/parts-support";

const file = (content: object | string, name = "cluster.json"): string => {
  const path = join(tempFolder(), name);
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
  return path;
};
const cluster = { bootstrapServers: "k:9093", ca: "PEM", username: "admin", password: "hunter2" };

test("the sandbox starts everything by default", () => {
  expect(choicesOf([])).toEqual({ bulkBytes: 50 * 1024 * 1024, help: false });
  expect(choicesOf(["--bulk-mb", "10"]).bulkBytes).toBe(10 * 1024 * 1024);
  expect(choicesOf(["--report", "kept"]).reportFolder).toBe(resolve("kept"));
  expect(() => choicesOf(["--report"])).toThrow(/--report: its value is missing/);
});

test("the sandbox uses given clusters with a CA file beside their file, and Kubernetes with its own operators", () => {
  const { ca: _ca, ...rest } = cluster;
  const origin = file({ ...rest, caFile: "ca.pem", cluster: "blue", namespace: "kafka" });
  writeFileSync(join(origin, "..", "ca.pem"), "PEM");
  const choices = choicesOf(["--origin", origin, "--target", file(cluster), "--kubeconfig", "/some/config"]);
  expect(choices).toMatchObject({ kubernetes: { kubeconfig: "/some/config" }, operator: false, otherOperators: true });
  expect(choices.origin).toEqual({
    existing: {
      connection: {
        bootstrapServers: "k:9093",
        tls: { ca: "PEM" },
        sasl: { mechanism: "SCRAM-SHA-512", username: "admin", password: "hunter2" },
      },
      managed: false,
      label: "blue",
      namespace: "kafka",
    },
  });
});

test("the sandbox's operator manages a given cluster only if asked", () => {
  const given = file(cluster);
  expect(() => choicesOf(["--origin", given])).toThrow(
    /--origin: nobody makes the mirror's users there.*--own-operator, which removes every user/,
  );
  expect(choicesOf(["--origin", given, "--own-operator"]).origin).toMatchObject({ existing: { managed: true } });
});

test("with --other-user-operators, the sandbox waits for user operators and starts everything else", () => {
  expect(choicesOf(["--other-user-operators"])).toMatchObject({
    otherOperators: true,
    origin: { managed: false },
    target: { managed: false },
  });
  for (const more of [["--own-operator"], ["--kubeconfig", "c"]]) {
    expect(() => choicesOf(["--other-user-operators", ...more])).toThrow(
      /--other-user-operators: for clusters and Kubernetes that are booted here/,
    );
  }
});

test("all mistakes are reported together, without the password", () => {
  const wrong = () =>
    choicesOf([
      "--origin",
      file({ ...cluster, username: "", bootstrap: "x" }),
      "--target",
      file(`{"password": "hunter2"`, "target.json"),
      "--colour",
      "--bulk-mb",
      "many",
      "what",
      "--kubeconfig",
    ]);
  expect(wrong).toThrow(/BAD_ARGUMENTS/);
  for (const text of [
    "--colour: no such option",
    "--bulk-mb many: a whole number",
    "bootstrap is not a field",
    "username has to be text",
    "target.json: is no JSON",
    "what: there is nothing",
    "--kubeconfig: its value is missing",
  ])
    expect(wrong).toThrow(text);
  expect(wrong).not.toThrow(/hunter2/);
  expect(() => choicesOf(["--kubeconfig", "c"])).toThrow(/its operators know nothing of clusters that are booted here/);
  expect(() => choicesOf(["--own-operator"])).toThrow(/it is there anyway/);
});
