// SPDX-License-Identifier: Apache-2.0
package dev.indelible.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.indelible.action.Bash;
import dev.indelible.checkpoint.SignatureType;
import dev.indelible.checkpoint.VerifierKey;
import dev.indelible.crypto.SigningKey;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class PolicyLoadTest {
  private static final String ONE_RULE =
      """
      version: 1
      rules:
        - id: R001
          severity: refuse
          reason: no recursive delete at the root
          match:
            kind: bash
            command_substring: "rm -rf /"
      """;

  @TempDir Path directory;

  @Test
  void ruleIsRead() throws Exception {
    assertThat(RulePolicy.parse(ONE_RULE, "rules.yaml").rules())
        .containsExactly(
            new Rule(
                "R001",
                Severity.REFUSE,
                "no recursive delete at the root",
                "bash, command_substring: \"rm -rf /\""));
  }

  /** Each line replaces one text of {@link #ONE_RULE} and states the resulting error. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "version: 1|# none|line 2, column 1: policy has no \"version\"; add it",
        "version: 1|version: 2"
            + "|line 1, column 1: version 2 is not known; this release reads version 1",
        "version: 1|version: '1'|line 1, column 1: version is text where a whole number is"
            + " expected",
        "version: 1|vresion: 1|line 1, column 1: unknown key \"vresion\"; did you mean"
            + " \"version\"?",
        "rules:|rule:|line 2, column 1: unknown key \"rule\"; did you mean \"rules\"?",
        "- id: R001|- id: 1|line 3, column 5: id is a number where text is expected; put it in"
            + " quotes",
        "- id: R001|- id: ' '|line 3, column 5: id is blank; give a text, or leave it out",
        "- id: R001|-|line 4, column 5: rules[0] has no \"id\"; add it",
        "severity: refuse|severity: refuze"
            + "|line 4, column 5: unknown severity \"refuze\"; did you mean \"refuse\"?",
        "severity: refuse|severity: block|line 4, column 5: unknown severity \"block\"; use one of"
            + " refuse, escalate, warn, log",
        "severity: refuse|severity: [refuse]"
            + "|line 4, column 5: severity is a list where text is expected",
        "severity: refuse|#|line 3, column 5: rules[0] has no \"severity\"; add it",
        "severity: refuse|id: R002|line 4, column 5: duplicate key \"id\"; keep one of them",
        "reason: no recursive delete at the root|#|line 3, column 5: rules[0] has no \"reason\";"
            + " add it",
        "reason: no recursive delete at the root|reason:|line 5, column 5: reason is nothing where"
            + " text is expected",
        "reason: no recursive delete at the root|enabled: maybe"
            + "|line 3, column 5: rules[0] has no \"reason\"; add it",
        "match:|matches:|line 6, column 5: unknown key \"matches\"; did you mean \"match\"?",
        "match:|match: x: y|line 6, column 13: not YAML: mapping values are not allowed here",
        "kind: bash|kind: bsh|line 7, column 7: unknown kind \"bsh\"; did you mean \"bash\"?",
        "kind: bash|kind: shell|line 7, column 7: unknown kind \"shell\"; use one of bash, custom,"
            + " filesystem_write, network_request, process_spawn, read, tool_call",
        "kind: bash|#|line 6, column 5: match has no \"kind\"; add it",
        "kind: bash|kind: read|line 8, column 7: condition \"command_substring\" does not belong to"
            + " kind read, which takes surface, namespace_glob",
        "command_substring|comand_substring|line 8, column 7: unknown key \"comand_substring\"; did"
            + " you mean \"command_substring\"?",
        "command_substring|cmd|line 8, column 7: unknown key \"cmd\"; use one of command_substring,"
            + " kind",
        "\"rm -rf /\"|\"\"|line 8, column 7: command_substring is blank; give a text, or leave it"
            + " out",
        "\"rm -rf /\"|[]|line 8, column 7: command_substring is an empty list; name at least one,"
            + " or leave it out",
        "\"rm -rf /\"|[a, true]|line 8, column 30: command_substring[1] is a boolean where text is"
            + " expected; put it in quotes",
        "\"rm -rf /\"|{a: b}|line 8, column 7: command_substring is a mapping where text is"
            + " expected",
        "\"rm -rf /\"|!x a|line 8, column 7: command_substring is of type \"!x\" where text is"
            + " expected; put it in quotes",
        "\"rm -rf /\"|&a x|line 8, column 26: anchors and aliases are not read; write the value out"
            + " where it is used",
        "\"rm -rf /\"|*a|line 8, column 26: anchors and aliases are not read; write the value out"
            + " where it is used",
        "\"rm -rf /\"|\"\\uD800\"|line 8, column 7: command_substring: lone surrogate at char 0; it"
            + " has no UTF-8 form",
        "\"rm -rf /\"|[[[[[[[[a]]]]]]]]|line 8, column 32: nested deeper than 10 levels; no rule"
            + " needs that",
        "version: 1|[a]: 1|line 1, column 1: a key is a list where text is expected",
      })
  void mistakeIsNamedWithItsPosition(String text, String replacement, String message) {
    String changed = ONE_RULE.replace(text, replacement);
    assertThat(changed).isNotEqualTo(ONE_RULE);
    assertRefused(changed, "rules.yaml, " + message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "filesystem_write, path_glob: '/a[bc'|bad path pattern \"/a[bc\": a bracket is not closed;"
            + " write \\[ for the character",
        "filesystem_write, path_glob: '/a***'|bad path pattern \"/a***\": *** is not supported;"
            + " use * within a name, ** across names",
        "filesystem_write, path_glob: '/a\\b'|bad path pattern \"/a\\b\": a backslash precedes one"
            + " of *?[]{},\\~$!@; write \\\\ for a backslash",
        "filesystem_write, path_glob: etc/*|bad path pattern \"etc/*\": it matches no absolute"
            + " path; begin it with /, ~/, ${cwd}/, ${scratch}/, **/ or a drive",
        "filesystem_write, path_glob: /etc/../x|bad path pattern \"/etc/../x\": it can never match:"
            + " paths are compared without // . .. and a final /",
        "tool_call, tool: 'a[bc]'|bad glob \"a[bc]\": [ is not supported;"
            + " give a list of globs, or write \\[ for the character",
        "network_request, host_glob: 'http://*'|bad host pattern \"http://*\": give a host without"
            + " scheme and path, or an address range like 10.0.0.0/8",
        "network_request, host_glob: '1.2.3.400'|bad host pattern \"1.2.3.400\": clients differ in"
            + " their reading of the address; write it as four numbers",
        "process_spawn, binary: ../x|path \"../x\" leaves an unnamed directory by \"..\"; use"
            + " an absolute path",
        "process_spawn, disk_free_min_gib: -1|disk_free_min_gib is -1; give a whole number from 0"
            + " to 8589934591",
        "process_spawn, disk_free_min_gib: 99999999999999999999|disk_free_min_gib is"
            + " 99999999999999999999; give a whole number from 0 to 8589934591",
        "process_spawn, disk_free_min_gib: 1.5|disk_free_min_gib is a number where a whole number"
            + " is expected",
        "process_spawn, disk_free_min_gib: '1'|disk_free_min_gib is text where a whole number is"
            + " expected",
      })
  void mistakeInAConditionIsNamed(String match, String message) {
    int column = "    match: {kind: ".length() + match.indexOf(',') + 3;
    assertRefused(
        """
        version: 1
        rules:
          - id: R001
            severity: refuse
            reason: because
            match: {kind: %s}
        """
            .formatted(match),
        "rules.yaml, line 6, column %d: %s".formatted(column, message));
  }

  @Test
  void malformedDisabledRuleIsRefused() {
    assertRefused(
        ONE_RULE.replace("    match:", "    enabled: false\n    match:").replace("bash", "bsh"),
        "rules.yaml, line 8, column 7: unknown kind \"bsh\"; did you mean \"bash\"?");
    assertRefused(
        ONE_RULE.replace("    match:", "    enabled: \"no\"\n    match:"),
        "rules.yaml, line 6, column 5: enabled is text where true or false is expected");
  }

  @Test
  void rulesOfTheWrongTypeAreRefused() {
    assertRefused(
        "version: 1\nrules: {}\n",
        "rules.yaml, line 2, column 1: rules is a mapping where a list is expected");
    assertRefused(
        "version: 1\nrules: [R001]\n",
        "rules.yaml, line 2, column 9: rules[0] is text where a mapping is expected");
  }

  @Test
  void repeatedIdIsRefused() {
    String second = ONE_RULE.substring(ONE_RULE.indexOf("  - id"));
    assertRefused(
        ONE_RULE + second,
        "rules.yaml, line 9, column 5: id \"R001\" is already used at rules.yaml, line 3, column 5;"
            + " give one of the rules another id");
  }

  @Test
  void idOrReasonThatIsTooLongIsRefused() throws Exception {
    String reason = "no recursive delete at the root";
    assertRefused(
        ONE_RULE.replace("R001", "é".repeat(128) + "x"),
        "rules.yaml, line 3, column 5: id is 257 bytes; shorten it to at most 256");
    assertRefused(
        ONE_RULE.replace(reason, "x".repeat(16_385)),
        "rules.yaml, line 3, column 5: reason is 16385 bytes; shorten it to at most 16384");
    assertThat(
            RulePolicy.parse(
                    ONE_RULE.replace("R001", "é".repeat(128)).replace(reason, "x".repeat(16_384)),
                    "x")
                .decide("agent:test", new Bash("rm -rf /"))
                .isRefusal())
        .isTrue();
  }

  @ParameterizedTest
  @MethodSource
  void fileWithoutExactlyOnePolicyIsRefused(String yaml, String message) {
    assertRefused(yaml, message);
  }

  static Stream<Arguments> fileWithoutExactlyOnePolicyIsRefused() {
    return Stream.of(
        arguments("", "rules.yaml: empty; begin with \"version: 1\""),
        arguments("# nothing\n", "rules.yaml: empty; begin with \"version: 1\""),
        arguments(
            "[]", "rules.yaml, line 1, column 1: policy is a list where a mapping is expected"),
        arguments(
            "version: 1\nrules: []\n---\nversion: 1\n",
            "rules.yaml, line 3, column 1: not YAML: expected a single document in the stream, but"
                + " found another document"),
        arguments(
            "[".repeat(1_000_000),
            "rules.yaml, line 1, column 11: nested deeper than 10 levels; no rule needs that"),
        arguments(
            "#" + "x".repeat(1 << 20),
            "rules.yaml: larger than 1048576 bytes; split it into several files of one directory"),
        arguments(
            "# \ud800", "rules.yaml: lone surrogate at char 2; it has no UTF-8 form; remove it"));
  }

  @Test
  void fileEqualsItsText() throws Exception {
    Path file = write("rules.yaml", ONE_RULE);
    assertThat(RulePolicy.load(file).rules()).isEqualTo(RulePolicy.parse(ONE_RULE, "x").rules());
    assertThat(RulePolicy.load(file).digest()).isEqualTo(RulePolicy.parse(ONE_RULE, "x").digest());
  }

  @Test
  void byteOrderMarkIsIgnored() throws Exception {
    assertThat(RulePolicy.load(write("rules.yaml", "\uFEFF" + ONE_RULE)).rules()).hasSize(1);
  }

  @Test
  void approversOfAllFilesAreRead() throws Exception {
    String alice = approver("alice", SignatureType.ED25519);
    String bob = approver("bob", SignatureType.ED25519);
    String file = "version: 1\napprovers: [%s]\nrules: []\n";
    Files.writeString(directory.resolve("a.yaml"), file.formatted(alice));
    Files.writeString(directory.resolve("b.yaml"), file.formatted(bob + ", " + alice));

    RulePolicy policy = RulePolicy.load(directory);

    assertThat(policy.approvers()).containsExactly(alice, bob);
    assertThat(policy.text().orElseThrow().approvers()).containsExactly(alice, bob);
  }

  @Test
  void approverThatIsNoSigningKeyIsRefused() {
    String witness = approver("alice", SignatureType.COSIGNATURE);
    String alice = approver("alice", SignatureType.ED25519);
    for (String wrong : List.of("alice", "a+b+c", witness, alice.replace("alice", "eve"))) {
      assertThatThrownBy(
              () ->
                  RulePolicy.parse("version: 1\napprovers: [" + wrong + "]\nrules: []\n", "x.yaml"))
          .isInstanceOf(PolicyException.class)
          .hasMessageStartingWith("x.yaml, line 2, column 13: an approver");
    }
  }

  private static String approver(String name, SignatureType type) {
    return new VerifierKey(name, type, SigningKey.generate().verificationKey()).vkey();
  }

  @Test
  void missingFileIsRefused() {
    Path missing = directory.resolve("none.yaml");
    assertThatThrownBy(() -> RulePolicy.load(missing))
        .isInstanceOf(PolicyException.class)
        .hasMessage(missing + ": no such file; name a policy file or a directory of them");
  }

  @Test
  void missingModuleOfCelIsNamed() {
    assertThatThrownBy(
            () ->
                RulePolicy.parse(
                    ONE_RULE.substring(0, ONE_RULE.indexOf("match")) + "when: {cel: 'true'}\n",
                    "r"))
        .hasMessageStartingWith(
            "r, line 6, column 12: cel: this needs the module indelible-policy-cel");
  }

  @Test
  void fileThatIsNotUtf8IsRefused() throws Exception {
    Path file = directory.resolve("latin.yaml");
    Files.write(file, "# caf\u00e9\n".getBytes(StandardCharsets.ISO_8859_1));
    assertThatThrownBy(() -> RulePolicy.load(file))
        .hasMessage(file + ", line 1, column 6: not UTF-8 (byte 0xe9); save it as UTF-8");
  }

  @Test
  void directoryIsReadInOrderOfNames() throws Exception {
    write("b.yml", ONE_RULE.replace("R001", "A"));
    write("a.yaml", ONE_RULE.replace("R001", "B"));
    write("c.txt", "not a rule");
    assertThat(RulePolicy.load(directory).rules()).extracting(Rule::id).containsExactly("B", "A");
  }

  @Test
  void idRepeatedInAnotherFileIsRefused() throws Exception {
    Path first = write("a.yaml", ONE_RULE);
    Path second = write("b.yaml", ONE_RULE);
    assertThatThrownBy(() -> RulePolicy.load(directory))
        .hasMessage(
            "%s, line 3, column 5: id \"R001\" is already used at %s, line 3, column 5; give one of the rules another id"
                .formatted(second, first));
  }

  @Test
  void directoryWithoutRulesIsRefused() {
    assertThatThrownBy(() -> RulePolicy.load(directory))
        .hasMessage(
            directory
                + ": no *.yaml or *.yml file in this directory; add one, because without rules"
                + " every action is allowed");
  }

  @Test
  void unreadableRuleFileIsRefused() throws Exception {
    write("a.yaml", ONE_RULE);
    Path broken = Files.createSymbolicLink(directory.resolve("b.yaml"), Path.of("gone"));
    assertThatThrownBy(() -> RulePolicy.load(directory)).hasMessageStartingWith(broken + ": ");
  }

  @Test
  void fileDigestCoversItsBytes() throws Exception {
    byte[] bytes = ONE_RULE.getBytes(StandardCharsets.UTF_8);
    assertThat(RulePolicy.parse(ONE_RULE, "x").digest()).isEqualTo(sha256(bytes));
    assertThat(RulePolicy.parse(ONE_RULE + "#\n", "x").digest()).isNotEqualTo(sha256(bytes));
  }

  @Test
  void directoryDigestCoversNamesAndBytes() throws Exception {
    write("a.yaml", ONE_RULE);
    write("b.yaml", "version: 1\nrules: []\n");
    ByteBuffer framed = ByteBuffer.allocate(4096);
    for (String text : new String[] {"a.yaml", ONE_RULE, "b.yaml", "version: 1\nrules: []\n"}) {
      framed.putInt(text.length()).put(text.getBytes(StandardCharsets.UTF_8));
    }
    byte[] bytes = new byte[framed.flip().remaining()];
    framed.get(bytes);
    assertThat(RulePolicy.load(directory).digest()).isEqualTo(sha256(bytes));
  }

  private Path write(String name, String text) throws IOException {
    return Files.writeString(directory.resolve(name), text);
  }

  private static String sha256(byte[] bytes) throws Exception {
    return "sha256:" + HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
  }

  private static void assertRefused(String yaml, String message) {
    assertThatThrownBy(() -> RulePolicy.parse(yaml, "rules.yaml"))
        .isInstanceOf(PolicyException.class)
        .hasMessage(message);
  }
}
