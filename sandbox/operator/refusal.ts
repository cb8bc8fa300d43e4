/**
 * An error that makes a resource NotReady. Strimzi's status conditions show the Java class of the exception (its simple
 * name is the condition's `reason`) and its message. Users search for those texts, so they are the texts of Strimzi
 * 0.51.
 */
export class Refusal extends Error {
  /** Full name of the Java class that the real operator throws. */
  readonly javaClass: string;

  constructor(javaClass: string, message: string) {
    super(message);
    this.name = "Refusal";
    this.javaClass = javaClass;
  }

  /** The simple name of the class, as shown in `reason`. */
  get reason(): string {
    return this.javaClass.slice(this.javaClass.lastIndexOf(".") + 1);
  }
}

export function invalidResource(message: string): Refusal {
  return new Refusal("io.strimzi.operator.common.model.InvalidResourceException", message);
}

export function invalidConfiguration(message: string): Refusal {
  return new Refusal("io.strimzi.operator.common.InvalidConfigurationException", message);
}

export function invalidParameter(key: string, message: string): Refusal {
  return new Refusal("io.strimzi.operator.common.model.InvalidConfigParameterException", `${key}: ${message}`);
}
