/** For test files (vitest): clusters, an API server or a whole operated world for the tests of one file. */
export * from "../testing/clusters";
export * from "../testing/kubernetes";
export * from "../testing/operator";
export * from "../testing/project";
