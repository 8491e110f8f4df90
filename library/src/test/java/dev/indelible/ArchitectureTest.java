// SPDX-License-Identifier: Apache-2.0
package dev.indelible;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.belongTo;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.equivalentTo;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Data moves one way, and the packages depend one way (design, "One way through"). */
@Tag("any-jdk")
class ArchitectureTest {
  private static final String[] CORE = {
    "dev.indelible.action..",
    "dev.indelible.append..",
    "dev.indelible.crypto..",
    "dev.indelible.decision..",
    "dev.indelible.drain..",
    "dev.indelible.event..",
    "dev.indelible.json..",
    "dev.indelible.ledger..",
    "dev.indelible.queue..",
    "dev.indelible.verify.."
  };
  private static final String POLICY = "dev.indelible.policy..";
  private static final String GATE = "dev.indelible.gate..";
  private static final String SQLITE = "dev.indelible.sqlite..";
  private static final String JDBC = "dev.indelible.jdbc..";
  private static final String CLI = "dev.indelible.cli..";
  private static final String FRONT_DOOR = "dev.indelible";

  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages("dev.indelible");

  @Test
  void theRecordSideKnowsNothingOfTheDecideSideNorOfAnyDatabase() {
    noClasses()
        .that()
        .resideInAnyPackage(CORE)
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            POLICY, GATE, SQLITE, JDBC, CLI, FRONT_DOOR, "java.sql..", "javax.sql..")
        .check(CLASSES);
  }

  @Test
  void theRulesKnowNothingOfTheRecord() {
    noClasses()
        .that()
        .resideInAPackage(POLICY)
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            GATE,
            SQLITE,
            JDBC,
            CLI,
            FRONT_DOOR,
            "dev.indelible.queue..",
            "dev.indelible.drain..",
            "dev.indelible.ledger..",
            "dev.indelible.verify..")
        .check(CLASSES);
  }

  @Test
  void theGateHandsToTheQueueAndKnowsNothingBehindIt() {
    noClasses()
        .that()
        .resideInAPackage(GATE)
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            SQLITE,
            JDBC,
            CLI,
            FRONT_DOOR,
            "dev.indelible.drain..",
            "dev.indelible.ledger..",
            "dev.indelible.crypto..",
            "dev.indelible.verify..",
            "java.sql..")
        .check(CLASSES);
  }

  @Test
  void theSqliteLedgerKnowsNothingOfWhoDecided() {
    noClasses()
        .that()
        .resideInAPackage(SQLITE)
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            POLICY,
            GATE,
            JDBC,
            CLI,
            FRONT_DOOR,
            "dev.indelible.action..",
            "dev.indelible.append..",
            "dev.indelible.decision..")
        .check(CLASSES);
  }

  @Test
  void theFrontDoorKnowsNothingOfTheCommand() {
    noClasses()
        .that()
        .resideInAPackage(FRONT_DOOR)
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(CLI, JDBC)
        .check(CLASSES);
  }

  /** Anyone, offline: the verifier needs no queue, no drainer and no private key. */
  @Test
  void theVerifierStandsAlone() {
    noClasses()
        .that()
        .resideInAPackage("dev.indelible.verify..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "dev.indelible.queue..", "dev.indelible.drain..", "dev.indelible.decision..")
        .check(CLASSES);
    noClasses()
        .that()
        .resideInAPackage("dev.indelible.verify..")
        .should()
        .dependOnClassesThat()
        .haveSimpleName("SigningKey")
        .check(CLASSES);
  }

  /** Micrometer is optional: whoever does not publish metrics has none on the class path. */
  @Test
  void onlyItsBinderKnowsOfMicrometerAndNothingKnowsOfTheBinder() {
    DescribedPredicate<JavaClass> binder = belongTo(equivalentTo(IndelibleMeters.class));
    noClasses()
        .that(not(binder))
        .should()
        .dependOnClassesThat(binder.or(resideInAPackage("io.micrometer..")))
        .check(CLASSES);
  }

  @Test
  void noPackageDependsInACircle() {
    slices().matching("dev.indelible.(*)..").should().beFreeOfCycles().check(CLASSES);
  }
}
