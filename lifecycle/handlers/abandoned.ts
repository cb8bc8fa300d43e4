/**
 * The migrations that the program of this `up` has abandoned. A step that left the program, as most do in a clean-up,
 * has the setting of an earlier `up` in its state. A destroy cannot know more than that, because it deletes these steps
 * before those that the clean-up has updated.
 */
const abandoned = new Set<string>();

/** Undefined: not a step of a migration, or not known yet in a preview. */
function keyOf({ originConnection, mirror }: Readonly<Record<string, unknown>>): string | undefined {
  const { bootstrapServers } = (originConnection ?? {}) as { bootstrapServers?: unknown };
  const { originAlias, targetAlias, groupId } = (mirror ?? {}) as Readonly<Record<string, unknown>>;
  const parts = [bootstrapServers, originAlias, targetAlias, groupId];
  return parts.every((part) => typeof part === "string") ? JSON.stringify(parts) : undefined;
}

export function noteIfAbandoned(inputs: object & { abandon?: unknown }): void {
  const key = keyOf(inputs as Record<string, unknown>);
  if (inputs.abandon === true && key !== undefined) abandoned.add(key);
}

/** Returns the state of a step that is deleted, with what is known about the migration now. */
export function withAbandoned<T extends object>(state: T): T {
  const key = keyOf(state as Record<string, unknown>);
  return key !== undefined && abandoned.has(key) ? { ...state, abandon: true } : state;
}
