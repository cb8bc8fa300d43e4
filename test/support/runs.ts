/**
 * The unit tests of `npm test` and `npm run test:unit` are for quick answers. A file that is run alone and the nightly
 * suite (KAFKA_MIGRATION_TEST_WHOLE=1) try all.
 */
export const isQuick =
  process.env.KAFKA_MIGRATION_TEST_LANE === "unit" && process.env.KAFKA_MIGRATION_TEST_WHOLE !== "1";
const PART = 4;

/** How often a property is tried. A quarter in quick runs. */
export const runs = (all: number): number => (isQuick ? Math.ceil(all / PART) : all);

/** The cases of a long list that are tried. Every fourth in quick runs. */
export const part = <T>(all: readonly T[], of = PART): T[] => all.filter((_, i) => !isQuick || i % of === 0);
