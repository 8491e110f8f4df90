// SPDX-License-Identifier: Apache-2.0
package dev.indelible;

import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** DESIGN section 1: data moves one way, and packages depend only in the direction of the flow. */
@Tag("any-jdk")
class PackageDirectionTest {
  private static final String ROOT = "dev.indelible.";

  /** What each package may use of the others; a package that is not here has no place yet. */
  private static final Map<String, Set<String>> MAY_USE =
      Map.ofEntries(
          Map.entry("json", Set.of()),
          Map.entry("crypto", Set.of()),
          Map.entry("action", Set.of("json")),
          Map.entry("decision", Set.of("json")),
          Map.entry("event", Set.of("action", "decision", "json", "crypto")),
          Map.entry("health", Set.of()),
          Map.entry("queue", Set.of("event", "action", "decision", "health")),
          Map.entry("journal", Set.of("queue", "event", "json", "health")),
          Map.entry("drain", Set.of("queue", "event", "health")),
          Map.entry("merkle", Set.of("crypto")),
          Map.entry("checkpoint", Set.of("merkle", "crypto")),
          Map.entry("receipt", Set.of("checkpoint", "merkle", "crypto")),
          Map.entry("witness", Set.of("checkpoint", "merkle", "crypto")),
          Map.entry("ledger", Set.of("merkle", "event", "json", "crypto")),
          Map.entry(
              "append",
              Set.of(
                  "ledger",
                  "drain",
                  "queue",
                  "event",
                  "health",
                  "checkpoint",
                  "merkle",
                  "crypto",
                  "json")),
          Map.entry("verify", Set.of("ledger", "checkpoint", "merkle", "crypto", "json", "event")),
          Map.entry("tlog", Set.of("checkpoint", "merkle")),
          Map.entry(
              "publish",
              Set.of(
                  "tlog",
                  "receipt",
                  "witness",
                  "verify",
                  "ledger",
                  "checkpoint",
                  "merkle",
                  "crypto",
                  "health",
                  "json")));

  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages("dev.indelible")
          .that(
              DescribedPredicate.not(
                  JavaClass.Predicates.resideInAPackage("dev.indelible.testkit")));

  @Test
  void packagesDependOnlyInTheDirectionOfTheFlow() {
    Set<String> wrong = new TreeSet<>();
    for (JavaClass from : CLASSES) {
      for (Dependency dependency : from.getDirectDependenciesFromSelf()) {
        String source = room(from);
        String target = room(dependency.getTargetClass());
        if (!target.isEmpty()
            && !target.equals(source)
            && !MAY_USE.getOrDefault(source, Set.of()).contains(target)) {
          wrong.add(source + " -> " + target + ": " + dependency.getDescription());
        }
      }
    }
    assertThat(wrong).isEmpty();
  }

  @Test
  void everyPackageHasItsPlace() {
    Set<String> rooms = new TreeSet<>();
    CLASSES.forEach(each -> rooms.add(room(each)));
    assertThat(rooms).isEqualTo(new TreeSet<>(MAY_USE.keySet()));
  }

  @Test
  void thereAreNoCycles() {
    slices().matching(ROOT + "(*)..").should().beFreeOfCycles().check(CLASSES);
  }

  /** Section 2: what the record side may use of third parties. */
  @Test
  void onlyTheNamedThirdPartiesAreUsed() {
    Set<String> wrong = new TreeSet<>();
    for (JavaClass from : CLASSES) {
      for (Dependency dependency : from.getDirectDependenciesFromSelf()) {
        String target = dependency.getTargetClass().getBaseComponentType().getPackageName();
        if (Set.of(
                    "dev.indelible",
                    "java",
                    "javax",
                    // The JDK's own server, in its module jdk.httpserver: a witness stays tiny.
                    "com.sun.net.httpserver",
                    "org.slf4j",
                    "tools.jackson")
                .stream()
                .noneMatch(
                    allowed ->
                        target.isEmpty()
                            || target.startsWith(allowed + ".")
                            || target.equals(allowed))
            && !room(from).equals("testkit")
            && !target.startsWith("org.bouncycastle.")
            && !target.startsWith("org.jspecify.")) {
          wrong.add(dependency.getDescription());
        }
      }
    }
    assertThat(wrong).isEmpty();
  }

  /** The package below the root that a class is in; empty for one of someone else's. */
  private static String room(JavaClass type) {
    String name = type.getBaseComponentType().getPackageName();
    if (!name.startsWith(ROOT)) {
      return "";
    }
    return name.substring(ROOT.length()).split("\\.")[0];
  }
}
