// SPDX-License-Identifier: Apache-2.0
package dev.indelible.command;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.program.Use;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** If a script creates links, the uses in its later commands follow them. */
class ScriptLinksTest {
  private static final Context CONTEXT = Context.of("/home/dev/project", "/home/dev");

  private static List<String> uses(String script) {
    return uses(script, CONTEXT);
  }

  private static List<String> uses(String script, Context context) {
    List<String> all = new ArrayList<>();
    for (EffectiveCommand command : Commands.of(script, context)) {
      for (Use use : command.uses()) {
        String path = use.arguments().isEmpty() ? "" : use.arguments().get(0).display();
        all.add(use.role() + " " + path);
      }
    }
    return all;
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "ln -s / x; rm -rf x/",
        "ln -sf / x && rm -rf x//",
        "ln -s -T -- / x; rm -rf ./x/",
        "ln -st d /etc; rm -rf d/etc/../",
        "ln --symbolic / /tmp/x; cd /tmp; rm -rf x/",
        "ln -s ../../../ x; rm -rf x/",
        "mkdir a; ln -s ../../../.. a/x; rm -rf a/x/",
        "ln -sr ../../.. a/x; rm -rf a/x/",
        "ln -s ../../.. a; ln -s a b; rm -rf b/",
        "ln -s / x; mv x y; rm -rf y/",
        "ln -s /etc x; rm -rf x/../",
        "ln -s / x; rm -rf \"$(realpath x)\"",
        "ln -s / x; rm -rf $(readlink -f x)",
        "for i in a b; do ln -s / $i; done; rm -rf b/",
        "L=x; ln -s / \"$L\"; rm -rf \"$L/\"",
        "echo / | xargs -I{} ln -s {} x; rm -rf x/",
        "find / -maxdepth 0 -exec ln -s {} x \\;; ln -s / x; rm -rf x/",
        "busybox ln -s / x; rm -rf x/",
        "cp -rs / x; rm -rf x/",
        "cp -s --target-directory=d /etc/..; ln -s / d; rm -rf d/",
        "python3 -c 'import os; os.symlink(\"/\", \"x\")'; rm -rf x/",
        "python3 -c 'import os, shutil; os.symlink(\"/\", \"x\"); shutil.rmtree(\"x/\")'",
        "python3 -c 'from pathlib import Path; Path(\"x\").symlink_to(\"/\")'; rm -rf x/",
        "node -e 'require(\"fs\").symlinkSync(\"/\", \"x\")'; rm -rf x/",
        "perl -e 'symlink(\"/\", \"x\")'; rm -rf x/",
        "ruby -e 'File.symlink(\"/\", \"x\")'; rm -rf x/",
        "php -r 'symlink(\"/\", \"x\");'; rm -rf x/",
      })
  void deletionThroughALinkIsFound(String script) {
    assertThat(uses(script)).contains("DELETES /");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "ln -s ~/.ssh/id_rsa k; cat k",
        "ln ../.ssh/id_rsa a/k; cat a/k",
        "link /home/dev/.ssh/id_rsa k; cat k",
        "ln -s ~/.ssh d; cat < d/id_rsa",
        "ln -s /home/dev/.ssh d; cat d/../.ssh/id_rsa",
        "cp -l /home/dev/.ssh/id_rsa k; cat k",
        "ln -s /tmp/w d; ln -s ~/.ssh/id_rsa d/k; cat d/k",
        "ln -s /tmp/w d; ln -s ~/.ssh/id_rsa d/k; cat /tmp/w/k",
        "ln -s /tmp/w d; ln -s ~/.ssh/id_rsa d; cat d/id_rsa",
        "ln -s /tmp/w/x d; ln -s ../../home/dev/.ssh/id_rsa d/../k; cat /tmp/w/k",
        "ln -s /tmp/w d; cd d; ln -s ../../home/dev/.ssh/id_rsa k; cat k",
        "ln -s /tmp/w d; ln -s ~/.ssh/id_rsa k; mv k d/k; cat d/k",
        "ln -s /tmp/w d; ln -s ~/.ssh/id_rsa d/k; mv d/k k; cat k",
        "ln -s ~/.ssh/id_rsa /tmp/w/w; ln -s /tmp/w d; cat /tmp/w/w",
        "python3 -c 'import os; os.link(\"../.ssh/id_rsa\", \"a/k\")'; cat a/k",
      })
  void readThroughALinkIsFound(String script) {
    assertThat(uses(script)).containsAnyOf("READS /home/dev/.ssh/id_rsa", "READS ~/.ssh/id_rsa");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "cmd /c 'mklink /J x C:\\Users'; rm -rf x/",
        "cmd /c 'mklink /D x C:\\Users & rd /s /q x\\'",
        "pwsh -c 'New-Item -ItemType SymbolicLink -Path x -Target C:\\Users'; rm -rf x/",
        "pwsh -c 'ni x -ItemType Junction -Value ..\\Users; Remove-Item -Recurse x\\'",
      })
  void linksOfWindowsAreFollowed(String script) {
    Context windows = Context.of("C:\\project", "C:\\Users\\dev");
    assertThat(uses(script, windows)).contains("DELETES C:/Users/");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "ln -s / x; rm x",
        "ln -s / x; rm -rf x",
        "ln -s / x; unlink x",
        "ln -s a b; ln -s b a; rm -rf a/",
        "rm -rf x/; ln -s / x",
      })
  void deletedLinkDoesNotDeleteItsTarget(String script) {
    assertThat(uses(script)).doesNotContain("DELETES /", "DELETES //");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "ln -s / x; test -e y && ln -sfn /tmp x; rm -rf x/",
        "ln -s /tmp x; if test -e y; then ln -sfn / x; fi; rm -rf x/",
        "ln -s / a; ln -s /tmp b; mv a x; mv b x; rm -rf x/",
      })
  void recreatedLinkHasAllItsTargets(String script) {
    assertThat(uses(script)).contains("DELETES /");
  }
}
