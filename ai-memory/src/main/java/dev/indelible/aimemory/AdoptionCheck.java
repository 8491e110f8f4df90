// SPDX-License-Identifier: Apache-2.0
package dev.indelible.aimemory;

import dev.indelible.merkle.CompactRange;
import dev.indelible.merkle.Hash;
import dev.indelible.verify.Finding;
import dev.indelible.verify.Finding.Status;
import dev.indelible.verify.VerificationReport;
import dev.indelible.verify.VerificationReport.Verdict;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/**
 * Checks that a file still holds a chain that a log adopted. Receives every row of the file in
 * order. Accepts rows after the adopted rows, although the adoption does not cover them. Used by
 * one thread.
 */
public final class AdoptionCheck {
  private static final String ADOPTED = "adopted";

  /** The adopted chains, keyed by the sequence number of the row that recorded each. */
  private final NavigableMap<Long, AdoptedChain> adopted;

  /** The sizes of the adopted chains. */
  private final Set<Long> sizes = new HashSet<>();

  /** The root over the rows of the file, at each of those sizes. */
  private final Map<Long, String> roots = new HashMap<>();

  private final CompactRange tree = CompactRange.empty();

  /**
   * Begins a check.
   *
   * @param adopted the chains that the log adopted; see {@link AdoptedChain#allIn}
   */
  public AdoptionCheck(NavigableMap<Long, AdoptedChain> adopted) {
    this.adopted = adopted;
    adopted.values().forEach(chain -> sizes.add(chain.rows()));
  }

  /** Receives the next row of the file. */
  public void row(AiMemoryRow row) {
    tree.append(Hash.ofLeaf(row.canonicalBytes()));
    if (sizes.contains(tree.size())) {
      roots.put(tree.size(), tree.root().hex());
    }
  }

  /**
   * Returns the finding about the file. Called after the last row.
   *
   * @param report the report of {@link AiMemoryVerifier} on the file
   */
  public Finding finding(VerificationReport report) {
    if (adopted.isEmpty()) {
      return new Finding(
          ADOPTED, Status.UNKNOWN, OptionalLong.empty(), "this log has adopted no chain");
    }
    Optional<Map.Entry<Long, AdoptedChain>> found =
        adopted.descendingMap().entrySet().stream()
            .filter(entry -> entry.getValue().root().equals(roots.get(entry.getValue().rows())))
            .findFirst();
    return found.isPresent()
        ? found(found.get().getKey(), found.get().getValue().rows(), report)
        : changed(adopted.lastEntry());
  }

  private Finding found(long sequence, long rows, VerificationReport report) {
    OptionalLong at = OptionalLong.of(sequence);
    if (report.verdict() == Verdict.BROKEN) {
      Finding first = firstBroken(report);
      if (first.sequence().isEmpty() || first.sequence().getAsLong() <= rows) {
        return new Finding(
            ADOPTED,
            Status.BROKEN,
            at,
            "the rows are those adopted, but their chain is broken, %s%s: %s"
                .formatted(first.check(), place(first), first.message()));
      }
    }
    long more = tree.size() - rows;
    return new Finding(
        ADOPTED,
        Status.OK,
        at,
        "%s rows of the file are unchanged since this row adopted them, including the last%s"
            .formatted(
                rows, more == 0 ? "" : "; %s rows after them are not covered".formatted(more)));
  }

  private Finding changed(Map.Entry<Long, AdoptedChain> last) {
    AdoptedChain chain = last.getValue();
    String what =
        tree.size() < chain.rows()
            ? "this row adopted %s rows, and the file has %s".formatted(chain.rows(), tree.size())
            : "this row adopted %s rows with root %s, but the rows of the file have another root"
                .formatted(chain.rows(), chain.root());
    return new Finding(ADOPTED, Status.BROKEN, OptionalLong.of(last.getKey()), what);
  }

  /**
   * Returns the broken finding about the whole file, or, if there is none, the broken finding at
   * the lowest row.
   */
  private static Finding firstBroken(VerificationReport report) {
    return report.findings().stream()
        .filter(each -> each.status() == Status.BROKEN)
        .min(Comparator.comparingLong(AdoptionCheck::sequence))
        .orElseThrow();
  }

  private static long sequence(Finding finding) {
    return finding.sequence().orElse(Long.MIN_VALUE);
  }

  private static String place(Finding finding) {
    return finding.sequence().isPresent() ? " at row " + finding.sequence().getAsLong() : "";
  }
}
