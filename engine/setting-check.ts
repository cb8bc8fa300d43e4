import type { z } from "zod";
import type { Setting } from "./setting";

/** Returns the zod type that a setting is. Apart from `setting.ts`, whose declarations must not name zod. */
export const checkOf = (setting: Setting<any, any>) => setting as unknown as z.ZodType<any>;
