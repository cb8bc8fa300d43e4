import { expect, it } from "vitest";
import type { GroupDescription } from "../kafka/port";
import { DeadWorkers } from "./dead-workers";

const open = [
  { task: 0, worker: "a:8083", text: "task 0" },
  { task: 1, worker: "b:8083", text: "task 1" },
  { task: 2, worker: undefined, text: "task 2" },
];

/** @param members client ids, which the test may change */
function workers(members: string[]) {
  const said: string[] = [];
  const describeGroups = (): Promise<GroupDescription[]> =>
    Promise.resolve([
      {
        groupId: "g",
        state: "Stable",
        type: "classic",
        protocolType: "connect",
        members: members.map((clientId) => ({ memberId: clientId, clientId, clientHost: "/127.0.0.1" })),
      },
    ]);
  const dead = new DeadWorkers({ describeGroups }, "g", { info: () => {}, warn: (line) => said.push(line) });
  return { dead, said };
}

it("a worker that left the group a minute ago is taken as dead, and this is said once", async () => {
  const { dead, said } = workers(["connect-b:8083"]);
  const gone = "task 0; this worker has left the mirror's group";
  expect(await dead.without(open, 1_000)).toEqual([gone, "task 1", "task 2"]);
  expect(await dead.without(open, 60_999)).toEqual([gone, "task 1", "task 2"]);
  expect(said).toEqual([]);
  for (const now of [61_000, 70_000]) expect(await dead.without(open, now)).toEqual(["task 1", "task 2"]);
  expect(said).toHaveLength(1);
  expect(said[0]).toContain("worker a:8083 left the mirror's group g without stopping its tasks");
});

it("a worker that joins again lives", async () => {
  const members = ["connect-b:8083"];
  const { dead } = workers(members);
  await dead.without(open, 0);
  members.push("connect-a:8083");
  expect(await dead.without(open, 100_000)).toEqual(["task 0", "task 1", "task 2"]);
  members.pop();
  expect((await dead.without(open, 200_000))[0]).toMatch(/^task 0; /);
});

it("no worker counts as dead if the members have other names, or if the worker of a task is not known", async () => {
  const { dead } = workers(["connect-1"]);
  for (const now of [0, 100_000]) expect(await dead.without(open, now)).toEqual(["task 0", "task 1", "task 2"]);
});
