import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Properties;
import java.util.Scanner;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** Makes a client for each line of the input, `kind key=value key=value`, and prints `taken` or `refused`. */
public class RealClients {
  public static void main(String[] none) {
    Scanner lines = new Scanner(System.in, StandardCharsets.UTF_8);
    while (lines.hasNextLine()) {
      String[] words = lines.nextLine().trim().split(" ");
      Properties config = new Properties();
      config.put("bootstrap.servers", "127.0.0.1:1");
      for (int i = 1; i < words.length; i++) {
        int at = words[i].indexOf('=');
        config.put(words[i].substring(0, at), words[i].substring(at + 1));
      }
      System.out.println(isTaken(words[0], config) ? "taken" : "refused");
    }
    System.exit(0);
  }

  static boolean isTaken(String kind, Properties config) {
    try {
      if (kind.equals("producer")) new KafkaProducer<>(config, new ByteArraySerializer(), new ByteArraySerializer()).close(Duration.ZERO);
      else if (kind.equals("consumer")) new KafkaConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer()).close(Duration.ZERO);
      else Admin.create(config).close(Duration.ZERO);
      return true;
    } catch (RuntimeException refused) {
      return false;
    }
  }
}
