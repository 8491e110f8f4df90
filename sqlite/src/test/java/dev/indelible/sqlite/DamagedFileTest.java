// SPDX-License-Identifier: Apache-2.0
package dev.indelible.sqlite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.indelible.ledger.LedgerException;
import dev.indelible.testkit.Sample;
import dev.indelible.verify.VerificationReport;
import dev.indelible.verify.VerificationReport.Verdict;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A file is damaged below the level of SQL. If any row reads differently than it was written, the
 * verifier never calls the chain intact.
 */
@Tag("any-jdk")
class DamagedFileTest {
  private static final int ROWS = 120;
  private static final long SEED = 20_261_123;

  @TempDir static Path original;
  @TempDir Path directory;

  private static byte[] intact;
  private static List<String> rows;

  @BeforeAll
  static void record() throws Exception {
    TestLog log = TestLog.in(original);
    log.append(TestLog.mixed(ROWS));
    intact = Files.readAllBytes(log.file);
    rows = PlainChain.fingerprint(log.file);
  }

  /** Changes one byte anywhere in the file (promise D11). */
  @Test
  void changedByteIsNeverVerifiedAsIntact() throws Exception {
    Random random = new Random(SEED);
    Map<Verdict, Integer> verdicts = new EnumMap<>(Verdict.class);
    for (int draw = 0; draw < 2_100 / Sample.step(21); draw++) {
      byte[] damaged = intact.clone();
      int offset = random.nextInt(damaged.length);
      damaged[offset] ^= (byte) (1 << random.nextInt(8));
      verdict(damaged, "byte " + offset).ifPresent(v -> verdicts.merge(v, 1, Integer::sum));
    }
    assertThat(verdicts).as("verdicts that occurred").containsKeys(Verdict.INTACT, Verdict.BROKEN);
  }

  /**
   * The first pages hold the header and the schema; the test changes every byte of the header in
   * turn.
   */
  @Test
  void changedHeaderByteIsNeverVerifiedAsIntact() throws Exception {
    for (int offset = 0; offset < 110; offset++) {
      byte[] damaged = intact.clone();
      damaged[offset] ^= 0x41;
      verdict(damaged, "byte " + offset);
    }
  }

  /** Overwrites whole pages, as a failing disk does. */
  @Test
  void overwrittenPageIsNeverVerifiedAsIntact() throws Exception {
    for (int page = 0; page < intact.length / 4096; page++) {
      for (byte junk : new byte[] {0, (byte) 0xff}) {
        byte[] damaged = intact.clone();
        Arrays.fill(damaged, page * 4096, (page + 1) * 4096, junk);
        verdict(damaged, "page " + page + " filled with " + junk);
      }
    }
  }

  /** A truncated file of any length does not verify as the whole chain. */
  @Test
  void truncatedFileIsNeverVerifiedAsWhole() throws Exception {
    for (int length = 0; length < intact.length; length += 1_531) {
      Optional<Verdict> verdict = verdict(Arrays.copyOf(intact, length), "cut to " + length);
      assertThat(verdict).as("cut to %d", length).isNotEqualTo(Optional.of(Verdict.INTACT));
    }
  }

  /** A file that is not a database is reported by name, and not as a damaged ledger. */
  @Test
  void fileThatIsNotADatabaseIsReported() throws Exception {
    Path file = directory.resolve("notes.txt");
    Files.writeString(file, "Dear diary, nothing of this is a database. ".repeat(40));
    assertThatThrownBy(() -> SqliteLedger.open(file))
        .isInstanceOfSatisfying(LedgerException.class, e -> assertThat(e.isDamaged()).isFalse())
        .hasMessageStartingWith(file + ": not an SQLite database");
    assertThat(Files.readString(file)).startsWith("Dear diary").hasSize(43 * 40);
  }

  /** Returns the verdict on a file with these bytes; empty if it cannot be opened as a ledger. */
  private Optional<Verdict> verdict(byte[] bytes, String what) throws Exception {
    Path file = directory.resolve("damaged.db");
    Files.write(file, bytes);
    Files.deleteIfExists(directory.resolve("damaged.db-wal"));
    Files.deleteIfExists(directory.resolve("damaged.db-shm"));
    VerificationReport report;
    try {
      report = new TestLog(file).verify();
    } catch (LedgerException e) {
      assertThat(e.getMessage()).as(what).startsWith(file + ": ");
      return Optional.empty();
    }
    if (report.verdict() == Verdict.INTACT) {
      assertThat(readable(file)).as(what).contains(rows);
    }
    return Optional.of(report.verdict());
  }

  private static Optional<List<String>> readable(Path file) {
    try {
      return Optional.of(PlainChain.fingerprint(file));
    } catch (SQLException e) {
      return Optional.empty();
    }
  }
}
