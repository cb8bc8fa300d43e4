import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import org.apache.kafka.common.config.ConfigDef;

/** Prints every key of the classes that are named, as `block TAB name TAB type TAB default TAB validator`. */
public class ConfigKeys {
  public static void main(String[] classes) throws Exception {
    for (String named : classes) {
      String[] block = named.split("=");
      for (Field field : Class.forName(block[1]).getFields()) {
        if (block[0].equals("topic") && field.getName().endsWith("_CONFIG")) System.out.println(String.join("\t", "topic", (String) field.get(null), "", "", ""));
      }
      for (ConfigDef.ConfigKey key : definition(Class.forName(block[1])).configKeys().values()) {
        String validator = key.validator == null ? "" : key.validator.toString();
        System.out.println(String.join("\t", block[0], key.name, key.type.name(), String.valueOf(key.defaultValue), validator).replace("\n", " "));
      }
    }
  }

  /** The largest that a class has in a static field, or gives in a static method. */
  static ConfigDef definition(Class<?> type) throws Exception {
    ConfigDef largest = new ConfigDef();
    for (Field field : type.getDeclaredFields()) {
      if (!Modifier.isStatic(field.getModifiers()) || field.getType() != ConfigDef.class) continue;
      field.setAccessible(true);
      largest = larger(largest, (ConfigDef) field.get(null));
    }
    for (Method method : type.getDeclaredMethods()) {
      if (!Modifier.isStatic(method.getModifiers()) || method.getReturnType() != ConfigDef.class) continue;
      Class<?>[] given = method.getParameterTypes();
      boolean crypto = given.length == 1 && given[0].getSimpleName().equals("Crypto");
      if (given.length != 0 && !crypto) continue;
      method.setAccessible(true);
      Object made = crypto ? method.invoke(null, given[0].getField("SYSTEM").get(null)) : method.invoke(null);
      largest = larger(largest, (ConfigDef) made);
    }
    return largest;
  }

  static ConfigDef larger(ConfigDef one, ConfigDef other) {
    return other != null && other.names().size() > one.names().size() ? other : one;
  }
}
