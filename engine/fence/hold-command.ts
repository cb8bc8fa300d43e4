/**
 * The command that holds the fence of a part after the `up`.
 * @param wave null or undefined: everything outside the waves, or a migration without waves
 */
export const holdCommand = (wave?: string | null): string =>
  `kafka-migration fence --hold --stack NAME${wave ? ` --wave ${wave}` : ""}`;
