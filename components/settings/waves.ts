import { LONGEST_WAVE_NAME } from "../../engine/naming";
import { flag, matching, oneOf, text, type Written } from "../../engine/setting";

/** The parts of a migration that move one after the other. */

const WAVE_NAME = new RegExp(`^(?=.{1,${LONGEST_WAVE_NAME}}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?$`);

export const waveShape = {
  /**
   * Name of the wave, in lower case letters, digits and `-`, at most 40 characters. It is part of the names of the
   * wave's resources. A wave with another name is another wave. Example: `orders`.
   */
  name: matching(
    WAVE_NAME,
    `at most ${LONGEST_WAVE_NAME} lower case letters, digits and "-", with a letter or digit at both ends`,
  ),
  /**
   * Topics of the wave: comma-separated Java regular expressions, matched whole. Only topics that the mirror copies
   * count. Example: `orders[.].*,payments`.
   */
  topics: text,
  /**
   * Consumer groups of the wave, in the same form.
   * @default no group moves with the wave
   */
  groups: text.optional(),
  /**
   * `mirror`, `consumers`, `cutover` or `returned`, as for the whole migration, but only for the topics and groups of
   * this wave.
   * @default `mirror`
   */
  phase: oneOf(["mirror", "consumers", "cutover", "returned"]).default("mirror"),
  /**
   * `true`: after the cutover a second mirror copies the wave's topics back to the origin, so that the wave can return
   * (docs/waves.md). `false`: ends the way back. Without waves, set it at the top level instead.
   * @default no way back
   */
  wayBack: flag.optional(),
};
export interface WaveSettings extends Written<typeof waveShape> {}
