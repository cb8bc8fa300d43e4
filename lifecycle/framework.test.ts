import { describe, expect, it, test, vi } from "vitest";
import { MigrationError } from "../engine/errors";
import type { MirrorModel } from "../engine/model";
import { returnMirror } from "../engine/way-back/model";
import { defineStep } from "./handlers/framework";
import { SILENCE_MS } from "./handlers/signs-of-life";
import { testMirror } from "../test/support/models";
import { UNKNOWN } from "../test/support/unknown";

const step = defineStep<{ what: string; how?: string }, object>("sample", {
  create: async () => ({}),
  update: async () => ({}),
  remove: async () => {},
  immaterial: ["how"],
});

test("a changed setting is an update; changed access is not", async () => {
  expect(await step.diff("id", { what: "a", how: "b" }, { what: "c", how: "b" })).toEqual({ changes: true });
  expect(await step.diff("id", { what: "a", how: "b" }, { what: "a", how: "c" })).toEqual({ changes: false });
});

test("a removed input is an update; an output is not", async () => {
  const optional = defineStep<{ what: string; report?: string }, { out: number }>("sample", {
    create: async () => ({ out: 1 }),
    update: async () => ({ out: 1 }),
    remove: async () => {},
    optional: ["report"],
  });
  expect(await optional.diff("id", { what: "a", report: "here", out: 1 }, { what: "a" })).toEqual({ changes: true });
  expect(await optional.diff("id", { what: "a", out: 1 }, { what: "a" })).toEqual({ changes: false });
});

test("a failed create keeps its state if the step supports it, with its access and without a stack trace", async () => {
  const failing = {
    create: async () => {
      throw new Error("not yet");
    },
    update: async () => ({}),
    remove: async () => {},
  };
  const kept = await defineStep<{ a: number }, { done: boolean }>("sample", {
    ...failing,
    update: async () => ({ done: true }),
    unfinished: () => ({ done: false }),
  })
    .create({ a: 1, __provider: "how" })
    .catch((e: Error) => e);
  expect(kept).toMatchObject({
    message: "not yet",
    stack: "",
    reasons: ["not yet"],
    id: expect.stringMatching(/^sample-/),
    properties: { a: 1, done: false, __provider: "how" },
  });
  expect(
    await defineStep("sample", failing)
      .create({ a: 1 })
      .catch((e: Error) => e),
  ).not.toHaveProperty("id");
});

test("access that is unknown at preview does not make the step uncertain", async () => {
  expect(await step.diff("id", { what: "a" }, { what: "a", how: UNKNOWN })).toEqual({ changes: false });
});

test("an outdated state is an update, unless a review runs without the clusters", async () => {
  const asked: unknown[] = [];
  const following = defineStep<{ what: string; how?: string }, { seen: number }>("sample", {
    isOutdated: async (state) => {
      asked.push(state);
      return state.seen < 2;
    },
    create: async () => ({ seen: 1 }),
    update: async () => ({ seen: 2 }),
    remove: async () => {},
    immaterial: ["how"],
  });
  expect(await following.diff("id", { what: "a", how: "old", seen: 1 }, { what: "a", how: "new" })).toEqual({
    changes: true,
  });
  expect(await following.diff("id", { what: "a", how: "old", seen: 2 }, { what: "a", how: UNKNOWN })).toEqual({
    changes: false,
  });
  expect(asked).toEqual([
    { what: "a", how: "new", seen: 1 },
    { what: "a", how: "old", seen: 2 },
  ]);
  process.env.KAFKA_MIGRATION_OFFLINE = "true";
  try {
    expect(await following.diff("id", { what: "a", seen: 1 }, { what: "a" })).toEqual({ changes: false });
    expect(asked).toHaveLength(2);
  } finally {
    delete process.env.KAFKA_MIGRATION_OFFLINE;
  }
});

test("describeUpdate gets the whole state, and runs only if there is a known change", async () => {
  const said: unknown[] = [];
  const telling = defineStep<{ a: unknown }, { out: number }>("sample", {
    describeUpdate: async (olds, news) => {
      said.push([olds, news]);
    },
    create: async () => ({ out: 1 }),
    update: async () => ({ out: 1 }),
    remove: async () => {},
  });
  await telling.diff("id", { a: 1, out: 7 }, { a: 1 });
  await telling.diff("id", { a: 1, out: 7 }, { a: UNKNOWN });
  expect(said).toEqual([]);
  await telling.diff("id", { a: 1, out: 7 }, { a: 2 });
  expect(said).toEqual([[{ a: 1, out: 7 }, { a: 2 }]]);
});

test("errors have no stack trace", async () => {
  const failing = defineStep("sample", {
    create: async () => {
      throw new Error("because");
    },
    update: async () => ({}),
    remove: async () => {},
  });
  const error = await failing.create({}).catch((e: Error) => e);
  expect(error).toMatchObject({ message: "because", stack: "" });
});

test("a step that works for long without a line shows that it goes on, and nothing after its end", async () => {
  vi.useFakeTimers();
  const printed: string[] = [];
  const print = vi.spyOn(process.stderr, "write").mockImplementation((text) => (printed.push(String(text)), true));
  try {
    let resolve: (outputs: object) => void = () => {};
    const promise = new Promise<object>((done) => (resolve = done));
    const slow = defineStep<object, object>("slow", {
      create: (_inputs, progress) => {
        progress.info("read 7 topics");
        void promise.then(() => setTimeout(() => progress.info("a line after the end"), 1));
        return promise;
      },
      update: async () => ({}),
      remove: async () => {},
    });
    const made = slow.create({});
    await vi.advanceTimersByTimeAsync(SILENCE_MS * 2);
    resolve({});
    await made;
    await vi.advanceTimersByTimeAsync(SILENCE_MS * 2);
    expect(printed).toEqual([
      "slow: read 7 topics\n",
      "slow: still working, 20 s so far\n",
      "slow: still working, 40 s so far\n",
      "slow: a line after the end\n",
    ]);
  } finally {
    print.mockRestore();
    vi.useRealTimers();
  }
});

test("the preview's check runs only if every input is known, and reports findings as failures", async () => {
  const looked: unknown[] = [];
  const looking = defineStep<{ a: unknown }, object>("sample", {
    previewFailures: async (news) => {
      looked.push(news);
      return ["no"];
    },
    create: async () => ({}),
    update: async () => ({}),
    remove: async () => {},
  });
  expect((await looking.check(undefined, { a: { deep: [UNKNOWN] } })).failures).toEqual([]);
  expect((await looking.check(undefined, { a: 1 })).failures).toEqual([{ property: "sample", reason: "no" }]);
  expect(looked).toEqual([{ a: 1 }]);
});

describe("the steps of a return mirror", () => {
  const step = defineStep<{ mirror: MirrorModel }, object>("a-step", {
    previewFailures: async () => ["the mirror's user on the target may not write"],
    create: async () => {
      throw new MigrationError("KAFKA_UNREACHABLE", "cannot reach the target cluster at kafka:9093", { fix: "wait" });
    },
    update: async () => ({}),
    remove: async () => {},
  });

  it.each([
    ["the migration's own mirror", testMirror(), "target"],
    ["a return mirror", returnMirror(testMirror()), "origin"],
    ["the return mirror of a wave", returnMirror(testMirror({ scope: { wave: "one", topics: "a" } })), "origin"],
  ])("call the sides as the user knows them: %s", async (_what, mirror, side) => {
    await expect(step.create({ mirror })).rejects.toThrow(`cannot reach the ${side} cluster`);
    const { failures } = await step.check(undefined, { mirror });
    expect(failures.map(({ reason }) => reason)).toEqual([`the mirror's user on the ${side} may not write`]);
  });
});
