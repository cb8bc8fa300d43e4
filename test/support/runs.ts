/**
 * How often a property is tried. `npm run test:unit` is for quick answers while somebody works: a third. `npm test` and
 * a file that is run alone: all.
 */
export const runs = (all: number): number =>
  process.env.KAFKA_MIGRATION_TEST_LANE === "unit" ? Math.ceil(all / 3) : all;
