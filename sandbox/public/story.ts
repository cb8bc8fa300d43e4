/**
 * The migration that `npm start` runs: its estate, its applications, its Pulumi project, and what is left afterwards.
 */
export { startProducer } from "../estate/applications";
export { registerCodecs } from "../estate/codecs";
export { applicationClient, hosted } from "../estate/seed";
export { estateGroups, estateTopics } from "../estate/topics";
export { estateUsers } from "../estate/users";
export type { EstateUser } from "../estate/users";
export { kubernetesObjects, secretValues } from "../story/kubernetes";
export { openProject, ownProject } from "../story/project";
export type { Project, Settings } from "../story/project";
export { residueIn } from "../story/present";
export { runStory } from "../story/run";
export type { StoryResult } from "../story/run";
export { storySettings } from "../story/settings";
export { abilityOf, labelsOf } from "../story/users";
export type { Ability } from "../story/users";
export { listEverything, removeEstate, resumeGroup, stopGroup } from "../story/witness";
export type { Stopped } from "../story/witness";
