// SPDX-License-Identifier: Apache-2.0
package dev.indelible.directory;

import dev.indelible.base.DurableFiles;
import dev.indelible.note.OperatorHistory.Admitted;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * The file {@code last-policy}: the digest of the policy that was admitted last while a ledger
 * outside of the directory could be read. While that ledger cannot be read, another host may have
 * recorded an operator's key in it, so only this policy is admitted without a signature. If the log
 * has an operator's key, the file also has the policy's number, and no policy with a lower number
 * is admitted.
 *
 * @param path the file
 */
public record LastPolicyFile(Path path) {
  /** More bytes than a digest needs. */
  private static final int MOST_BYTES = 1_000;

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

  /** Returns the policy, if the file has its number. */
  public Optional<Admitted> admitted() {
    try {
      return lines()
          .filter(found -> found.size() == 2)
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

  /** Names a policy that the operator admitted, durably. */
  public void write(Admitted policy) throws IOException {
    write(List.of(policy.digest(), Long.toString(policy.number())));
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
