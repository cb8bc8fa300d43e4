import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.Metric;
import org.apache.kafka.common.MetricName;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Kafka's own client as an application: writes numbered records and reads them as consumer groups do.
 *
 *     java -cp <out>:<Kafka's jars> Witness CONNECTION PLAN RESULTS
 *
 * CONNECTION: properties file with the client's settings. It holds the password, which must not be an argument.
 * PLAN: one task per line, words separated by tabs. "then" ends a stretch; the tasks of a stretch run at the same time.
 *
 *     write    TOPIC PARTITION FROM COUNT CODEC KEYS      KEYS > 0: that many keys, with tombstones in between; 0: one key each;
 *                                                         -1: one key each, with tombstones
 *     transact TOPIC PARTITIONS FROM EACH TRANSACTIONS    every third transaction is aborted, the last one too
 *     may      USER TOPICS ID                             logs in as USER, whose password is "witness.password.USER" in
 *                                                         CONNECTION, and tries to describe, write and read the topics and to
 *                                                         begin a transaction with this id ("-": none)
 *     read     GROUP PROTOCOL ISOLATION METADATA TOPICS GOALS
 *              PROTOCOL: classic, consumer (KIP-848). METADATA: of the commit; "-" commits nothing.
 *              GOALS: TOPIC:PARTITION:LAST,... where LAST is the last number to read, -1 (stay at the start) or "end";
 *              partitions without a goal are neither read nor committed
 *
 * RESULTS: a JSON object for each partition that was read: group, topic, partition, the committed offset and metadata that
 * the group found (null: none), the numbers of its records in the order of arrival, and those of the tombstones. For each
 * "may": the user, what succeeded, and whether the brokers throttled its producer and its consumer.
 */
public final class Witness {
  private static final Duration POLL = Duration.ofMillis(100);
  /** The reader gives up if it receives no record and no assignment for this many milliseconds. */
  private static final long PATIENCE_MS = 60_000;

  private final Properties connection = new Properties();
  private final Writer results;

  private Witness(Path connection, Path results) throws Exception {
    try (var reader = Files.newBufferedReader(connection)) {
      this.connection.load(reader);
    }
    this.results = Files.newBufferedWriter(results, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING);
    Files.setPosixFilePermissions(results, PosixFilePermissions.fromString("rw-------"));
  }

  public static void main(String[] args) throws Exception {
    Witness witness = new Witness(Path.of(args[0]), Path.of(args[2]));
    ExecutorService lanes = Executors.newFixedThreadPool(4);
    try {
      List<Future<Void>> running = new ArrayList<>();
      for (String line : Files.readAllLines(Path.of(args[1]))) {
        if (line.equals("then")) finish(running);
        else if (!line.isBlank()) running.add(lanes.submit(witness.task(line.split("\t", -1))));
      }
      finish(running);
    } finally {
      lanes.shutdownNow();
      witness.results.close();
    }
  }

  private static void finish(List<Future<Void>> running) throws Exception {
    for (Future<Void> one : running) one.get();
    running.clear();
  }

  private Callable<Void> task(String[] words) {
    return () -> {
      switch (words[0]) {
        case "write" -> write(words);
        case "transact" -> transact(words);
        case "read" -> read(words);
        case "may" -> may(words);
        default -> throw new IllegalArgumentException("unknown task " + words[0]);
      }
      return null;
    };
  }

  private Properties with(Map<String, String> more) {
    Properties all = new Properties();
    all.putAll(connection);
    all.putAll(more);
    return all;
  }

  // Writing

  private KafkaProducer<byte[], byte[]> producer(Map<String, String> more) {
    Map<String, String> settings = new HashMap<>(Map.of("linger.ms", "5", "acks", "all"));
    settings.putAll(more);
    return new KafkaProducer<>(with(settings), new ByteArraySerializer(), new ByteArraySerializer());
  }

  private static ProducerRecord<byte[], byte[]> record(String topic, int partition, long number, int keys) {
    String key = keys > 0 ? "key-" + number % keys : "key-" + number;
    boolean tombstone = keys != 0 && number % 41 == 40;
    byte[] value = tombstone ? null : (topic + "-" + partition + "#" + number + " padding padding padding").getBytes(StandardCharsets.UTF_8);
    var record = new ProducerRecord<>(topic, partition, key.getBytes(StandardCharsets.UTF_8), value);
    record.headers().add("n", Long.toString(number).getBytes(StandardCharsets.UTF_8));
    return record;
  }

  private void write(String[] words) throws Exception {
    String topic = words[1];
    int partition = Integer.parseInt(words[2]);
    long from = Long.parseLong(words[3]);
    long count = Long.parseLong(words[4]);
    int keys = Integer.parseInt(words[6]);
    try (var producer = producer(Map.of("compression.type", words[5]))) {
      List<Future<RecordMetadata>> sent = new ArrayList<>();
      for (long n = from; n < from + count; n++) sent.add(producer.send(record(topic, partition, n, keys)));
      producer.flush();
      for (var one : sent) one.get();
    }
  }

  private void transact(String[] words) throws Exception {
    String topic = words[1];
    int partitions = Integer.parseInt(words[2]);
    long from = Long.parseLong(words[3]);
    int each = Integer.parseInt(words[4]);
    int transactions = Integer.parseInt(words[5]);
    try (var producer = producer(Map.of("transactional.id", "witness-" + topic))) {
      producer.initTransactions();
      for (int t = 0; t < transactions; t++) {
        producer.beginTransaction();
        for (int partition = 0; partition < partitions; partition++) {
          for (int i = 0; i < each; i++) producer.send(record(topic, partition, from + (long) t * each + i, 0));
        }
        producer.flush();
        if (t % 3 == 2 || t == transactions - 1) producer.abortTransaction();
        else producer.commitTransaction();
      }
    }
  }

  // Reading

  /** What a group has read of one partition. */
  private static final class Reading {
    final long last;
    final boolean toTheEnd;
    final List<Long> numbers = new ArrayList<>();
    final List<Long> tombstones = new ArrayList<>();
    OffsetAndMetadata found;
    /** The offset at which the group continues; -1: not known yet. */
    long next = -1;
    /** The end offset of the partition for this group when the partition was assigned. */
    long end;
    boolean done;

    Reading(String goal) {
      toTheEnd = goal.equals("end");
      last = toTheEnd ? Long.MAX_VALUE : Long.parseLong(goal);
    }
  }

  private void read(String[] words) throws Exception {
    String group = words[1];
    String metadata = words[4];
    Map<TopicPartition, Reading> readings = new LinkedHashMap<>();
    for (String goal : words[6].split(",")) {
      String[] parts = goal.split(":");
      readings.put(new TopicPartition(parts[0], Integer.parseInt(parts[1])), new Reading(parts[2]));
    }
    var settings = with(Map.of(
        "group.id", group,
        "group.protocol", words[2],
        "isolation.level", words[3],
        "enable.auto.commit", "false",
        "auto.offset.reset", "earliest",
        "fetch.max.wait.ms", "100",
        "client.id", "witness-" + group));
    try (var consumer = new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
      Set<TopicPartition> mine = new HashSet<>();
      consumer.subscribe(Arrays.asList(words[5].split(",")), new ConsumerRebalanceListener() {
        @Override
        public void onPartitionsRevoked(Collection<TopicPartition> lost) {}

        @Override
        public void onPartitionsAssigned(Collection<TopicPartition> assigned) {
          mine.addAll(assigned);
          consumer.pause(assigned.stream().filter(p -> !readings.containsKey(p) || readings.get(p).done).toList());
        }
      });
      until(consumer, mine, readings);
      if (!metadata.equals("-")) {
        Map<TopicPartition, OffsetAndMetadata> commits = new HashMap<>();
        readings.forEach((p, r) -> commits.put(p, new OffsetAndMetadata(r.next, Optional.empty(), metadata)));
        consumer.commitSync(commits);
      }
    }
    readings.forEach((p, r) -> report(group, p, r));
  }

  private static void until(KafkaConsumer<byte[], byte[]> consumer, Set<TopicPartition> mine, Map<TopicPartition, Reading> readings) {
    Set<TopicPartition> begun = new HashSet<>();
    long patience = System.currentTimeMillis() + PATIENCE_MS;
    while (readings.values().stream().anyMatch(r -> !r.done)) {
      var records = consumer.poll(POLL);
      var fresh = readings.keySet().stream().filter(p -> mine.contains(p) && !begun.contains(p)).toList();
      if (!fresh.isEmpty()) {
        var found = consumer.committed(new HashSet<>(fresh));
        var starts = consumer.beginningOffsets(fresh);
        var ends = consumer.endOffsets(fresh);
        for (TopicPartition p : fresh) {
          Reading reading = readings.get(p);
          reading.found = found.get(p);
          reading.end = ends.get(p);
          reading.next = Math.max(starts.get(p), reading.found == null ? 0 : reading.found.offset());
          reading.done = reading.last == -1;
        }
        begun.addAll(fresh);
      }
      for (var record : records) take(record, readings.get(new TopicPartition(record.topic(), record.partition())));
      for (TopicPartition p : begun) {
        Reading reading = readings.get(p);
        // The position is after transaction markers. An application that commits its position commits this offset.
        if (reading.toTheEnd && !reading.done && consumer.position(p) >= reading.end) {
          reading.next = consumer.position(p);
          reading.done = true;
        }
      }
      consumer.pause(begun.stream().filter(p -> readings.get(p).done).toList());
      if (!records.isEmpty() || !fresh.isEmpty()) patience = System.currentTimeMillis() + PATIENCE_MS;
      else if (System.currentTimeMillis() > patience) throw new IllegalStateException("nothing came any more for " + consumer.groupMetadata().groupId());
    }
  }

  private static void take(ConsumerRecord<byte[], byte[]> record, Reading reading) {
    if (reading == null || reading.done) return;
    long number = Long.parseLong(new String(record.headers().lastHeader("n").value(), StandardCharsets.UTF_8));
    // The record at the goal may be compacted away. The first record beyond the goal no longer belongs to the group.
    if (number <= reading.last) {
      reading.numbers.add(number);
      if (record.value() == null) reading.tombstones.add(number);
      else if (!new String(record.value(), StandardCharsets.UTF_8).startsWith(record.topic() + "-" + record.partition() + "#" + number)) {
        throw new IllegalStateException("record " + number + " of " + record.topic() + "-" + record.partition() + " has another record's value");
      }
      reading.next = record.offset() + 1;
    }
    if (number >= reading.last) reading.done = true;
  }

  // Rights

  private interface Work {
    void run() throws Exception;
  }

  private static boolean isAllowed(Work work) throws Exception {
    try {
      work.run();
      return true;
    } catch (Exception error) {
      for (Throwable cause = error; cause != null; cause = cause.getCause()) {
        if (cause instanceof AuthorizationException) return false;
      }
      throw error;
    }
  }

  private void may(String[] words) throws Exception {
    String user = words[1];
    String password = connection.getProperty("witness.password." + user);
    Map<String, Object> login = new HashMap<>();
    connection.forEach((key, value) -> {
      if (!key.toString().startsWith("witness.")) login.put(key.toString(), value);
    });
    login.put("sasl.jaas.config", "org.apache.kafka.common.security.scram.ScramLoginModule required username=" + quoted(user) + " password=" + quoted(password) + ";");
    login.put("client.id", "witness-" + user);
    List<String> sees = new ArrayList<>();
    List<String> writes = new ArrayList<>();
    List<String> reads = new ArrayList<>();
    boolean slowWrites;
    boolean slowReads = false;
    try (var admin = Admin.create(login)) {
      for (String topic : words[2].split(",")) {
        if (isAllowed(() -> admin.describeTopics(List.of(topic)).allTopicNames().get())) sees.add(topic);
      }
    }
    try (var producer = new KafkaProducer<>(also(login, "enable.idempotence", "false"), new ByteArraySerializer(), new ByteArraySerializer())) {
      for (String topic : words[2].split(",")) {
        if (isAllowed(() -> producer.send(new ProducerRecord<>(topic, new byte[100])).get())) writes.add(topic);
      }
      slowWrites = isPositive(producer.metrics(), "produce-throttle-time-max");
    }
    // Read implies Describe. Each topic has a consumer of its own, because a response may belong to an earlier fetch.
    for (String topic : sees) {
      try (var consumer = new KafkaConsumer<>(login, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
        if (isAllowed(() -> fetchOnce(consumer, new TopicPartition(topic, 0)))) reads.add(topic);
        slowReads |= isPositive(consumer.metrics(), "fetch-throttle-time-max");
        // A throttled connection would keep it for 30 seconds.
        consumer.close(Duration.ZERO);
      }
    }
    String transactions = "null";
    if (!words[3].equals("-")) {
      try (var producer = new KafkaProducer<>(also(login, "transactional.id", words[3]), new ByteArraySerializer(), new ByteArraySerializer())) {
        transactions = Boolean.toString(isAllowed(producer::initTransactions));
      }
    }
    line("{\"user\":" + quoted(user) + ",\"sees\":" + quoted(sees) + ",\"writes\":" + quoted(writes) + ",\"reads\":" + quoted(reads)
        + ",\"transactions\":" + transactions + ",\"slowWrites\":" + slowWrites + ",\"slowReads\":" + slowReads + "}");
  }

  private static Map<String, Object> also(Map<String, Object> settings, String key, String value) {
    Map<String, Object> all = new HashMap<>(settings);
    all.put(key, value);
    return all;
  }

  /** Waits for one response to a fetch, whether it has records or not. A response that only throttles counts. */
  private static void fetchOnce(KafkaConsumer<byte[], byte[]> consumer, TopicPartition partition) {
    consumer.assign(List.of(partition));
    consumer.seekToBeginning(List.of(partition));
    long patience = System.currentTimeMillis() + PATIENCE_MS;
    while (!isPositive(consumer.metrics(), "fetch-total") && !isPositive(consumer.metrics(), "fetch-throttle-time-max")) {
      consumer.poll(POLL);
      if (System.currentTimeMillis() > patience) throw new IllegalStateException("no response to a fetch from " + partition);
    }
  }

  private static double metric(Map<MetricName, ? extends Metric> metrics, String name) {
    return metrics.values().stream().filter(m -> m.metricName().name().equals(name) && m.metricValue() instanceof Double)
        .mapToDouble(m -> (double) m.metricValue()).filter(value -> !Double.isNaN(value)).max().orElse(0);
  }

  private static boolean isPositive(Map<MetricName, ? extends Metric> metrics, String name) {
    return metric(metrics, name) > 0;
  }

  private static String quoted(List<String> texts) {
    return "[" + String.join(",", texts.stream().map(Witness::quoted).toList()) + "]";
  }

  private synchronized void line(String text) {
    try {
      results.write(text + "\n");
    } catch (java.io.IOException error) {
      throw new java.io.UncheckedIOException(error);
    }
  }

  private void report(String group, TopicPartition p, Reading reading) {
    var found = reading.found == null ? "null" : "{\"offset\":" + reading.found.offset() + ",\"metadata\":" + quoted(reading.found.metadata()) + "}";
    line("{\"group\":" + quoted(group) + ",\"topic\":" + quoted(p.topic()) + ",\"partition\":" + p.partition()
        + ",\"found\":" + found + ",\"numbers\":" + reading.numbers + ",\"tombstones\":" + reading.tombstones + "}");
  }

  private static String quoted(String text) {
    return "\"" + text.replace("\\", "\\\\").replace("\"", "\\\"") + "\"";
  }
}
