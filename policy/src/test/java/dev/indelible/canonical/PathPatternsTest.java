// SPDX-License-Identifier: Apache-2.0
package dev.indelible.canonical;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.indelible.value.Origin;
import dev.indelible.value.Value;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PathPatternsTest {
  private static final Surroundings PROJECT = at("/home/dev/project");

  private static Surroundings at(String directory) {
    return Surroundings.of(Value.of(directory), Value.unknown(Origin.HOME, ""));
  }

  /** The mode is {@code r} for a recursive operation, or {@code -} for one on the path itself. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        // The root.
        "/ | r | / | YES",
        "/ | - | / | YES",
        "/ | r | /‹*› | YES",
        "/ | - | /‹*› | NO",
        "/ | r | /‹.*› | YES",
        "/ | r | /‹*›/‹*› | YES",
        "/ | r | /etc | NO",
        "/ | r | /etc/‹*› | NO",
        "/ | r | C:\\ | YES",
        "/ | r | C:\\* | YES",
        "/ | r | «X»/ | MAYBE",
        "/ | r | «X»/‹*› | MAYBE",
        "/ | r | /«X» | MAYBE",
        "/ | r | «X»/build | NO",
        "/ | r | ../../.. | YES",
        "/ | r | «HOME»/../.. | YES",
        // Homes.
        "~ | r | «HOME» | YES",
        "~ | r | «HOME»/ | YES",
        "~ | r | «HOME»/‹*› | YES",
        "~ | r | «HOME»/‹.[!.]*› | YES",
        "~ | r | «HOME»/.. | YES",
        "~ | r | /home | YES",
        "~ | - | /home | NO",
        "~ | r | /home/‹*› | YES",
        "~ | r | /h‹*› | YES",
        "~ | r | /home/dev | YES",
        "~ | r | /HOME/dev | YES",
        "~ | r | .. | YES",
        "~ | r | ../‹*› | YES",
        "~ | r | ../.. | YES",
        "~ | r | / | YES",
        "~ | r | /root | YES",
        "~ | r | /var/root | YES",
        "~ | r | /Users/dev/ | YES",
        "~ | r | /export/home/dev | YES",
        "~ | r | C:\\Users\\dev | YES",
        "~ | r | C:\\ | YES",
        "~ | r | /mnt/c/Users/dev | YES",
        "~ | r | D:\\Users\\x | YES",
        "~ | r | build | NO",
        "~ | r | . | NO",
        "~ | r | ‹*› | NO",
        "~ | r | /home/dev/project/build | NO",
        "~ | r | «HOME»/project/build | NO",
        "~ | r | «HOME»/.cache/‹*› | NO",
        "~ | r | «HOME»/‹*.log› | NO",
        "~ | r | «HOME»/«X» | MAYBE",
        "~ | r | /home/dev/project/«X» | NO",
        "~ | r | «X» | MAYBE",
        "~ | r | «SCRATCH» | NO",
        "~ | r | «SCRATCH»/‹*› | NO",
        "~ | r | /tmp/x | NO",
        "~ | r | ‹*›/‹*›/../../.. | YES",
        // Paths below a home.
        "~/.ssh/** | - | «HOME»/.ssh/id_rsa | YES",
        "~/.ssh/** | - | /home/dev/.SSH/id_rsa | YES",
        "~/.ssh/** | - | /home/dev/project/../.ssh/id_rsa | YES",
        "~/.ssh/** | - | /root/.ssh/id_rsa | YES",
        "~/.ssh/** | - | /home/‹*›/.ssh/id_rsa | YES",
        "~/.ssh/** | - | /home/«U»/.ssh/id_rsa | MAYBE",
        "~/.ssh/** | - | «HOME»/.ssh/«KEY» | YES",
        "~/.ssh/** | - | «HOME»/.ssh/‹*› | YES",
        "~/.ssh/** | - | «HOME»/.ssh | NO",
        "~/.ssh/** | r | «HOME»/.ssh | YES",
        "~/.ssh/** | r | «HOME» | YES",
        "~/.ssh/** | r | /home | YES",
        "~/.ssh/** | r | ../‹.s*› | YES",
        "~/.ssh/** | r | /home/dev/project | NO",
        "~/.ssh/** | - | «X» | MAYBE",
        "~/.ssh/** | - | «X»/id_rsa | MAYBE",
        "~/.ssh/** | - | «X».txt | MAYBE",
        "~/.ssh/** | - | notes«X».txt | NO",
        "~/.ssh/** | - | C:\\Users\\dev\\.ssh\\id_rsa | YES",
        "~/.ssh/** | - | C:\\Users\\dev\\SSH~1\\id_rsa | YES",
        "~/.ssh/id_* | - | «HOME»/.ssh/‹id_r*› | YES",
        "~/.ssh/id_* | - | «HOME»/.ssh/known_hosts | NO",
        // At any depth.
        "**/.env | - | .env | YES",
        "**/.env | - | /.env | YES",
        "**/.env | - | a/b/.env | YES",
        "**/.env | - | .env.example | NO",
        "**/.env | - | ‹.e*› | YES",
        "**/.env | - | ‹.*› | YES",
        "**/.env | - | ‹*› | NO",
        "**/.env | - | «X»/.env | YES",
        "**/.env | - | «X»/config | NO",
        "**/.env | - | «X» | MAYBE",
        "**/.env | - | a‹**›/.env | YES",
        "**/.env | - | ‹**›/.env | YES",
        "**/.env | - | ‹**› | MAYBE",
        "**/.env | - | a/‹**› | MAYBE",
        "**/.env | - | ‹**›/‹*.py› | NO",
        "**/id_* | - | ‹**›/‹*.py› | MAYBE",
        "**/id_* | - | ‹**›/‹id_r*› | YES",
        "**/.git/hooks/** | - | ‹**›/‹*.py› | MAYBE",
        "~/.ssh/** | - | «HOME»/‹**›/notes | MAYBE",
        "~/.ssh/** | - | «HOME»/‹**›/‹*.txt› | MAYBE",
        "~/.ssh/** | - | «HOME»/.ssh/‹**›/‹*.txt› | YES",
        "~/.ssh/** | - | «HOME»/‹**› | YES",
        "~/.ssh/id_rsa | - | «HOME»/‹**›/id_rsa | YES",
        "**/.env | r | . | NO",
        "**/.env | r | / | NO",
        "**/*.pem | - | ‹*› | MAYBE",
        "**/*.pem | - | certs/‹*.pem› | YES",
        "**/*.pem | - | «X».pem | YES",
        "**/*.pem | - | ‹*.txt› | NO",
        "**/.git/hooks/** | r | .git | YES",
        "**/.git/hooks/** | - | .git/hooks/pre-commit | YES",
        "**/.git/hooks/** | r | src | NO",
        "**/.git/hooks/** | r | ‹*› | NO",
        // The working directory.
        "${cwd} | r | . | YES",
        "${cwd} | r | ‹*› | YES",
        "${cwd} | r | .. | YES",
        "${cwd} | r | ../proj‹*› | YES",
        "${cwd} | r | src | NO",
        "${cwd}/.git/** | - | .git/config | YES",
        "${cwd}/.git/** | - | /home/dev/project/.git/config | YES",
        "${cwd}/.git/** | r | / | YES",
        "${cwd}/.git/** | r | .git | YES",
        "${cwd}/.git/** | - | ../other/.git/config | NO",
        "${cwd}/.git/** | - | «X» | MAYBE",
        // Other roots and spellings.
        "/etc/** | - | /etc/passwd | YES",
        "/etc/** | - | /proc/self/root/etc/passwd | YES",
        "/etc/** | - | etc/app.yaml | NO",
        "/private/etc/** | - | /etc/passwd | YES",
        "/mnt/** | - | /mnt/c/x | YES",
        "/mnt/* | - | /mnt/c | YES",
        "C:\\Windows\\** | - | \\\\localhost\\C$\\Windows\\x | YES",
        "C:\\Program Files\\** | - | C:\\PROGRA~1\\x | YES",
        "?:\\Windows\\** | - | D:\\windows\\x | YES",
        "\\\\server\\share\\** | - | //server/share/x | NO",
        "\\\\server\\share\\** | - | \\\\SERVER\\share\\x | YES",
        "\\\\.\\PhysicalDrive* | - | \\\\.\\physicaldrive1 | YES",
        "${scratch}/** | - | «SCRATCH»/x | YES",
        "${scratch}/** | - | «SCRATCH»/../x | MAYBE",
        "/a/{b,c{d,e}}/x | - | /a/ce/x | YES",
        "/a/\\*/x | - | /a/*/x | YES",
        "/a/\\*/x | - | /a/b/x | NO",
        "** | - | anything | YES",
        "/proc/*/environ | - | /proc/«PID»/environ | YES",
        "**.pem | - | a/b/c.pem | YES",
        "**.pem | - | a/b/c.txt | NO",
        "/a/b** | - | /a/bc | YES",
        "/a/b** | - | /a/bc/d | YES",
        "/a/b** | - | /a/c | NO",
        "/a/b**d/e | - | /a/bd/e | YES",
        "/a/b**d/e | - | /a/bx/y/d/e | YES",
        "/a/**d | - | /a/x/d | YES",
        "**secret** | - | /a/my-secrets/x | YES",
        "**secret** | - | /a/x | NO",
        "/proc/*/environ | - | /proc/self/task/1/environ | YES",
      })
  void patternHasItsRelationToThePath(String pattern, String mode, String path, Relation relation) {
    assertThat(
            PathPatterns.of(List.of(pattern))
                .concerns(PROJECT.path(Written.value(path)), mode.equals("r"), PROJECT))
        .isEqualTo(relation);
  }

  @Test
  void repeatedAnyDepthGlobIsOneGlob() {
    assertThat(PROJECT.path(Written.value("/a/‹**›/‹**›/‹**›/b")))
        .isEqualTo(PROJECT.path(Written.value("/a/‹**›/b")));
  }

  @Test
  void pathWithManyPartsOfAnyDepthIsOpaque() {
    String part = "/‹**›/‹*›";
    assertThat(PROJECT.path(Written.value(part.repeat(16))).isOpaque()).isFalse();
    assertThat(PROJECT.path(Written.value(part.repeat(17))).isOpaque()).isTrue();
  }

  @Test
  void globOfAWholeHomeMatchesTheHome() {
    Surroundings home = at("/home/dev");
    PathPatterns patterns = PathPatterns.of(List.of("~"));
    for (String written : List.of("‹*›", "./‹*›", "‹.*›", ".", "‹*›/‹*›")) {
      assertThat(patterns.concerns(home.path(Written.value(written)), true, home))
          .as(written)
          .isEqualTo(Relation.YES);
    }
  }

  @Test
  void unusualHomeIsRecognised() {
    Surroundings agent = Surroundings.of(Value.of("/srv/app"), Value.of("/opt/agent"));
    PathPatterns patterns = PathPatterns.of(List.of("~", "~/.ssh/**"));
    for (String written : List.of("/opt/agent", "/opt", "/opt/‹*›", "/opt/agent/.ssh/x")) {
      assertThat(patterns.concerns(agent.path(Written.value(written)), true, agent))
          .as(written)
          .isEqualTo(Relation.YES);
    }
    assertThat(patterns.concerns(agent.path(Value.of("/opt/agent/x")), true, agent))
        .isEqualTo(Relation.NO);
  }

  @Test
  void opaquePathMatchesEveryPattern() {
    PathPatterns patterns = PathPatterns.of(List.of("/x", "!**"));
    CanonicalPath opaque = PROJECT.path(Value.EMPTY);
    assertThat(patterns.concerns(opaque, false, PROJECT)).isEqualTo(Relation.YES);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "a/.env | YES",
        "a/.env.local | YES",
        "a/.env.example | NO",
        "a/.ENV.EXAMPLE | YES",
        "‹.env*› | YES",
        "«X»/.env.example | YES",
      })
  void exceptionKeepsUncertainMatches(String path, Relation relation) {
    PathPatterns patterns = PathPatterns.of(List.of("**/.env", "**/.env.*", "!**/.env.example"));
    assertThat(patterns.concerns(PROJECT.path(Written.value(path)), false, PROJECT))
        .isEqualTo(relation);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "/tmp/a | true",
        "/tmp/‹*› | true",
        "/tmp/a/‹*›/b | true",
        "/TMP/a | false",
        "/tmp/«X» | false",
        "/tmp/../etc | false",
        "/tmp | false",
        "/‹*›/a | false",
        "build/x | true",
        "build/‹*.o› | true",
        "src/x.o | true",
        "src/‹*.o› | true",
        "src/‹*› | false",
      })
  void exceptionExcludesOnlyPathsSureToMatch(String path, boolean isExcluded) {
    PathPatterns patterns =
        PathPatterns.of(List.of("**", "!/tmp/**", "!${cwd}/build/**", "!**/*.o"));
    assertThat(patterns.concerns(PROJECT.path(Written.value(path)), false, PROJECT))
        .isEqualTo(isExcluded ? Relation.NO : Relation.YES);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "etc/x | it matches no absolute path",
        "*.pem | it matches no absolute path",
        "/a//b | it can never match",
        "/a/ | it can never match",
        "/a/../b | it can never match",
        "~dev/x | it matches no absolute path",
        "/a/b*** | *** is not supported",
        "/./a | it can never match",
        "/a/[b | a bracket is not closed",
        "/a/{b | a brace is not closed",
        "/a/\\x | a backslash precedes one of",
        "/proc/self/fd/9/x | it can never match",
        "@nonsense | unknown path set",
      })
  void errorStatesTheReason(String pattern, String why) {
    assertThatThrownBy(() -> PathPatterns.of(List.of(pattern)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(why);
  }

  @ParameterizedTest
  @ValueSource(strings = {"!/a", "!@scratch"})
  void listOfOnlyExceptionsIsAnError(String pattern) {
    assertThatThrownBy(() -> PathPatterns.of(List.of(pattern)))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void indexMatchesEachList() {
    List<PathPatterns> lists = new ArrayList<>();
    NamedSets.PATHS
        .all()
        .values()
        .forEach(set -> lists.add(PathPatterns.of(withoutExceptions(set))));
    for (int i = 0; i < 200; i++) {
      lists.add(
          PathPatterns.of(List.of("/srv/" + i + "/**", "**/file" + i, "/opt/*.e" + i, "~/" + i)));
    }
    PathIndex index = new PathIndex(lists);
    for (String written :
        List.of(
            "/",
            "/‹**›",
            "/srv/‹*›",
            "/srv/7/x",
            "/srv",
            "/opt/a.e9",
            "/opt/‹*›.e9",
            "/opt/‹*›",
            "/opt/«X»",
            "«HOME»/.ssh/id_rsa",
            "«HOME»/8",
            "«HOME»",
            "«X»",
            "«X»/file9",
            "a/file9",
            "/home/dev",
            "")) {
      CanonicalPath path = PROJECT.path(Written.value(written));
      for (boolean isRecursive : new boolean[] {true, false}) {
        BitSet concerned = new BitSet();
        index.concerned(path, isRecursive, PROJECT, concerned::set);
        BitSet named = new BitSet();
        index.named(path, PROJECT, named::set);
        for (int i = 0; i < lists.size(); i++) {
          PathPatterns list = lists.get(i);
          assertThat(concerned.get(i))
              .as("%s, recursive %s, in %s", written, isRecursive, list.texts())
              .isEqualTo(list.isConcerned(path, isRecursive, PROJECT))
              .isEqualTo(list.concerns(path, isRecursive, PROJECT) == Relation.YES);
          assertThat(named.get(i))
              .as("%s itself in %s", written, list.texts())
              .isEqualTo(list.isNamed(path, PROJECT));
        }
      }
    }
  }

  private static List<String> withoutExceptions(List<String> patterns) {
    return patterns.stream().filter(pattern -> !pattern.startsWith("!")).toList();
  }

  @Test
  void indexIgnoresExceptions() {
    PathPatterns list = PathPatterns.of(List.of("/a/**", "!/a/b"));
    BitSet found = new BitSet();
    CanonicalPath path = PROJECT.path(Written.value("/a/b"));
    new PathIndex(List.of(list)).concerned(path, false, PROJECT, found::set);
    assertThat(found.get(0)).isTrue();
    assertThat(list.isConcerned(path, false, PROJECT)).isFalse();
  }
}
