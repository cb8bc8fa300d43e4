import type { MigrationModel } from "../../engine/model";
import { waveOf } from "../../engine/parts";

type Place = Pick<MigrationModel, "mirror"> & { originConnection: { bootstrapServers: string } };

/**
 * The waves that the program of this `up` declares, by migration. A `destroy` runs no program, so it declares nothing.
 * Pulumi checks every resource of the program before it deletes any.
 */
const declared = new Map<string, ReadonlySet<string>>();

const keyOf = ({ originConnection, mirror: { groupId, originAlias, targetAlias } }: Place): string =>
  JSON.stringify([originConnection.bootstrapServers, groupId, originAlias, targetAlias]);

/** Called by the preflight, which knows all waves. */
export function noteDeclaredWaves(inputs: Place, waves: readonly { name: string }[]): void {
  declared.set(keyOf(inputs), new Set(waves.map(({ name }) => name)));
}

/**
 * Returns true if the step belongs to a wave that the program no longer declares. Its topics then belong to another
 * part, whose steps care for them: the mirror goes on. Returns false during a `destroy`.
 */
export function wasRemoved(state: Place): boolean {
  const wave = waveOf(state.mirror);
  const waves = declared.get(keyOf(state));
  return wave !== undefined && waves !== undefined && !waves.has(wave);
}
