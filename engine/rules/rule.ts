import { attempt, inEach } from "./unknown";
import type { MirrorView, Place, UserView, View } from "./view";

export type Level = "mandatory" | "advisory";

/** What a rule says about one thing; the three parts make the message. */
export interface Saying {
  /** What was seen, with names and numbers. */
  seen: string;
  /** Why it matters. */
  why: string;
  /** What to write instead. */
  instead: string;
}

export interface Finding extends Saying {
  rule: string;
  level: Level;
  resource: string;
  message: string;
}

/** A limit or a fact that only the reader knows, set in the policy pack's configuration. */
export interface Setting {
  type: "integer" | "string";
  description: string;
  enum?: readonly string[];
  minimum?: number;
  pattern?: string;
}

/** Of the rules that depend on the version: names of internal topics, classes, exactly-once. */
export const kafkaVersion: Setting = {
  type: "string",
  pattern: "^\\d+\\.\\d+(\\.\\d+)?$",
  description: "Kafka version of the MirrorMaker 2 that runs, where spec.version does not say it. Default: what the newest operators of the API version run.",
};

export type Settings = Readonly<Record<string, unknown>>;

export interface Rule {
  /** Also the name of its section in docs/policies.md. */
  name: string;
  level: Level;
  summary: string;
  settings: Readonly<Record<string, Setting>>;
  /** It speaks of what is absent, so it can't be asked about a part of a stack. */
  whole?: boolean;
  check(view: View, settings?: Settings): Finding[];
}

interface Definition {
  name: string;
  level: Level;
  summary: string;
  settings?: Readonly<Record<string, Setting>>;
  whole?: boolean;
}

export function messageOf(rule: string, label: string, { seen, why, instead }: Saying): string {
  return `${label === "" ? "" : `${label}: `}${seen}: ${why}; ${instead} [${rule}]`;
}

/** What hangs on something that is not known yet is not said, of one mirror or user as little as of the stack. */
export function mirrorRule(definition: Definition, look: (mirror: MirrorView) => Saying[]): Rule {
  return { settings: {}, ...definition, check: ({ mirrors }) => inEach(mirrors, (mirror) => look(mirror).map((saying) => finding(definition, mirror, saying))) };
}

export function userRule(definition: Definition, look: (user: UserView) => Saying[]): Rule {
  return { settings: {}, ...definition, check: ({ users }) => inEach(users, (user) => look(user).map((saying) => finding(definition, user, saying))) };
}

export function stackRule(definition: Definition, look: (view: View, settings: Settings) => { at: Place; say: Saying }[]): Rule {
  return { settings: {}, ...definition, check: (view, settings = {}) => (attempt(() => look(view, settings)) ?? []).map(({ at, say }) => finding(definition, at, say)) };
}

function finding({ name, level }: Definition, at: Place, say: Saying): Finding {
  return { rule: name, level, resource: at.resource, ...say, message: messageOf(name, at.label, say) };
}

/** `a, b and 3 more`. */
export function listed(items: readonly string[], most = 8): string {
  return items.length <= most ? items.join(", ") : `${items.slice(0, most).join(", ")} and ${items.length - most} more`;
}
