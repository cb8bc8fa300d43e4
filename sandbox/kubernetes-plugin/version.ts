/** Version of the real plugin whose behaviour the stand-in follows. */
export const PLUGIN_VERSION = "4.34.2";
