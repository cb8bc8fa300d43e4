import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { cacheFolder, inspect, install } from "./parts/cache";
import { tempFolder } from "./test/parts-support";

async function installed(files: Record<string, string>): Promise<string> {
  const base = tempFolder();
  const draft = join(base, "draft");
  mkdirSync(draft);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(draft, name), text);
  const final = join(base, "parts", "thing", "1.0.0");
  await install(draft, final, { version: "1.0.0", origin: "build" });
  return final;
}

describe("the cache folder", () => {
  it("is the configured one, or else in the user's cache", () => {
    expect(cacheFolder({ KAFKA_MIGRATION_CACHE: "/a", XDG_CACHE_HOME: "/b" })).toBe("/a");
    expect(cacheFolder({ XDG_CACHE_HOME: "/b" })).toBe("/b/pulumi-kafka-migration");
    expect(cacheFolder({})).toMatch(/\.cache\/pulumi-kafka-migration$/);
  });
});

describe("an installed part", () => {
  it("is complete, and leaves no draft", async () => {
    const folder = await installed({ one: "1", two: "22" });
    expect(await inspect(folder, true)).toMatchObject({
      manifest: { version: "1.0.0", origin: "build", files: { one: { bytes: 1 }, two: { bytes: 2 } } },
      wrong: [],
    });
    expect(readdirSync(join(folder, "..", "..", ".."))).toEqual(["parts"]);
  });

  it("is absent if nothing was installed", async () => {
    expect(await inspect(join(tempFolder(), "nothing"))).toBeUndefined();
  });

  it("is damaged without its manifest", async () => {
    const folder = await installed({ one: "1" });
    rmSync(join(folder, "manifest.json"));
    expect((await inspect(folder))?.wrong).toEqual(["manifest.json is missing or not readable"]);
  });

  it("is damaged if a file is missing, has another size, or does not belong there", async () => {
    const folder = await installed({ one: "1", two: "22" });
    rmSync(join(folder, "one"));
    writeFileSync(join(folder, "two"), "2");
    writeFileSync(join(folder, "three"), "");
    expect((await inspect(folder))?.wrong).toEqual([
      "three does not belong there",
      "one is missing",
      "two has 1 bytes, not 2",
    ]);
  });

  it("with changed content of the same size is only found by the thorough check", async () => {
    const folder = await installed({ one: "1" });
    writeFileSync(join(folder, "one"), "2");
    expect((await inspect(folder))?.wrong).toEqual([]);
    expect((await inspect(folder, true))?.wrong).toEqual(["one has other content than when it was installed"]);
  });

  it("replaces an earlier, damaged one", async () => {
    const folder = await installed({ one: "1" });
    writeFileSync(join(folder, "stray"), "");
    const draft = join(folder, "..", "..", "..", "draft");
    mkdirSync(draft);
    writeFileSync(join(draft, "one"), "new");
    await install(draft, folder, { version: "1.0.0", origin: "download" });
    expect(await inspect(folder, true)).toMatchObject({ manifest: { origin: "download" }, wrong: [] });
    expect(readFileSync(join(folder, "one"), "utf8")).toBe("new");
    expect(readdirSync(join(folder, "..", "..", ".."))).toEqual(["parts"]);
  });
});
