// SPDX-License-Identifier: Apache-2.0
package dev.indelible.kafka;

import dev.indelible.base.DurableFiles;
import dev.indelible.checkpoint.CheckpointParseException;
import dev.indelible.checkpoint.SignatureType;
import dev.indelible.checkpoint.VerifierKey;
import dev.indelible.crypto.KeyRing;
import dev.indelible.crypto.Signer;
import dev.indelible.crypto.VerificationKey;
import dev.indelible.note.GateKey;
import java.io.IOException;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;

/**
 * The settings of a gate in its data directory: the file {@code queue/settings}, a properties file.
 *
 * @param queue the URL of the queue
 * @param gate the name under which the gate is enrolled
 * @param logKeys the vkeys of the logs' Ed25519 keys, which sign positions
 * @param options the settings that have defaults
 */
public record GateFile(String queue, String gate, List<String> logKeys, Options options) {
  private static final String NAME = "settings";
  private static final Set<String> KNOWN =
      Set.of("queue", "gate", "log-keys", "tenant", "settlement", "client");

  /**
   * Settings with defaults.
   *
   * @param tenant the shard key of all events; empty if each agent id is a shard key
   * @param settlement the moment at which an event counts as settled
   * @param client a properties file of Kafka's client, for example with TLS and SASL
   */
  public record Options(String tenant, GateSettings.Settlement settlement, Optional<Path> client) {}

  public GateFile {
    logKeys = List.copyOf(logKeys);
  }

  /** Returns true if a directory has settings of a gate. */
  public static boolean isIn(Path directory) {
    return Files.exists(directory.resolve(NAME));
  }

  /**
   * Reads the settings in a directory.
   *
   * @return empty if there are none
   * @throws QueueException if they cannot be read
   */
  static Optional<GateFile> read(Path directory) throws QueueException {
    Path file = directory.resolve(NAME);
    Properties read = new Properties();
    try {
      read.load(new StringReader(Files.readString(file, StandardCharsets.UTF_8)));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException | IllegalArgumentException e) {
      throw new QueueException("%s: cannot be read: %s".formatted(file, e), e);
    }
    for (String name : read.stringPropertyNames()) {
      if (!KNOWN.contains(name)) {
        throw new QueueException("%s: there is no setting '%s'".formatted(file, name));
      }
    }
    String settlement = read.getProperty("settlement", "recorded").strip();
    try {
      return Optional.of(
          new GateFile(
              required(read, "queue", file),
              required(read, "gate", file),
              List.of(required(read, "log-keys", file).split(" +")),
              new Options(
                  read.getProperty("tenant", "").strip(),
                  GateSettings.Settlement.valueOf(settlement.toUpperCase(Locale.ROOT)),
                  Optional.ofNullable(read.getProperty("client"))
                      .map(String::strip)
                      .map(directory::resolve))));
    } catch (IllegalArgumentException e) {
      throw new QueueException(
          "%s: settlement is 'recorded' or 'acknowledged', not '%s'".formatted(file, settlement),
          e);
    }
  }

  private static String required(Properties read, String name, Path file) throws QueueException {
    String value = read.getProperty(name, "").strip();
    if (value.isEmpty()) {
      throw new QueueException("%s: the setting '%s' is missing".formatted(file, name));
    }
    return value;
  }

  /**
   * Writes the settings durably.
   *
   * @param directory is created if it does not exist; its parent must exist
   * @throws QueueException if they cannot be used or written
   */
  public void write(Path directory) throws QueueException {
    requireUsable();
    StringBuilder text = new StringBuilder("# A gate that records through a queue.\n");
    line(text, "queue", queue);
    line(text, "gate", gate);
    line(text, "log-keys", String.join(" ", logKeys));
    line(text, "tenant", options.tenant());
    line(text, "settlement", options.settlement().name().toLowerCase(Locale.ROOT));
    options.client().ifPresent(file -> line(text, "client", file.toAbsolutePath().toString()));
    try {
      if (DurableFiles.createDirectory(directory)) {
        DurableFiles.syncNames(directory.toAbsolutePath().getParent());
      }
      DurableFiles.replace(
          directory.resolve(NAME),
          directory.resolve(NAME + ".new"),
          text.toString().getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new QueueException("%s: %s".formatted(directory, DurableFiles.reason(e)), e);
    }
  }

  private static void line(StringBuilder text, String name, String value) {
    // A backslash is the only character of these values that a properties file changes.
    text.append(name).append('=').append(value.replace("\\", "\\\\")).append('\n');
  }

  /** Requires settings with which a channel opens. */
  private void requireUsable() throws QueueException {
    kafkaQueue();
    keys();
    try {
      GateKey.requireName(gate);
    } catch (IllegalArgumentException e) {
      throw new QueueException(String.valueOf(e.getMessage()));
    }
  }

  KafkaQueue kafkaQueue() throws QueueException {
    KafkaQueue named = KafkaQueue.at(queue);
    return options.client().isPresent()
        ? named.withClientProperties(options.client().get())
        : named;
  }

  /** Returns the settings of a gate with a key. */
  GateSettings settings(Signer key) throws QueueException {
    KeyRing log = keys();
    try {
      return new GateSettings(gate, key, options.tenant(), options.settlement(), () -> log);
    } catch (IllegalArgumentException e) {
      throw new QueueException(String.valueOf(e.getMessage()), e);
    }
  }

  private KeyRing keys() throws QueueException {
    List<VerificationKey> keys = new ArrayList<>();
    for (String vkey : logKeys) {
      keys.add(key(vkey));
    }
    return KeyRing.of(keys);
  }

  /**
   * Returns the Ed25519 key of a vkey.
   *
   * @throws QueueException if it is not one
   */
  public static VerificationKey key(String vkey) throws QueueException {
    try {
      VerifierKey key = VerifierKey.parse(vkey);
      if (key.type() == SignatureType.ED25519 && key.key() instanceof VerificationKey ed25519) {
        return ed25519;
      }
      throw new QueueException(vkey + ": is not a vkey of an Ed25519 key");
    } catch (CheckpointParseException e) {
      throw new QueueException(e.getMessage(), e);
    }
  }
}
