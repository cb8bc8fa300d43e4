import type { Saying } from "./rule";

/** A fault of one place in a list. The message begins with the place: `acls[0].operations[1] is "read"`. */
export interface Fault extends Omit<Saying, "seen"> {
  place: string;
  /** Begins with a verb. */
  is: string;
}

const ITEM = /\[\d+\]/g;
const TYPES = /\b(?:topic|group|transactionalId)\b/g;

/** Reports the same fault in several items of a list once, with the list of the places. */
export function alike(faults: readonly Fault[]): Saying[] {
  const groups = new Map<string, Fault[]>();
  for (const fault of faults) {
    const { place, is, why, instead } = fault;
    const key = JSON.stringify([place.replace(ITEM, ""), is, why, instead.replace(TYPES, "")]);
    groups.set(key, [...(groups.get(key) ?? []), fault]);
  }
  return [...groups.values()].map((group) => {
    const [{ is, why, instead }, other] = group as [Fault, Fault?];
    const places = group.map(({ place }) => place).join(", ");
    if (other === undefined) return { seen: `${places} ${is}`, why, instead };
    // One advice for rules about topics and groups: `the name of the topic or group`.
    const types = [...new Set(group.flatMap((fault) => fault.instead.match(TYPES)?.[0] ?? []))].join(" or ");
    return {
      seen: `${places} ${is.replace(/^is /, "are ").replace(/^has /, "have ")}`,
      why,
      instead: types === "" ? instead : instead.replace(TYPES, types),
    };
  });
}
