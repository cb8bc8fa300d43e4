import { attempt, inEach } from "./unknown";
import type { Entry, MirrorView, Subject, UserView, View } from "./view";

export type Level = "mandatory" | "advisory";

/** A rule's statement about one resource. The three parts form the message. */
export interface Saying {
  /** What the rule saw, with names and numbers. */
  seen: string;
  /** Why it matters. */
  why: string;
  /** What to write instead. */
  instead: string;
}

export interface RuleFinding extends Saying {
  rule: string;
  level: Level;
  resource: string;
  message: string;
}

/** A limit or a fact that only the reader knows, set in the configuration of the policy pack. */
export interface Setting {
  type: "integer" | "string";
  description: string;
  enum?: readonly string[];
  minimum?: number;
  pattern?: string;
}

/** The setting of the rules that depend on the version: names of internal topics, classes, exactly-once. */
export const kafkaVersion: Setting = {
  type: "string",
  pattern: "^\\d+\\.\\d+(\\.\\d+)?$",
  description:
    "Kafka version of the MirrorMaker 2 that runs, where spec.version does not say it. Default: the version " +
    "that the newest operators of the API version run.",
};

export type Settings = Readonly<Record<string, unknown>>;

export interface Rule {
  /** Also the name of its section in docs/policies.md. */
  name: string;
  level: Level;
  summary: string;
  settings: Readonly<Record<string, Setting>>;
  /** The rule reports what is absent, so it cannot check only a part of a stack. */
  whole?: boolean;
  /** Advisory for resources that users write. Components refuse it in their own settings, like a mandatory rule. */
  refused?: boolean;
  check(view: View, settings?: Settings): RuleFinding[];
}

interface Definition {
  name: string;
  level: Level;
  summary: string;
  settings?: Readonly<Record<string, Setting>>;
  whole?: boolean;
  refused?: boolean;
}

export function messageOf(rule: string, label: string, { seen, why, instead }: Saying): string {
  return `${label === "" ? "" : `${label}: `}${seen}: ${why}; ${instead} [${rule}]`;
}

interface Said {
  at: Subject & { entry?: Entry };
  say: Saying;
}

/** Reports nothing about a mirror or user if a value that it depends on is not known yet. */
export function mirrorRule(definition: Definition, look: (mirror: MirrorView) => Saying[]): Rule {
  return ruleOf(definition, ({ mirrors }) => inEach(mirrors, (at) => look(at).map((say) => ({ at, say }))));
}

export function userRule(definition: Definition, look: (user: UserView) => Saying[]): Rule {
  return ruleOf(definition, ({ users }) => inEach(users, (at) => look(at).map((say) => ({ at, say }))));
}

export function stackRule(definition: Definition, look: (view: View, settings: Settings) => Said[]): Rule {
  return ruleOf(definition, (view, settings) => attempt(() => look(view, settings)) ?? []);
}

function ruleOf(definition: Definition, look: (view: View, settings: Settings) => Said[]): Rule {
  return {
    settings: {},
    ...definition,
    check: (view, settings = {}) => grouped(look(view, settings)).map((said) => finding(definition, said)),
  };
}

function finding({ name, level }: Definition, { at, say }: Said): RuleFinding {
  return { rule: name, level, resource: at.resource, ...say, message: messageOf(name, at.label, say) };
}

/** Reports the same finding for several entries of one resource once, with the list of the entries. */
function grouped(all: readonly Said[]): Said[] {
  const groups = new Map<string, { say: Saying; subjects: Said["at"][] }>();
  for (const [i, { at, say }] of all.entries()) {
    const whose = at.entry === undefined ? [i] : [at.resource, at.entry.of];
    const key = JSON.stringify([...whose, say.seen, say.why, say.instead]);
    const group = groups.get(key) ?? groups.set(key, { say, subjects: [] }).get(key)!;
    if (!group.subjects.includes(at)) group.subjects.push(at);
  }
  return [...groups.values()].map(({ say, subjects }) => ({ at: together(subjects), say }));
}

function together(subjects: readonly Said["at"][]): Subject {
  const [first, ...others] = subjects;
  const { entry, resource } = first!;
  if (others.length === 0 || entry === undefined) return first!;
  const names = subjects.map((subject) => subject.entry!.name);
  return { resource, label: subjects.length === entry.count ? entry.of : `${entry.of} ${listed(names)}` };
}

/** The first item with each key, in their order. */
export function firstOfEach<T>(items: readonly T[], keyOf: (item: T) => string): T[] {
  const first = new Map<string, T>();
  for (const item of items) if (!first.has(keyOf(item))) first.set(keyOf(item), item);
  return [...first.values()];
}

/** `a, b and 3 more`. */
export function listed(items: readonly string[], most = 8): string {
  return items.length <= most ? items.join(", ") : `${items.slice(0, most).join(", ")} and ${items.length - most} more`;
}
