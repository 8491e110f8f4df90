// SPDX-License-Identifier: Apache-2.0
package dev.indelible.directory;

import dev.indelible.base.DurableFiles;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;

/**
 * The file {@code last-policy}: the digest of the policy that was admitted last while a ledger
 * outside of the directory could be read. While that ledger cannot be read, another host may have
 * recorded an operator's key in it, so only this policy is admitted without a signature.
 *
 * @param path the file
 */
public record LastPolicyFile(Path path) {
  /** More bytes than a digest needs. */
  private static final int MOST_BYTES = 1_000;

  /** Returns true if the file names a policy. */
  public boolean names(String digest) {
    try {
      return Files.size(path) <= MOST_BYTES && Files.readString(path).equals(digest + "\n");
    } catch (IOException e) {
      // Without the file, no policy is known to be admitted.
      return false;
    }
  }

  /** Names a policy, durably. Does nothing if the file names it. */
  public void write(String digest) throws IOException {
    if (!names(digest)) {
      DurableFiles.replace(
          path,
          path.resolveSibling(".new-last-policy-" + UUID.randomUUID()),
          (digest + "\n").getBytes(StandardCharsets.UTF_8));
    }
  }
}
