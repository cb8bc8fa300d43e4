import { type FenceGap, holdCommand } from "../fence";
import { countText, someOf } from "../units";
import type { FenceHistory, TimelineEntry } from "./types";

/** One gap as a line of the report. @param fence whose it is */
export function gapText(
  { after, until, rules, topics, wrote, countedFrom, unwatched }: FenceGap,
  fence = "Fence",
): string {
  const where = topics.length === 0 ? "" : ` on ${someOf(topics, 5)}`;
  const moved = wrote.map((m) => `${m.topic}-${m.partition} ${m.from} -> ${m.to}`);
  const seen =
    moved.length === 0
      ? unwatched === true
        ? []
        : ["no write was found"]
      : [`written${countedFrom === undefined ? "" : ` since ${countedFrom}`}: ${someOf(moved, 5)}`];
  const written = [
    ...seen,
    ...(unwatched === true ? ["the fence was not watched all the time, so writes may have been missed"] : []),
  ].join("; ");
  return (
    `${fence} open at some time between ${after} and ${until}: ${countText(rules, "ACL")}${where} had been ` +
    `removed; ${written}`
  );
}

/** Warnings about the fence: each gap, and that nobody holds the fence although a user operator removes its ACLs. */
export function fenceWarnings(fence: FenceHistory | undefined): string[] {
  if (fence === undefined) return [];
  const { notHeldSince, userOperator, raised = [null] } = fence;
  const commands = raised.map((wave) => `\`${holdCommand(wave)}\``).join(" and ");
  const open =
    userOperator === true && notHeldSince !== undefined
      ? [
          `the fence has not been held since ${notHeldSince}: the origin's user operator removes its ACLs ` +
            "at its next full reconciliation " +
            `(every 120 s by default). After that, producers can write again. Run ${commands} until the clients run on ` +
            "the target",
        ]
      : [];
  return [...open, ...fenceGaps(fence).map(({ what }) => what)];
}

/** Every gap, as an entry of the timeline. */
export function fenceGaps({ gaps, returnGaps = [] }: FenceHistory): TimelineEntry[] {
  return [
    ...gaps.map((gap) => ({ at: gap.until, what: gapText(gap) })),
    ...returnGaps.map((gap) => ({ at: gap.until, what: gapText(gap, "Fence of the target, during the return,") })),
  ];
}
