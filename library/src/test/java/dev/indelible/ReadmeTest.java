// SPDX-License-Identifier: Apache-2.0
package dev.indelible;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.sqlite.SqliteLedger;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The library code of the README, taken from there, compiled and run. */
class ReadmeTest {
  @TempDir Path directory;

  @Test
  void theReadmesCodeDoesWhatItSays() throws Exception {
    Path data = directory.resolve("data");
    String code = firstJavaBlock().replace("\"indelible-data\"", "\"" + data + "\"");

    assertThat(run(code)).isEqualTo("refused: no recursive delete at the root\n");
    try (SqliteLedger ledger = SqliteLedger.open(data.resolve("indelible.db"))) {
      assertThat(ledger.size()).isEqualTo(1);
    }
  }

  private static String firstJavaBlock() throws Exception {
    Path readme = Path.of(System.getProperty("indelible.root"), "README.md");
    Matcher block =
        Pattern.compile("```java\n(.*?)```", Pattern.DOTALL).matcher(Files.readString(readme));
    assertThat(block.find()).isTrue();
    return block.group(1);
  }

  private String run(String code) throws Exception {
    Path source = directory.resolve("Readme.java");
    Files.writeString(
        source,
        "import dev.indelible.*; import dev.indelible.action.*; import dev.indelible.decision.*;"
            + " import java.nio.file.Path;\n"
            + "public class Readme { public static void main(String[] args) throws Exception {\n"
            + code
            + "}}");
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    int status = compiler.run(null, null, null, "-d", directory.toString(), source.toString());
    assertThat(status).isZero();
    PrintStream before = System.out;
    ByteArrayOutputStream printed = new ByteArrayOutputStream();
    try (URLClassLoader loader = new URLClassLoader(new URL[] {directory.toUri().toURL()})) {
      System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
      loader
          .loadClass("Readme")
          .getMethod("main", String[].class)
          .invoke(null, (Object) new String[0]);
    } finally {
      System.setOut(before);
    }
    return printed.toString(StandardCharsets.UTF_8);
  }
}
