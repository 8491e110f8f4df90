// SPDX-License-Identifier: Apache-2.0
package dev.indelible;

import static com.tngtech.archunit.core.domain.JavaModifier.PUBLIC;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.properties.HasName;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.io.IOException;
import java.io.InputStream;
import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleDescriptor.Exports;
import java.net.URL;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Data moves one way, and packages depend only in the direction of the flow. */
@Tag("any-jdk")
class PackageDirectionTest {
  private static final String ROOT = "dev.indelible.";

  /** The package {@code dev.indelible} itself. */
  private static final String LIBRARY = "library";

  /** The packages for recording events, which ledgers and the library use. */
  private static final Set<String> RECORD =
      Set.of(
          "storage",
          "note",
          "ledger",
          "drain",
          "queue",
          "pending",
          "monitor",
          "health",
          "event",
          "encoding",
          "checkpoint",
          "merkle",
          "crypto",
          "json");

  private static final Set<String> DIRECTORY_USES =
      union(
          RECORD,
          Set.of("policy", "sqlite", "append", "journal", "publish", "check", "verify", "tlog"));

  private static final Set<String> LIBRARY_USES =
      union(DIRECTORY_USES, Set.of("directory", "gate", "proof", "action", "decision"));

  /** The packages that each package may use, beside {@code base}, which all may use. */
  private static final Map<String, Set<String>> MAY_USE =
      Map.ofEntries(
          Map.entry("base", Set.of()),
          Map.entry("json", Set.of()),
          Map.entry("crypto", Set.of()),
          Map.entry("encoding", Set.of("crypto")),
          Map.entry("action", Set.of("json")),
          Map.entry("decision", Set.of("json")),
          Map.entry("event", Set.of("action", "decision", "encoding", "json", "crypto")),
          Map.entry("health", Set.of("json")),
          Map.entry("pending", Set.of("event")),
          Map.entry(
              "monitor", Set.of("pending", "health", "event", "decision", "encoding", "json")),
          Map.entry("queue", Set.of("monitor", "pending", "health", "event", "action", "decision")),
          Map.entry(
              "journal",
              Set.of("queue", "monitor", "pending", "health", "event", "encoding", "json")),
          Map.entry("drain", Set.of("queue", "monitor", "pending", "health", "event")),
          Map.entry("merkle", Set.of("crypto")),
          Map.entry("checkpoint", Set.of("merkle", "crypto")),
          Map.entry("receipt", Set.of("checkpoint", "merkle", "crypto")),
          Map.entry("witness", Set.of("checkpoint", "merkle", "crypto")),
          Map.entry("ledger", Set.of("event", "action", "encoding", "json", "crypto")),
          Map.entry("storage", Set.of("ledger", "merkle", "crypto")),
          Map.entry(
              "note",
              Set.of(
                  "monitor",
                  "storage",
                  "ledger",
                  "checkpoint",
                  "merkle",
                  "event",
                  "encoding",
                  "json",
                  "crypto")),
          Map.entry("verify", Set.of("ledger", "note", "checkpoint", "crypto", "json")),
          Map.entry(
              "check",
              Set.of(
                  "verify",
                  "storage",
                  "note",
                  "ledger",
                  "checkpoint",
                  "merkle",
                  "crypto",
                  "json",
                  "monitor",
                  "encoding",
                  "event")),
          Map.entry("tlog", Set.of("checkpoint", "merkle")),
          Map.entry(
              "publish",
              Set.of(
                  "tlog",
                  "witness",
                  "storage",
                  "note",
                  "ledger",
                  "checkpoint",
                  "merkle",
                  "encoding",
                  "crypto",
                  "json",
                  "monitor",
                  "health")),
          Map.entry(
              "proof",
              Set.of(
                  "publish",
                  "receipt",
                  "note",
                  "ledger",
                  "checkpoint",
                  "merkle",
                  "crypto",
                  "json")),
          Map.entry("append", RECORD),
          Map.entry("sqlite", union(RECORD, Set.of("append"))),
          Map.entry("postgres", RECORD),
          Map.entry("kafka", union(RECORD, Set.of("append"))),
          Map.entry("shell", Set.of()),
          Map.entry("value", Set.of()),
          Map.entry("program", Set.of("value")),
          Map.entry("command", Set.of("program", "shell", "value")),
          Map.entry("expression", Set.of()),
          Map.entry("redaction", Set.of("action", "decision", "event", "json")),
          Map.entry("canonical", Set.of("value")),
          Map.entry("fact", Set.of("canonical", "command", "program", "value", "action", "json")),
          Map.entry(
              "policy",
              Set.of(
                  "action",
                  "canonical",
                  "checkpoint",
                  "decision",
                  "event",
                  "expression",
                  "json",
                  "fact",
                  "crypto",
                  "redaction",
                  "value")),
          Map.entry("cel", Set.of("expression")),
          Map.entry(
              "gate", Set.of("policy", "queue", "event", "encoding", "action", "decision", "json")),
          Map.entry("jdbc", Set.of("gate", "action", "decision", "json")),
          Map.entry(
              "aimemory",
              Set.of(
                  "sqlite",
                  "check",
                  "verify",
                  "storage",
                  "note",
                  "ledger",
                  "merkle",
                  "crypto",
                  "json",
                  "encoding",
                  "event")),
          Map.entry("directory", DIRECTORY_USES),
          Map.entry(LIBRARY, LIBRARY_USES),
          Map.entry("fleet", union(LIBRARY_USES, Set.of(LIBRARY))),
          Map.entry("hook", Set.of("gate", "policy", "action", "decision", "json", "encoding")),
          Map.entry("access", Set.of("event", "encoding", "json", "crypto")),
          Map.entry(
              "mcp",
              Set.of(
                  LIBRARY,
                  "hook",
                  "gate",
                  "policy",
                  "queue",
                  "monitor",
                  "proof",
                  "verify",
                  "checkpoint",
                  "ledger",
                  "event",
                  "health",
                  "encoding",
                  "crypto",
                  "action",
                  "decision",
                  "json")),
          Map.entry(
              "server",
              Set.of(
                  LIBRARY,
                  "mcp",
                  "access",
                  "hook",
                  "gate",
                  "policy",
                  "queue",
                  "monitor",
                  "proof",
                  "verify",
                  "ledger",
                  "note",
                  "checkpoint",
                  "crypto",
                  "encoding",
                  "event",
                  "health",
                  "action",
                  "decision",
                  "json")),
          Map.entry(
              "cli",
              union(
                  LIBRARY_USES,
                  Set.of(
                      LIBRARY,
                      "fleet",
                      "kafka",
                      "aimemory",
                      "receipt",
                      "witness",
                      "jdbc",
                      "hook",
                      "mcp",
                      "access",
                      "server"))));

  /**
   * The packages of third parties and of the JDK, each with the packages that may use it. An empty
   * set permits every package.
   */
  private static final Map<String, Set<String>> THIRD_PARTIES =
      Map.ofEntries(
          Map.entry("org.slf4j", Set.of()),
          Map.entry("org.jspecify", Set.of()),
          Map.entry("org.bouncycastle", Set.of("crypto")),
          // The JDK's own server, and its own socket options.
          Map.entry("com.sun.net.httpserver", Set.of("witness")),
          Map.entry("jdk.net", Set.of("mcp", "server")),
          Map.entry("java.sql", Set.of("sqlite", "postgres", "jdbc", "aimemory", "cli")),
          Map.entry("javax.sql", Set.of("jdbc")),
          Map.entry("org.sqlite", Set.of("sqlite", "aimemory")),
          Map.entry("org.postgresql", Set.of("postgres")),
          Map.entry("org.snakeyaml", Set.of("policy", "program", "fact", "server")),
          Map.entry("org.eclipse.jetty", Set.of("server")),
          Map.entry("dev.cel", Set.of("cel")),
          Map.entry("com.google.common", Set.of("cel")),
          Map.entry("com.google.re2j", Set.of("cel", "redaction")),
          Map.entry("net.ttddyy.dsproxy", Set.of("jdbc")),
          Map.entry("com.zaxxer.hikari", Set.of("jdbc")),
          Map.entry("io.micrometer", Set.of(LIBRARY, "server")),
          Map.entry("org.apache.kafka", Set.of("kafka")),
          Map.entry("picocli", Set.of("cli")),
          Map.entry("com.github.difflib", Set.of("cli")),
          Map.entry(
              "tools.jackson",
              Set.of(
                  "access",
                  "action",
                  "decision",
                  "event",
                  "fact",
                  "json",
                  "ledger",
                  "note",
                  "monitor",
                  "check",
                  "proof",
                  "publish",
                  "policy",
                  "redaction",
                  "cel",
                  "jdbc",
                  "hook",
                  "mcp",
                  "server",
                  "cli")));

  /**
   * The maximum number of exported public types; raise it only for a reason. The types added last
   * are {@code EventQuery}, which contains the types of its results, {@code Redactor}, without
   * which a gate of its own cannot be configured, {@code Redaction}, which an event lists, and the
   * four of approvals: requests and answers, their exception, the subject that both name, and the
   * store from which a gate claims them. The three for a ledger on a server: its location, {@code
   * PostgresLedger}, and the provider that a service loader needs.
   */
  private static final long MOST_EXPORTED_TYPES = 82;

  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .withImportOption(location -> !location.contains("-tests.jar"))
          .importPackages("dev.indelible")
          .that(
              DescribedPredicate.not(
                  JavaClass.Predicates.resideInAPackage("dev.indelible.testkit")));

  @Test
  void packagesDependOnlyInTheDirectionOfTheFlow() {
    Set<String> wrong = new TreeSet<>();
    for (JavaClass from : CLASSES) {
      for (Dependency dependency : from.getDirectDependenciesFromSelf()) {
        String source = packageOf(from);
        String target = packageOf(dependency.getTargetClass());
        if (!target.isEmpty()
            && !target.equals(source)
            && !target.equals("base")
            && !MAY_USE.getOrDefault(source, Set.of()).contains(target)) {
          wrong.add(source + " -> " + target + ": " + dependency.getDescription());
        }
      }
    }
    assertThat(wrong).isEmpty();
  }

  @Test
  void everyPackageIsListed() {
    Set<String> packages = new TreeSet<>();
    CLASSES.forEach(each -> packages.add(packageOf(each)));
    assertThat(packages).isEqualTo(new TreeSet<>(MAY_USE.keySet()));
  }

  /** The modules export few types; {@code transparency} has its own users and is exempt. */
  @Test
  void exportedTypesAreFew() throws IOException {
    Map<String, Long> exported = new TreeMap<>();
    for (URL descriptor : Collections.list(classLoader().getResources("module-info.class"))) {
      for (Exports exports : exportsOf(descriptor)) {
        exported.put(exports.source(), publicTypes(exports.source()));
      }
    }
    assertThat(exported.values().stream().mapToLong(Long::longValue).sum())
        .as("public types of the packages that are exported to everyone: %s", exported)
        .isLessThanOrEqualTo(MOST_EXPORTED_TYPES);
  }

  private static List<Exports> exportsOf(URL descriptor) throws IOException {
    try (InputStream in = descriptor.openStream()) {
      ModuleDescriptor module = ModuleDescriptor.read(in);
      return module.name().startsWith("dev.indelible")
              && !module.name().equals("dev.indelible.transparency")
          ? module.exports().stream().filter(exports -> !exports.isQualified()).toList()
          : List.of();
    }
  }

  private static long publicTypes(String packageName) {
    return CLASSES.stream()
        .filter(type -> type.getPackageName().equals(packageName))
        .filter(type -> type.isTopLevelClass() && type.getModifiers().contains(PUBLIC))
        .count();
  }

  private static ClassLoader classLoader() {
    return PackageDirectionTest.class.getClassLoader();
  }

  @Test
  void thereAreNoCycles() {
    slices().matching(ROOT + "(*)..").should().beFreeOfCycles().check(CLASSES);
  }

  @Test
  void onlyTheNamedThirdPartiesAreUsed() {
    Set<String> wrong = new TreeSet<>();
    for (JavaClass from : CLASSES) {
      for (Dependency dependency : from.getDirectDependenciesFromSelf()) {
        String target = dependency.getTargetClass().getBaseComponentType().getPackageName();
        if (!target.isEmpty() && !mayUse(packageOf(from), target + ".")) {
          wrong.add(dependency.getDescription());
        }
      }
    }
    assertThat(wrong).isEmpty();
  }

  private static boolean mayUse(String user, String target) {
    Optional<Set<String>> users =
        THIRD_PARTIES.entrySet().stream()
            .filter(party -> target.startsWith(party.getKey() + "."))
            .map(Map.Entry::getValue)
            .findFirst();
    return users.isPresent()
        ? users.get().isEmpty() || users.get().contains(user)
        : target.startsWith("java.") || target.startsWith("javax.") || target.startsWith(ROOT);
  }

  /** Micrometer is optional: only its binder uses it, and only the daemon uses the binder. */
  @Test
  void onlyTheBinderUsesMicrometer() {
    DescribedPredicate<JavaClass> binder =
        JavaClass.Predicates.belongTo(
            HasName.Predicates.name("dev.indelible.IndelibleMeters").forSubtype());
    noClasses()
        .that(
            DescribedPredicate.not(
                binder.or(JavaClass.Predicates.resideInAPackage("dev.indelible.server"))))
        .should()
        .dependOnClassesThat(binder.or(JavaClass.Predicates.resideInAPackage("io.micrometer..")))
        .check(CLASSES);
  }

  /** Anyone can verify offline, without a private key. */
  @Test
  void verifierUsesNoPrivateKey() {
    noClasses()
        .that()
        .resideInAnyPackage("dev.indelible.verify..", "dev.indelible.check..")
        .should()
        .dependOnClassesThat()
        .haveSimpleName("SigningKey")
        .check(CLASSES);
  }

  private static Set<String> union(Set<String> one, Set<String> other) {
    Set<String> all = new TreeSet<>(one);
    all.addAll(other);
    return all;
  }

  /** Returns the name of a class's package below the root; empty for a class of a third party. */
  private static String packageOf(JavaClass type) {
    String name = type.getBaseComponentType().getPackageName();
    if (name.equals("dev.indelible")) {
      return LIBRARY;
    }
    return name.startsWith(ROOT) ? name.substring(ROOT.length()).split("\\.")[0] : "";
  }
}
