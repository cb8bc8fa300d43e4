import { spawn } from "node:child_process";
import { once } from "node:events";

type State = Record<string, unknown>;

/**
 * In a process of its own: a step that kills itself with SIGKILL right after its first change that `known` does not
 * name, or after the change `only`. It prints the name of that change, or at the end its outputs.
 */
const SCRIPT = `
  const { writeSync } = require("node:fs");
  const client = require("./dist/engine/kafka/client.js");
  const kubernetes = require("./dist/lifecycle/kubernetes/reader.js");
  const { openKafka } = client;
  const { openKubernetes } = kubernetes;
  const { kind, state, news, known, only } = JSON.parse(process.env.INPUTS);
  const dieAfter = (change) => {
    if (only === undefined ? known.includes(change) : change !== only) return;
    writeSync(1, JSON.stringify({ change }));
    process.kill(process.pid, "SIGKILL");
    return new Promise(() => {});
  };
  const CHANGES = [
    "createAcls", "deleteAcls", "createTopic", "deleteTopics", "append", "appendByKey", "alterGroupOffsets",
    "deleteGroups", "deleteGroupOffsets", "alterUserQuota",
  ];
  const subject = ([what]) =>
    Array.isArray(what) ? (what[0]?.resourceType ?? what.join()) : what;
  client.openKafka = async (...args) => {
    const port = await openKafka(...args);
    const changing = CHANGES.map((method) => [method, async (...values) => {
      const result = await port[method](...values);
      await dieAfter([port.side, method, subject(values)].join(" "));
      return result;
    }]);
    return { ...port, ...Object.fromEntries(changing) };
  };
  kubernetes.openKubernetes = (...args) => {
    const reader = openKubernetes(...args);
    return { ...reader, remove: async (...values) => {
      await reader.remove(...values);
      if (values[2] === undefined) await dieAfter("kubernetes remove");
    } };
  };
  const step = require("pulumi-kafka-migration/lifecycle").step(kind);
  const ups = state === undefined ? step.create(news) : step.update("id", state, news);
  ups.then(({ outs }) => writeSync(1, JSON.stringify({ outs })));`;

interface Run {
  kind: string;
  state: State | undefined;
  news: State;
  known: readonly string[];
  only?: string;
}

/** Runs the step once. @returns the change after which it was killed, or its outputs */
async function run(inputs: Run): Promise<{ change?: string; outs?: State }> {
  const env = { ...process.env, INPUTS: JSON.stringify(inputs) };
  const child = spawn(process.execPath, ["-e", SCRIPT], { env, stdio: ["ignore", "pipe", "pipe"] });
  let [out, log] = ["", ""];
  child.stdout.on("data", (data) => (out += String(data)));
  child.stderr.on("data", (data) => (log += String(data)));
  const [code, signal] = (await once(child, "close")) as [number | null, string | null];
  if (code !== null && code !== 0) throw new Error(`after ${inputs.known.join(", ")}:\n${log}`);
  const { change, outs } = JSON.parse(out) as { change?: string; outs?: State };
  return signal === "SIGKILL" && change !== undefined ? { change } : { outs: outs! };
}

/** Runs a step that is killed after this change. Nothing is recorded in the state. */
export async function killedAfter(kind: string, state: State | undefined, news: State, only: string): Promise<void> {
  const { change } = await run({ kind, state, news, known: [], only });
  if (change === undefined) throw new Error(`${kind} never made the change "${only}"`);
}

/**
 * Runs a step again and again. Each run is killed after the first change that no earlier run was killed after, until
 * one run has nothing left to be killed at. Nothing is recorded in the state before that, as with Pulumi.
 * @returns the outputs, and the changes after which it was killed
 */
export async function killedAtEachChange(
  kind: string,
  state: State | undefined,
  news: State,
): Promise<{ outs: State; changes: string[] }> {
  const known: string[] = [];
  for (;;) {
    const { change, outs } = await run({ kind, state, news, known });
    if (change === undefined) return { outs: outs!, changes: known };
    known.push(change);
  }
}
