import { beforeEach, describe, expect, it } from "vitest";
import { holdOn } from "../../../engine/fence/hold";
import { lowerOn } from "../../../engine/fence/lower";
import { checkOn } from "../../../engine/fence/check";
import { restoreMarkers } from "../../../engine/fence/markers";
import { raiseOn } from "../../../engine/fence/raise";
import type { Acl } from "../../../engine/kafka/port";
import type { MirrorModel } from "../../../engine/model";
import { silent } from "../../../engine/progress";
import { eventually, modelFor } from "../support/mirror";
import { FakeOrigin } from "./fake-origin";

const unused = { connection: { bootstrapServers: "localhost:1" } };
const { mirror } = modelFor({ origin: unused, target: unused } as never, "m", {
  topicsPattern: "orders|payments|m-.*|mm2.*",
});
const quick = { settleMs: 1, settleLimitMs: 20 };
const syncs = "mm2-offset-syncs.m-target.internal";
let origin: FakeOrigin;

const raise = async (options = {}) => (await raiseOn(origin.port(), mirror, { ...quick, ...options }, silent)).raised;
const lower = () => lowerOn(origin.port(), mirror, silent);
const check = (options = {}) => checkOn(origin.port(), mirror, options);
const denied = (): string[] =>
  origin.list
    .filter((a) => a.permission === "deny" && a.resourceType === "topic")
    .map((a) => `${a.principal} ${a.operation} ${a.resourceName}`)
    .sort();
const others = (): Acl[] => origin.list.filter((a) => a.permission === "allow");

beforeEach(() => {
  origin = new FakeOrigin(["orders", "payments", "elsewhere", syncs, "__consumer_offsets"]);
  origin.allow({}, { operation: "Read" }, { principal: "User:mirror", operation: "Read" });
});

describe("the fence's ACLs", () => {
  it("deny writes to everyone on exactly the migrated topics, never on the mirror's own", async () => {
    const before = others();
    const raised = await raise();
    expect(denied()).toEqual(["User:* Write orders", "User:* Write payments"]);
    expect(others()).toEqual(before);
    expect(raised).toMatchObject({ topics: 2, principals: ["User:*"], created: 2, own: [], writing: [] });
    expect(await check()).toEqual({ state: "up", rules: 2, missing: [], leftovers: [], lost: [], unmarked: [] });
  });

  it("are created once and leave nothing behind", async () => {
    const before = origin.list;
    await raise();
    const up = origin.list.length;
    expect(await raise()).toMatchObject({ created: 0 });
    expect(origin.list.length).toBe(up);
    expect(await lower()).toEqual({ removed: 2 });
    expect(origin.list).toEqual(before);
    expect(await lower()).toEqual({ removed: 0 });
    expect(await check()).toMatchObject({ state: "down" });
  });

  it("can be removed after a kill at any point of raising or lowering", async () => {
    const before = origin.list;
    const steps = 4;
    for (const act of ["create", "delete"] as const) {
      for (let killAt = 0; killAt < steps; killAt++) {
        let left = killAt;
        origin.beforeWrite = (what) => {
          if (what === act && left-- === 0) throw new Error("killed");
        };
        if (act === "delete") await raise();
        await expect(act === "create" ? raise() : lower()).rejects.toThrow("killed");
        origin.beforeWrite = () => {};
        // No ACL is ever without the marker that lets it be found.
        const marked = origin.list
          .filter((a) => a.resourceType === "transactionalId")
          .map((a) => a.resourceName.split(":").at(-1));
        expect(marked).toEqual(expect.arrayContaining(denied().map((d) => d.split(" ")[2])));
        await lower();
        expect(origin.list).toEqual(before);
      }
    }
  });

  it("keep a deny ACL that existed before", async () => {
    origin.allow({ resourceName: "orders", principal: "User:*", permission: "deny" });
    expect(await raise()).toMatchObject({ created: 1, own: ["orders"] });
    await lower();
    expect(denied()).toEqual(["User:* Write orders"]);
  });

  it("follow new topics while the fence is up, and name topics that are no longer migrated", async () => {
    await raise();
    origin.ends.set("m-new", 0n);
    expect(await check()).toMatchObject({ state: "partly", missing: ["m-new"] });
    await raise();
    origin.ends.delete("m-new");
    expect(await check()).toMatchObject({ state: "up", leftovers: ["m-new"] });
    await lower();
    expect(denied()).toEqual([]);
  });

  it("leave the fence of another migration with the same aliases alone", async () => {
    const other = { ...mirror, topicsPattern: "elsewhere" };
    origin.allow({ resourceName: "elsewhere" });
    await raiseOn(origin.port(), other, quick, silent);
    const before = origin.list.length;
    expect(await check()).toMatchObject({ state: "down", leftovers: [] });
    const raised = await raise();
    await holdOn(origin.port(), mirror, { ...quick, raised }, silent, AbortSignal.abort());
    expect(await lower()).toEqual({ removed: 2 });
    expect(denied()).toEqual(["User:* Write elsewhere"]);
    expect(origin.list).toHaveLength(before);
    expect(await checkOn(origin.port(), other, {})).toMatchObject({ state: "up" });
  });

  it("are removed by their record if the patterns no longer select their topics", async () => {
    const before = origin.list.length;
    const raised = await raise();
    await lowerOn(origin.port(), { ...mirror, topicsPattern: "orders" }, silent, raised);
    expect(origin.list).toHaveLength(before);
  });

  it("can except principals if rights are granted one by one", async () => {
    origin.allow(
      { principal: "User:admin" },
      { principal: "User:other", resourceName: "pay", patternType: "prefixed", operation: "All" },
    );
    await raise({ except: ["User:admin"] });
    expect(denied()).toEqual(["User:app Write orders", "User:app Write payments", "User:other Write payments"]);
    await lower();
    origin.allow({ principal: "User:*", resourceName: "orders" });
    await expect(raise({ except: ["User:admin"] })).rejects.toThrow(/FENCE_EXCEPT_EVERYONE[^]*orders/);
  });
});

describe("the fence whose markers somebody removed while nothing held it", () => {
  const removeMarkers = () => {
    for (const [id, a] of origin.acls) if (a.resourceType === "transactionalId") origin.acls.delete(id);
  };

  it.each(["the ACLs only", "with exceptions", "with ACLs that keep reads allowed"])(
    "is lowered by the record of the raise, and nothing else goes: %s",
    async (variant) => {
      if (variant === "with ACLs that keep reads allowed") origin.acls.clear();
      const options =
        variant === "with exceptions"
          ? { except: ["User:admin"] }
          : variant === "the ACLs only"
            ? {}
            : { everyoneByDefault: true };
      // Somebody else's denial, from before the fence.
      origin.allow({ resourceName: "orders", principal: "User:*", permission: "deny" });
      const before = origin.list;
      const raised = await raise(options);
      expect(origin.list.length).toBeGreaterThan(before.length);
      removeMarkers();
      expect(await check(options)).toMatchObject({ lost: [], unmarked: expect.arrayContaining(["payments"]) });
      expect(await checkOn(origin.port(), mirror, options, raised)).toMatchObject({
        state: "up",
        missing: [],
        lost: expect.arrayContaining(["payments"]),
      });
      // A topic that was deleted keeps its ACL.
      origin.ends.delete("payments");
      await lowerOn(origin.port(), mirror, silent, raised);
      expect(origin.list).toEqual(before);
    },
  );

  it("gets its markers back from the next raise and from the process that holds it", async () => {
    const raised = await raise();
    const up = origin.list.length;
    removeMarkers();
    const lines: string[] = [];
    await restoreMarkers(origin.port(), mirror, raised, { info: () => {}, warn: (line) => void lines.push(line) });
    expect(lines).toEqual([expect.stringContaining("2 markers had been removed without the ACLs (orders, payments)")]);
    expect(origin.list).toHaveLength(up);
    removeMarkers();
    await holdOn(origin.port(), mirror, { ...quick, raised }, silent, AbortSignal.abort());
    expect(origin.list).toHaveLength(up);
    expect(await raise()).toMatchObject({ created: 0, own: [], denied: ["orders", "payments"] });
  });
});

describe("the fence of a wave", () => {
  const orders = { ...mirror, scope: { wave: "shop", topics: "orders", groups: "" } };
  const outside = { ...mirror, scope: { withoutTopics: ["orders"], withoutGroups: [""] } };
  const raisePart = async (part: MirrorModel) => (await raiseOn(origin.port(), part, quick, silent)).raised;

  it("closes the wave's topics only, and lowering it leaves the other fence", async () => {
    expect(await raisePart(orders)).toMatchObject({ topics: 1, created: 1 });
    expect(denied()).toEqual(["User:* Write orders"]);
    expect(await checkOn(origin.port(), outside, {})).toMatchObject({
      state: "down",
      rules: 1,
      missing: ["payments"],
      leftovers: [],
    });
    await raisePart(outside);
    expect(denied()).toEqual(["User:* Write orders", "User:* Write payments"]);
    expect(await lowerOn(origin.port(), orders, silent)).toEqual({ removed: 1 });
    expect(denied()).toEqual(["User:* Write payments"]);
    expect(await checkOn(origin.port(), outside, {})).toMatchObject({ state: "up", leftovers: [] });
    expect(await checkOn(origin.port(), orders, {})).toMatchObject({ state: "down" });
  });

  it("does not see that another wave's ACL is lost, and does not renew it", async () => {
    await raisePart(orders);
    await raisePart(outside);
    for (const [id, acl] of origin.acls)
      if (acl.resourceName.endsWith("payments") && acl.permission === "deny") origin.acls.delete(id);
    const stop = new AbortController();
    stop.abort();
    const report = await holdOn(origin.port(), orders, quick, silent, stop.signal);
    expect(report).toMatchObject({ looks: 1, gaps: [], wrote: [] });
    expect(denied()).toEqual(["User:* Write orders"]);
  });

  it("does not see what producers of other topics write", async () => {
    origin.beforeEnds = () => origin.ends.set("payments", origin.ends.get("payments")! + 1n);
    expect(await raisePart(orders)).toMatchObject({ writing: [], warnings: [] });
    expect(await raisePart(outside)).toMatchObject({ writing: [{ topic: "payments" }] });
  });

  it("removes the ACLs of its own topics that are no longer migrated, and no others", async () => {
    const wide = { ...orders, scope: { ...orders.scope, topics: "orders|m-.*" } };
    origin.ends.set("m-old", 0n);
    await raisePart(wide);
    await raisePart({ ...outside, scope: { ...outside.scope, withoutTopics: ["orders|m-.*"] } });
    origin.ends.delete("m-old");
    expect(await checkOn(origin.port(), wide, {})).toMatchObject({ state: "up", leftovers: ["m-old"] });
    await lowerOn(origin.port(), wide, silent);
    expect(denied()).toEqual(["User:* Write payments"]);
  });

  it("keeps reads allowed where no ACL names a topic, also if both fences are up", async () => {
    origin.acls.clear();
    origin.allow({ resourceName: "elsewhere" });
    const raiseOpen = (part: MirrorModel) =>
      raiseOn(origin.port(), part, { ...quick, everyoneByDefault: true }, silent);
    await raiseOpen(orders);
    await raiseOpen(outside);
    await lowerOn(origin.port(), orders, silent);
    expect(others().map((a) => `${a.principal} ${a.operation} ${a.resourceName}`)).toEqual([
      "User:app Write elsewhere",
      "User:* All payments",
    ]);
  });

  it("has nothing to close if the waves cover everything", async () => {
    const nothing = { ...mirror, scope: { withoutTopics: [".*"], withoutGroups: [".*"] } };
    const before = origin.list;
    expect(await raisePart(nothing)).toMatchObject({ topics: 0, created: 0, principals: [] });
    expect(origin.list).toEqual(before);
  });
});

describe("topics that no ACL names", () => {
  beforeEach(() => {
    origin.acls.clear();
    origin.allow({ resourceName: "orders" });
  });

  it("are not fenced if the brokers hide their default", async () => {
    origin.brokerConfig = { "allow.everyone.if.no.acl.found": null };
    await expect(raise()).rejects.toThrow(/FENCE_DEFAULT_UNKNOWN[^]*payments/);
    expect(denied()).toEqual([]);
  });

  it("are judged by the login's rights if the brokers hide their default", async () => {
    origin.brokerConfig = { "allow.everyone.if.no.acl.found": null };
    origin.maySeeUnnamed = false;
    await raise();
    expect(others()).toHaveLength(1);
    await lower();
    // This login is refused something, so it is not a super user, and everybody has what it has.
    Object.assign(origin, { maySeeUnnamed: true, clusterOperations: ["Alter"] });
    await raise();
    expect(others().map((a) => `${a.principal} ${a.operation} ${a.resourceName}`)).toContain("User:* All payments");
  });

  it("stay readable if everyone is allowed by default", async () => {
    const before = origin.list;
    await raise({ everyoneByDefault: true });
    expect(others().map((a) => `${a.principal} ${a.operation} ${a.resourceName}`)).toEqual([
      "User:app Write orders",
      "User:* All payments",
    ]);
    // A second look must not take the fence's own ACL for somebody's.
    expect(await raise({ everyoneByDefault: true })).toMatchObject({ created: 0 });
    await lower();
    expect(origin.list).toEqual(before);
  });

  it("need no ACL of their own if no one is allowed by default", async () => {
    await raise({ everyoneByDefault: false });
    expect(others()).toHaveLength(1);
    await lower();
    await raise();
    expect(denied()).toHaveLength(2);
  });
});

describe("an origin without an authorizer", () => {
  it("cannot be fenced, and has nothing to lower", async () => {
    origin.authorizer = false;
    await expect(raise()).rejects.toThrow("FENCE_NO_AUTHORIZER");
    expect(await lower()).toEqual({ removed: 0 });
  });
});

describe("writes that pass the fence", () => {
  it("are reported by partition", async () => {
    origin.beforeEnds = () => origin.ends.set("orders", (origin.ends.get("orders") as bigint) + 1n);
    const raised = await raise();
    expect(raised.writing).toEqual([
      { topic: "orders", partition: 0, from: expect.any(String), to: expect.any(String) },
    ]);
    expect(raised.warnings[0]).toContain("orders-0");
  });

  it("are not waited for if a mirror writes there", async () => {
    origin.beforeEnds = () => origin.ends.set("orders", (origin.ends.get("orders") as bigint) + 1n);
    const { raised } = await raiseOn(origin.port(), mirror, { settleLimitMs: 600_000 }, silent, "never");
    expect(raised).toMatchObject({ created: 2, writing: [], warnings: [] });
    expect(await check()).toMatchObject({ state: "up" });
  });
});

describe("holding the fence", () => {
  const waitForChecks = (more: number): Promise<void> => {
    const from = origin.checks;
    return eventually(`${more} looks`, async () => origin.checks >= from + more);
  };

  it("renews removed ACLs and reports what was written in the gap", async () => {
    await raise();
    const stop = new AbortController();
    const lines: string[] = [];
    const said = { info: () => {}, warn: (l: string) => void lines.push(l) };
    const holding = holdOn(origin.port(), mirror, { ...quick, everyMs: 5 }, said, stop.signal);
    await waitForChecks(3);
    // As an operator does: everything of User:* goes, and a producer is quick.
    for (const [id, a] of origin.acls) if (a.principal === "User:*") origin.acls.delete(id);
    origin.ends.set("payments", 7n);
    await eventually("the renewed fence", async () => denied().length === 2);
    stop.abort();
    const report = await holding;
    expect(report.gaps).toHaveLength(1);
    expect(report.gaps[0]).toMatchObject({
      rules: 2,
      topics: ["orders", "payments"],
      wrote: [{ topic: "payments", partition: 0, from: "0", to: "7" }],
    });
    // The ends were last read when the hold began. Who is not stopped by the fence may have written before the gap.
    expect(report.gaps[0]!.countedFrom).toBe(report.from);
    expect(report.wrote).toEqual([]);
    expect(report.looks).toBeGreaterThan(2);
    expect(lines.join()).toContain(`written since ${report.from}: payments-0 0 -> 7`);
  });

  it.each(["transactionalId", "topic"] as const)("renews ACLs if only those on a %s were removed", async (type) => {
    await raise();
    const before = origin.list.length;
    const stop = new AbortController();
    const lines: string[] = [];
    const said = { info: () => {}, warn: (l: string) => void lines.push(l) };
    const holding = holdOn(origin.port(), mirror, { ...quick, everyMs: 5 }, said, stop.signal);
    await waitForChecks(3);
    for (const [id, a] of origin.acls) if (a.permission === "deny" && a.resourceType === type) origin.acls.delete(id);
    await waitForChecks(5);
    stop.abort();
    // Without its marker, an ACL of the fence would stay for ever.
    expect((await holding).gaps).toHaveLength(type === "topic" ? 1 : 0);
    expect(lines.join()).toMatch(/2 (ACLs|markers) had been removed/);
    expect(origin.list).toHaveLength(before);
    await lower();
    expect(denied()).toEqual([]);
  });

  it("continues after a gap without stillWanted", async () => {
    await raise();
    const stop = new AbortController();
    const holding = holdOn(origin.port(), mirror, { ...quick, everyMs: 5, askAfterMs: 1 }, silent, stop.signal);
    await waitForChecks(2);
    for (let gap = 0; gap < 2; gap++) {
      for (const [id, a] of origin.acls) if (a.principal === "User:*") origin.acls.delete(id);
      await eventually("the renewed fence", async () => denied().length === 2);
      await Promise.race([waitForChecks(5), holding]);
    }
    stop.abort();
    expect(await holding).toMatchObject({ gaps: [{ rules: 2 }, { rules: 2 }] });
  });

  it("lowers the fence again and ends once it knows that the owner lowered it", async () => {
    await raise();
    let questions = 0;
    let known = false;
    const stillWanted = async () => {
      questions++;
      // The state says so only after it has been renewed.
      return !(known && denied().length === 2);
    };
    const holding = holdOn(
      origin.port(),
      mirror,
      { ...quick, everyMs: 5, stillWanted, askEveryMs: 20, askAfterMs: 1 },
      silent,
      new AbortController().signal,
    );
    await eventually("a question", async () => questions > 0);
    known = true;
    for (const [id, a] of origin.acls) if (a.principal === "User:*") origin.acls.delete(id);
    const report = await holding;
    expect(report).toMatchObject({ lowered: true, gaps: [{ rules: 2 }] });
    expect(origin.list.filter((a) => a.permission === "deny")).toEqual([]);
  });

  it("continues if stillWanted fails", async () => {
    await raise();
    const stop = new AbortController();
    let questions = 0;
    const stillWanted = async () => {
      questions++;
      throw new Error("the state can't be read");
    };
    const holding = holdOn(
      origin.port(),
      mirror,
      { ...quick, everyMs: 5, stillWanted, askEveryMs: 5 },
      silent,
      stop.signal,
    );
    await eventually("questions", async () => questions > 2);
    stop.abort();
    expect((await holding).lowered).toBeUndefined();
    expect(denied()).toHaveLength(2);
  });

  it("reports no write if a transaction ends that wrote nothing", async () => {
    await raise();
    origin.ends.set("orders", 7n);
    const gateEnds = { orders: [7], payments: [0] };
    for (const [marked, wrote] of [
      [["orders", "payments"], []],
      [["orders"], [{ topic: "payments", partition: 0, from: "0", to: "1" }]],
    ] as const) {
      const stop = new AbortController();
      const holding = holdOn(origin.port(), mirror, { ...quick, everyMs: 5, gateEnds }, silent, stop.signal);
      await waitForChecks(2);
      for (const topic of marked) origin.marked.add(topic);
      origin.ends.set("orders", 8n);
      origin.ends.set("payments", 1n);
      stop.abort();
      expect(await holding).toMatchObject({ before: [], wrote });
      const later = await holdOn(origin.port(), mirror, { ...quick, gateEnds }, silent, AbortSignal.abort());
      expect(later).toMatchObject({ before: wrote, wrote: [] });
      origin.ends.set("orders", 7n);
      origin.ends.set("payments", 0n);
      origin.marked.clear();
    }
  });

  it("reports writes outside of all gaps", async () => {
    await raise();
    const stop = new AbortController();
    const holding = holdOn(origin.port(), mirror, { ...quick, everyMs: 5 }, silent, stop.signal);
    await waitForChecks(2);
    origin.ends.set("orders", 3n);
    stop.abort();
    expect(await holding).toMatchObject({ gaps: [], wrote: [{ topic: "orders", from: "0", to: "3" }] });
  });

  it("reports writes between the gate and its start, except heartbeats", async () => {
    origin.ends.set("orders", 5n);
    origin.ends.set("m-late", 2n);
    origin.ends.set("m-.heartbeats", 9n);
    await raise();
    const report = await holdOn(
      origin.port(),
      mirror,
      { ...quick, gateEnds: { orders: [3], payments: [0] } },
      silent,
      AbortSignal.abort(),
    );
    expect(report).toMatchObject({
      before: [
        { topic: "m-late", partition: 0, from: "0", to: "2" },
        { topic: "orders", partition: 0, from: "3", to: "5" },
      ],
      wrote: [],
    });
    expect(await holdOn(origin.port(), mirror, quick, silent, AbortSignal.abort())).not.toHaveProperty("before");
  });
});
