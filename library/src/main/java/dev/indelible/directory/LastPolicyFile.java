// SPDX-License-Identifier: Apache-2.0
package dev.indelible.directory;

import dev.indelible.base.DurableFiles;
import dev.indelible.base.ExclusiveLock;
import dev.indelible.note.OperatorHistory;
import dev.indelible.note.OperatorHistory.Admitted;
import dev.indelible.note.OperatorHistory.Operator;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.locks.LockSupport;

/**
 * The file {@code last-policy}: the policy that this host admitted last, or with an operator's key
 * the one with the highest number, for a ledger outside of the directory.
 *
 * <p>Without an operator's key the file has the policy's digest. While the ledger cannot be read,
 * another host may have recorded an operator's key in it, so only this policy is then admitted
 * without a signature. With an operator's key the file also has the policy's number and the log's
 * origin, one on each line. No policy with a lower number is admitted, also if the ledger lost the
 * policy, and the number never falls.
 *
 * @param path the file
 */
public record LastPolicyFile(Path path) {
  /** More bytes than a policy needs. */
  private static final int MOST_BYTES = 2_000;

  /** The longest wait for another process, which replaces the file in a few milliseconds. */
  private static final Duration PATIENCE = Duration.ofSeconds(1);

  private static final Duration POLL_INTERVAL = Duration.ofMillis(1);

  private Optional<List<String>> lines() {
    try {
      return Files.size(path) <= MOST_BYTES
          ? Optional.of(Files.readAllLines(path))
          : Optional.empty();
    } catch (IOException e) {
      // Without the file, no policy is known to be admitted.
      return Optional.empty();
    }
  }

  /** Returns true if the file names a policy. */
  public boolean names(String digest) {
    return lines().filter(found -> !found.isEmpty() && found.get(0).equals(digest)).isPresent();
  }

  /** Returns the policy, if the file has its number and is about a log; older files name no log. */
  private Optional<Admitted> admitted(String origin) {
    try {
      return lines()
          .filter(found -> found.size() == 2 || found.size() == 3 && found.get(2).equals(origin))
          .map(
              found ->
                  new Admitted(
                      Long.parseLong(found.get(1)), found.get(0), Optional.empty(), false));
    } catch (NumberFormatException e) {
      return Optional.empty();
    }
  }

  /** Names a policy of a log without an operator's key, durably. */
  public void write(String digest) throws IOException {
    write(List.of(digest));
  }

  /** Raises the history of a log to the policy of this file, if that has a higher number. */
  public void addTo(OperatorHistory history) {
    history.operator().map(Operator::origin).flatMap(this::admitted).ifPresent(history::raise);
  }

  /**
   * Raises the history of a log, or this file, to the higher number of the two, the file durably.
   * If the file cannot be written, the process that called this does not go back, but the next one
   * may.
   */
  public void raise(OperatorHistory history) {
    addTo(history);
    if (history.newest().isPresent() && !lines().equals(Optional.of(content(history)))) {
      try {
        replace(history);
      } catch (IOException e) {
        // The policy in force does not depend on a disk that is full.
      }
    }
  }

  private void replace(OperatorHistory history) throws IOException {
    ExclusiveLock lock = lock();
    try {
      // Another process may have raised it since.
      addTo(history);
      write(content(history));
    } finally {
      lock.close();
    }
  }

  private static List<String> content(OperatorHistory history) {
    Admitted newest = history.newest().orElseThrow();
    return List.of(
        newest.digest(), Long.toString(newest.number()), history.operator().orElseThrow().origin());
  }

  private ExclusiveLock lock() throws IOException {
    long start = System.nanoTime();
    do {
      Optional<ExclusiveLock> lock =
          ExclusiveLock.tryLock(path.resolveSibling(".last-policy.lock"));
      if (lock.isPresent()) {
        return lock.get();
      }
      LockSupport.parkNanos(POLL_INTERVAL.toNanos());
    } while (System.nanoTime() - start < PATIENCE.toNanos());
    throw new IOException(path + ": another process is writing it");
  }

  /** Replaces the file, unless it has this content. */
  private void write(List<String> content) throws IOException {
    if (!lines().equals(Optional.of(content))) {
      DurableFiles.replace(
          path,
          path.resolveSibling(".new-last-policy-" + UUID.randomUUID()),
          (String.join("\n", content) + "\n").getBytes(StandardCharsets.UTF_8));
    }
  }
}
