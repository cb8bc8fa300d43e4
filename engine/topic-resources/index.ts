export { countIn, differences, settingsIn } from "./compare";
export { type FileState, fileState, fileText } from "./files";
export { byTopic, clusterLabel, isManaged, isOf, managedAnnotation, topicOf } from "./metadata";
export { isResourceName, resourceName } from "./names";
export { byTool, changeText, type OwnedChange, ownedChanges, type OwnedTopic } from "./owned";
export {
  type DifferingTopic,
  planTopicResources,
  type TopicResourceInput,
  type TopicResourcePlan,
} from "./plan";
export { readMigratedTopics } from "./read";
export { topicText, yamlOf } from "./text";
export type { KafkaTopicFound, KafkaTopicText, TopicPlace, TopicState } from "./types";
