/** The version of the real plugin whose ways are followed. */
export const PLUGIN_VERSION = "4.34.2";
