import { expect, it } from "vitest";
import { MigrationError } from "../errors";
import { swapSides, withSidesAsTheyAre, withSidesSwapped } from "./words";

it("calls each side by the name that the user knows, and changes no other name", () => {
  expect(swapSides("fence: 2 topics of the origin closed for User:*")).toBe(
    "fence: 2 topics of the target closed for User:*",
  );
  expect(swapSides("the origin's end moved; not on the target.")).toBe("the target's end moved; not on the origin.");
  const names = "origin-cluster->target-cluster, my-origin, origin.orders, target_x, origins";
  expect(swapSides(names)).toBe(names);
});

it("changes every text of an error, and the code that names a side", async () => {
  const work = withSidesSwapped(async () => {
    throw new MigrationError("GROUPS_ACTIVE_ON_ORIGIN", "members on the origin", {
      details: ["the origin"],
      fix: "stop them on the origin",
    });
  });
  await expect(work).rejects.toMatchObject({
    code: "GROUPS_ACTIVE_ON_TARGET",
    seen: "members on the target",
    details: ["the target"],
    fix: "stop them on the target",
  });
});

it("changes an error once, and not at all where the sides have their own names", async () => {
  const failing = async () => {
    throw new MigrationError("A", "the origin", { fix: "the origin" });
  };
  await expect(withSidesSwapped(() => withSidesSwapped(failing))).rejects.toMatchObject({ seen: "the target" });
  await expect(withSidesSwapped(() => withSidesAsTheyAre(failing))).rejects.toMatchObject({ seen: "the origin" });
});
