// SPDX-License-Identifier: Apache-2.0
package dev.indelible.directory;

import dev.indelible.base.DurableFiles;
import dev.indelible.base.ExclusiveLock;
import dev.indelible.crypto.KeyException;
import dev.indelible.note.OperatorHistory;
import dev.indelible.note.OperatorHistory.Admitted;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
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

  /**
   * Returns the lines of the file; empty if there is none.
   *
   * @throws KeyException if it cannot be read, or is damaged: its number must not be lost
   */
  private Optional<List<String>> lines() throws KeyException {
    List<String> lines;
    try {
      if (Files.size(path) > MOST_BYTES) {
        throw unusable("it has more than %s bytes".formatted(MOST_BYTES));
      }
      lines = Files.readAllLines(path);
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException e) {
      throw unusable(DurableFiles.reason(e));
    }
    if (lines.isEmpty() || lines.size() > 3 || lines.size() > 1 && !isNumber(lines.get(1))) {
      throw unusable("it does not have a digest, a number and an origin");
    }
    return Optional.of(lines);
  }

  private static boolean isNumber(String text) {
    try {
      return Long.parseLong(text) >= 0;
    } catch (NumberFormatException e) {
      return false;
    }
  }

  private KeyException unusable(String reason) {
    return new KeyException(
        "%s: %s; without it, this host could go back to an earlier policy. Restore the file; if that is not possible, put the operator's newest policy into this directory, and move the file away"
            .formatted(path, reason));
  }

  /**
   * Returns true if the file names a policy.
   *
   * @throws KeyException if the file cannot be read or is damaged
   */
  public boolean names(String digest) throws KeyException {
    return lines().filter(found -> found.get(0).equals(digest)).isPresent();
  }

  /** Returns the policy, if lines have its number and are about a log; older files name no log. */
  private static Optional<Admitted> admitted(Optional<List<String>> lines, String origin) {
    return lines
        .filter(found -> found.size() == 2 || found.size() == 3 && found.get(2).equals(origin))
        .map(
            found ->
                new Admitted(Long.parseLong(found.get(1)), found.get(0), Optional.empty(), false));
  }

  /**
   * Names a policy of a log without an operator's key, durably. A file with a number stays: another
   * process may have read an operator's key meanwhile.
   *
   * @throws KeyException if the file cannot be read or is damaged
   */
  public void write(String digest) throws IOException, KeyException {
    ExclusiveLock lock = lock();
    try {
      Optional<List<String>> before = lines();
      if (before.filter(found -> found.size() > 1).isEmpty()) {
        write(before, List.of(digest));
      }
    } finally {
      lock.close();
    }
  }

  /**
   * Raises the history of a log to the policy of this file, if that has a higher number.
   *
   * @throws KeyException if the file cannot be read or is damaged
   */
  public void addTo(OperatorHistory history) throws KeyException {
    addAndRead(history);
  }

  /** Raises a history as {@link #addTo} does, and returns the lines of the file. */
  private Optional<List<String>> addAndRead(OperatorHistory history) throws KeyException {
    Optional<List<String>> lines = lines();
    history
        .operator()
        .flatMap(operator -> admitted(lines, operator.origin()))
        .ifPresent(history::raise);
    return lines;
  }

  /**
   * Raises the history of a log, or this file, to the higher number of the two, the file durably.
   * If the file cannot be written, the process that called this does not go back, but the next one
   * may.
   *
   * @throws KeyException if the file cannot be read or is damaged; then it is not written
   */
  public void raise(OperatorHistory history) throws KeyException {
    Optional<List<String>> lines = addAndRead(history);
    if (history.newest().isPresent() && !lines.equals(Optional.of(content(history)))) {
      try {
        replace(history);
      } catch (IOException e) {
        // The policy in force does not depend on a disk that is full.
      }
    }
  }

  private void replace(OperatorHistory history) throws IOException, KeyException {
    ExclusiveLock lock = lock();
    try {
      // Another process may have raised it since.
      Optional<List<String>> before = addAndRead(history);
      write(before, content(history));
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

  /** Replaces the file, unless it has this content already. */
  private void write(Optional<List<String>> before, List<String> content) throws IOException {
    if (!before.equals(Optional.of(content))) {
      DurableFiles.replace(
          path,
          path.resolveSibling(".new-last-policy-" + UUID.randomUUID()),
          (String.join("\n", content) + "\n").getBytes(StandardCharsets.UTF_8));
    }
  }
}
