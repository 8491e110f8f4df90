// SPDX-License-Identifier: Apache-2.0
package dev.indelible.kafka;

import static org.junit.jupiter.api.Assumptions.abort;

import dev.indelible.testkit.ChildJvm;
import dev.indelible.testkit.TestNetwork;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.metadata.storage.Formatter;
import org.apache.kafka.server.common.Feature;
import org.apache.kafka.server.common.MetadataVersion;
import org.jspecify.annotations.Nullable;

/**
 * Kafka brokers, each a process of its own that is also a controller (KRaft). A killed broker
 * starts again on its directory and ports.
 */
public final class TestBroker implements AutoCloseable {
  private static final String HOST = InetAddress.getLoopbackAddress().getHostAddress();
  private static final String STARTED = "started";

  private static @Nullable TestBroker shared;

  private final Path directory;

  /** The address of each broker, HOST:PORT, and of its controller. */
  private final List<String> addresses;

  /** The words before the command of each broker. */
  private final List<String[]> under;

  private final List<ChildJvm> processes = new ArrayList<>();

  private TestBroker(Path directory, List<String> addresses, List<String[]> under) {
    this.directory = directory;
    this.addresses = addresses;
    this.under = under;
  }

  /** Returns the broker that all tests of this JVM share, which ends with the JVM. */
  static synchronized TestBroker shared() throws Exception {
    TestBroker running = shared;
    if (running == null) {
      running = start(1);
      shared = running;
    }
    return running;
  }

  /** Starts a cluster; skips the test if a broker does not start here. */
  public static TestBroker start(int brokers) throws Exception {
    Path directory = Files.createTempDirectory("indelible-kafka");
    List<String> addresses =
        freePorts(2 * brokers).stream().map(port -> HOST + ":" + port).toList();
    return start(new TestBroker(directory, addresses, Collections.nCopies(brokers, new String[0])));
  }

  /** Starts a broker whose files are in a directory that exists. */
  static TestBroker startIn(Path directory) throws Exception {
    List<String> addresses = freePorts(2).stream().map(port -> HOST + ":" + port).toList();
    return start(new TestBroker(directory, addresses, List.<String[]>of(new String[0])));
  }

  /** Starts a broker on each of these hosts of a network. */
  static TestBroker start(TestNetwork network, List<String> hosts) throws Exception {
    List<String> addresses = new ArrayList<>();
    for (String host : hosts) {
      addresses.add(network.address(host) + ":9092");
      addresses.add(network.address(host) + ":9093");
    }
    return start(
        new TestBroker(
            Files.createTempDirectory("indelible-kafka"),
            addresses,
            hosts.stream().map(network::under).toList()));
  }

  private static TestBroker start(TestBroker started) throws Exception {
    String cluster = Uuid.randomUuid().toString();
    for (int node = 0; node < started.under.size(); node++) {
      started.processes.add(started.launch(node, cluster));
    }
    for (ChildJvm process : started.processes) {
      if (!isStarted(process)) {
        started.close();
        abort("skipped: no Kafka broker starts here: " + process.errors());
      }
    }
    return started;
  }

  private static boolean isStarted(ChildJvm process) throws IOException {
    String line = process.readLineOrEnd();
    while (line != null && !line.equals(STARTED)) {
      line = process.readLineOrEnd();
    }
    return line != null;
  }

  private ChildJvm launch(int node, String cluster) throws IOException {
    return ChildJvm.running(BrokerProcess.class)
        .with("-Xmx384m")
        .errorsTo(errors(node))
        .under(under.get(node))
        .start(directory, node, cluster, String.join(",", addresses));
  }

  public String address() {
    return IntStream.range(0, under.size())
        .mapToObj(node -> addresses.get(2 * node))
        .collect(Collectors.joining(","));
  }

  /** Returns the file to which a broker writes its errors. */
  private Path errors(int node) {
    return directory.resolveSibling(directory.getFileName() + "-errors-" + node);
  }

  /** Returns the directory with the files of a broker. */
  Path log(int node) {
    return directory.resolve("log-" + node);
  }

  /** Returns true while the process of a broker runs. */
  boolean isRunning(int node) throws Exception {
    return processes.get(node).runsFor(Duration.ZERO);
  }

  /** Kills a broker with SIGKILL. */
  void kill(int node) throws Exception {
    processes.get(node).kill();
  }

  /** Starts a killed broker again. */
  void restart(int node) throws Exception {
    ChildJvm again = launch(node, "");
    processes.set(node, again);
    if (!isStarted(again)) {
      throw new AssertionError("the broker does not start again: " + again.errors());
    }
  }

  /** Creates the topics of a queue. */
  public void createTopics(String topic, int partitions) throws Exception {
    short copies = (short) Math.min(3, processes.size());
    String minimum = copies == 3 ? "2" : "1";
    try (Admin admin = admin()) {
      admin
          .createTopics(
              List.of(
                  new NewTopic(topic, partitions, copies)
                      .configs(
                          Map.of(
                              "max.message.bytes",
                              "4195328",
                              "min.insync.replicas",
                              minimum,
                              "message.timestamp.type",
                              "LogAppendTime",
                              "compression.type",
                              "uncompressed")),
                  new NewTopic(topic + KafkaQueue.POSITIONS, 1, copies)
                      .configs(
                          Map.of(
                              "cleanup.policy",
                              "compact",
                              "min.insync.replicas",
                              minimum,
                              "message.timestamp.type",
                              "LogAppendTime",
                              "compression.type",
                              "uncompressed"))))
          .all()
          .get();
    }
  }

  void deleteTopic(String topic) throws Exception {
    try (Admin admin = admin()) {
      admin.deleteTopics(List.of(topic)).all().get();
    }
  }

  /** Removes the messages of a partition before an offset, as retention does. */
  void trim(String topic, int partition, long offset) throws Exception {
    try (Admin admin = admin()) {
      admin
          .deleteRecords(
              Map.of(new TopicPartition(topic, partition), RecordsToDelete.beforeOffset(offset)))
          .all()
          .get();
    }
  }

  Admin admin() {
    return Admin.create(Map.of("bootstrap.servers", address()));
  }

  private static List<Integer> freePorts(int count) throws IOException {
    List<ServerSocket> sockets = new ArrayList<>();
    try {
      for (int i = 0; i < count; i++) {
        sockets.add(new ServerSocket(0, 1, InetAddress.getLoopbackAddress()));
      }
      return sockets.stream().map(ServerSocket::getLocalPort).toList();
    } finally {
      for (ServerSocket socket : sockets) {
        socket.close();
      }
    }
  }

  @Override
  public void close() {
    for (ChildJvm process : processes) {
      try {
        process.kill();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** The main class of a broker's process. */
  static final class BrokerProcess {
    private BrokerProcess() {}

    public static void main(String[] args) throws Exception {
      Path log = Path.of(args[0], "log-" + args[1]);
      int node = Integer.parseInt(args[1]);
      String[] addresses = args[3].split(",");
      if (!Files.exists(log)) {
        new Formatter()
            .setNodeId(node)
            .setClusterId(args[2])
            .addDirectory(log.toString())
            .setMetadataLogDirectory(log.toString())
            .setSupportedFeatures(Feature.PRODUCTION_FEATURES)
            .setReleaseVersion(MetadataVersion.LATEST_PRODUCTION)
            .setControllerListenerName("CONTROLLER")
            .setPrintStream(System.err)
            .run();
      }
      KafkaRaftServer server =
          new KafkaRaftServer(new KafkaConfig(properties(log, node, addresses)), Time.SYSTEM);
      server.startup();
      System.out.println(STARTED);
      server.awaitShutdown();
    }

    private static Map<String, Object> properties(Path log, int node, String[] addresses) {
      String broker = addresses[2 * node];
      String controller = addresses[2 * node + 1];
      String voters =
          IntStream.range(0, addresses.length / 2)
              .mapToObj(each -> each + "@" + addresses[2 * each + 1])
              .collect(Collectors.joining(","));
      return Map.ofEntries(
          Map.entry("process.roles", "broker,controller"),
          Map.entry("node.id", node),
          Map.entry("log.dirs", log.toString()),
          Map.entry("listeners", "PLAINTEXT://" + broker + ",CONTROLLER://" + controller),
          Map.entry("advertised.listeners", "PLAINTEXT://" + broker),
          Map.entry("listener.security.protocol.map", "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT"),
          Map.entry("controller.listener.names", "CONTROLLER"),
          Map.entry("controller.quorum.voters", voters),
          Map.entry("auto.create.topics.enable", "false"),
          Map.entry("num.network.threads", "2"),
          // A killed broker is registered again once its session has ended. One broker alone keeps
          // the usual time, in which a slow machine does not fence it.
          Map.entry("broker.session.timeout.ms", addresses.length > 2 ? "3000" : "9000"),
          Map.entry("broker.heartbeat.interval.ms", addresses.length > 2 ? "500" : "2000"),
          Map.entry("num.io.threads", "2"),
          Map.entry("offsets.topic.replication.factor", "1"),
          Map.entry("transaction.state.log.replication.factor", "1"),
          Map.entry("transaction.state.log.min.isr", "1"));
    }
  }
}
