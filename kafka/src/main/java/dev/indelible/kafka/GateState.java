// SPDX-License-Identifier: Apache-2.0
package dev.indelible.kafka;

import dev.indelible.base.DurableFiles;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The state of a gate's journal: the position up to which its events are settled, and the numbers
 * of the last settled events. A file of one journal, replaced after each batch, so that the next
 * process continues both.
 *
 * @param position the position in the journal
 * @param run the run whose numbers these are. Another number of partitions or another shard key
 *     begins another run, because the numbers of the events change with it
 * @param tenant the shard key of all events; empty if each agent id is a shard key
 * @param numbers the number of the last settled event of each partition
 */
record GateState(long position, UUID run, String tenant, List<Long> numbers) {
  private static final String UUID_FORM = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}";
  private static final Pattern TEXT =
      Pattern.compile(
          "indelible gate 1\nposition (\\d{1,18})\nrun (%s)\ntenant (.*)\nnumbers((?: \\d{1,18})+)\n"
              .formatted(UUID_FORM));

  GateState {
    numbers = List.copyOf(numbers);
  }

  /** Returns the state of a new run, which continues at a position. */
  static GateState begin(long position, String tenant, int partitions) {
    return new GateState(position, UUID.randomUUID(), tenant, Collections.nCopies(partitions, 0L));
  }

  /** Returns this state, or a new run if the partitions or the shard key differ. */
  GateState with(String key, int partitions) {
    return key.equals(tenant) && numbers.size() == partitions
        ? this
        : begin(position, key, partitions);
  }

  /**
   * Reads the state of a journal; a new run from position 0 if it has none.
   *
   * @throws IOException if the file cannot be read, or is damaged
   */
  static GateState read(Path directory, UUID journal) throws IOException {
    Path file = file(directory, journal);
    String text;
    try {
      text = Files.readString(file, StandardCharsets.UTF_8);
    } catch (NoSuchFileException e) {
      return begin(0, "", 1);
    }
    Matcher parts = TEXT.matcher(text);
    if (!parts.matches()) {
      throw new IOException(
          file
              + ": is damaged; restore it, or remove it: then all events of the journal are sent"
              + " again, and the log recognises those that it has");
    }
    List<Long> numbers = new ArrayList<>();
    for (String number : parts.group(4).strip().split(" ")) {
      numbers.add(Long.parseLong(number));
    }
    return new GateState(
        Long.parseLong(parts.group(1)), UUID.fromString(parts.group(2)), parts.group(3), numbers);
  }

  /** Returns the journals that have a state. */
  static List<UUID> journals(Path directory) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> name.matches(UUID_FORM))
          .map(UUID::fromString)
          .toList();
    }
  }

  /** Replaces the file of a journal, durably. */
  void write(Path directory, UUID journal) throws IOException {
    Path file = file(directory, journal);
    String text =
        "indelible gate 1\nposition %s\nrun %s\ntenant %s\nnumbers %s\n"
            .formatted(
                position,
                run,
                tenant,
                numbers.stream().map(String::valueOf).collect(Collectors.joining(" ")));
    DurableFiles.replace(
        file,
        directory.resolve(file.getFileName() + ".new"),
        text.getBytes(StandardCharsets.UTF_8));
  }

  private static Path file(Path directory, UUID journal) {
    return directory.resolve(journal.toString());
  }
}
