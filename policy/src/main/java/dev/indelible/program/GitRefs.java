// SPDX-License-Identifier: Apache-2.0
package dev.indelible.program;

import dev.indelible.value.Origin;
import dev.indelible.value.Value;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * Reads names of branches and tags that a git command deletes or overwrites.
 *
 * <p>Feature branches are routinely deleted once they are merged. So a deletion counts only if
 * others are likely to build on the branch (a main branch, a release, a tag), or if its name is
 * unknown.
 */
final class GitRefs {
  private static final Pattern SHARED =
      Pattern.compile(
          "(?:refs/tags/.*"
              + "|(?:refs/heads/)?(?:main|master|trunk|develop|dev|head|gh-pages|stable|next|staging"
              + "|prod(?:uction)?|v?[0-9][0-9a-z.]*"
              + "|(?:release|releases|stable|hotfix-release|support|prod|production)"
              + "(?:[-/_].*)?))");

  private GitRefs() {}

  /** Reads a refspec of {@code git push}: {@code +x} overwrites, {@code :x} deletes. */
  static void refspec(Value argument, Template template, Scan scan) {
    String text = argument.prefix();
    if (text.startsWith("+")) {
      scan.uses().add(Role.REWRITES_HISTORY, "forced push");
    } else if (text.startsWith(":") && argument.size() > 1) {
      deletedRef(argument.from(1), template, scan);
    }
  }

  /** Reads {@code revision:path}, a path, or a revision; git prints the file or its changes. */
  static void revisionPath(Value argument, Template template, Scan scan) {
    List<Value> parts = Values.split(argument, ':');
    Value path = parts.get(parts.size() - 1);
    boolean isRange = parts.size() == 1 && path.prefix().contains("..");
    if (!isRange && !path.pieces().isEmpty()) {
      scan.uses().add(Role.READS, path);
    }
  }

  /** Reads the one operand of {@code git checkout}: no branch has a name like {@code ./x}. */
  static void pathNotRef(Value argument, Template template, Scan scan) {
    String text = argument.prefix();
    if (text.startsWith(".") || text.startsWith("/")) {
      scan.uses().add(Role.WRITES, argument);
    }
  }

  /** Reads a branch or tag that is deleted on another machine. */
  static void deletedRef(Value argument, Template template, Scan scan) {
    if (isShared(argument)) {
      scan.uses().add(Role.REWRITES_HISTORY, "deletes a remote branch");
    }
  }

  /** Reads a branch that is deleted even if its commits are on no other branch. */
  static void deletedBranch(Value argument, Template template, Scan scan) {
    if (isShared(argument) && (Values.isKnown(argument) || !isOneVariable(argument))) {
      scan.uses().add(Role.REWRITES_HISTORY, "deletes an unmerged branch");
    }
  }

  /** Reads a branch that is deleted; with {@code -f} even if it is not merged. */
  static void forcedDeletion(Value argument, Template template, Scan scan) {
    if (scan.has("-f")) {
      deletedBranch(argument, template, scan);
    }
  }

  /**
   * Reads a tag that is deleted; only a computed list of tags counts, because one tag is easily set
   * again.
   */
  static void deletedTag(Value argument, Template template, Scan scan) {
    if (!Values.isKnown(argument) && !isOneVariable(argument)) {
      scan.uses().add(Role.REWRITES_HISTORY, "deletes tags");
    }
  }

  /**
   * Returns true if a name is one branch or tag whose unknown parts are variables that the script
   * does not set.
   */
  private static boolean isOneVariable(Value ref) {
    return ref.pieces().stream()
        .allMatch(
            piece ->
                piece instanceof Value.Known
                    || piece instanceof Value.Unknown unknown
                        && unknown.origin() == Origin.VARIABLE);
  }

  /** Reads revisions that are removed; a set of them counts, a single known one does not. */
  static void revisions(Value argument, Template template, Scan scan) {
    String text = argument.prefix();
    boolean isSet = text.contains("(") || text.contains("..") || text.contains("::");
    if (!Values.isKnown(argument) || isSet) {
      scan.uses().add(Role.REWRITES_HISTORY, "removes commits");
    }
  }

  private static boolean isShared(Value ref) {
    return !Values.isKnown(ref) || SHARED.matcher(ref.prefix().toLowerCase(Locale.ROOT)).matches();
  }
}
