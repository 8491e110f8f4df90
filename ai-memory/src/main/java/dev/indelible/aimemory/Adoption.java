// SPDX-License-Identifier: Apache-2.0
package dev.indelible.aimemory;

import dev.indelible.aimemory.AdoptionException.Reason;
import dev.indelible.crypto.KeyRing;
import dev.indelible.ledger.LedgerException;
import dev.indelible.verify.VerificationReport;
import dev.indelible.verify.VerificationReport.Verdict;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Locale;
import java.util.function.Consumer;

/**
 * Examines an ai-memory file before adoption. The file must verify, and no process may be writing
 * to it.
 */
public final class Adoption {
  private Adoption() {}

  /**
   * Returns the chain of a file, ready to be recorded.
   *
   * @param keys the known public keys of the daemon that signed rows
   * @param each receives every row after its verification
   * @throws AdoptionException if the chain cannot be adopted
   * @throws LedgerException if the file is not an ai-memory file
   */
  public static AdoptedChain examine(Path file, KeyRing keys, Consumer<AiMemoryRow> each)
      throws AdoptionException, LedgerException, IOException {
    requireUnused(file);
    String digest = Files.isRegularFile(file) ? digest(file) : "";
    AiMemoryVerifier verifier = AiMemoryVerifier.verify(file, keys, each);
    VerificationReport report = verifier.report();
    if (report.verdict() == Verdict.BROKEN) {
      throw new AdoptionException(
          Reason.BROKEN, file + ": the chain is broken, and was not adopted", report);
    }
    if (verifier.hasLaterRows()) {
      throw new AdoptionException(
          Reason.UNKNOWN,
          file
              + ": the chain is unknown, because a later version of ai-memory wrote rows of it; it was not adopted",
          report);
    }
    if (!verifier.isUnambiguous()) {
      throw new AdoptionException(
          Reason.BROKEN,
          file + ": two different rows can have equal hashes; the chain was not adopted",
          report);
    }
    if (verifier.rows() == 0) {
      throw new AdoptionException(
          Reason.UNUSABLE, file + ": has no rows, so there is nothing to adopt", null);
    }
    requireUnused(file);
    if (!digest.equals(digest(file))) {
      throw new AdoptionException(
          Reason.UNUSABLE, file + ": changed while it was read; stop its writer first", null);
    }
    return new AdoptedChain(
        AiMemoryVerifier.FORMAT,
        verifier.rows(),
        verifier.head().hex(),
        verifier.root().hex(),
        digest,
        report.verdict().name().toLowerCase(Locale.ROOT));
  }

  private static void requireUnused(Path file) throws AdoptionException, LedgerException {
    if (AiMemoryFile.isInUse(file)) {
      throw new AdoptionException(
          Reason.UNUSABLE,
          file
              + ": its -wal or -journal file contains a part of the database; stop its writer, then run: sqlite3 FILE 'PRAGMA wal_checkpoint(TRUNCATE)'",
          null);
    }
  }

  private static String digest(Path file) throws IOException {
    MessageDigest digest;
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java has SHA-256", e);
    }
    try (InputStream in = new DigestInputStream(Files.newInputStream(file), digest)) {
      in.transferTo(OutputStream.nullOutputStream());
    }
    return HexFormat.of().formatHex(digest.digest());
  }
}
