// SPDX-License-Identifier: Apache-2.0
package dev.indelible.action;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import dev.indelible.json.CanonicalJson;
import dev.indelible.json.CanonicalWriter;
import dev.indelible.json.JsonValue;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** The JSON of every kind of action is canonical and parses back to an equal action. */
class ActionTest {
  @Test
  void writtenActionIsCanonicalAndRoundTrips() throws Exception {
    for (AgentAction action : ActionsOfAllKinds.all()) {
      byte[] written = written(action);
      assertThat(written).isEqualTo(CanonicalJson.canonicalize(written));
      JsonNode read = CanonicalJson.read(written);
      assertThat(read.get("kind").stringValue()).isEqualTo(action.kind());
      assertThat(ActionParser.parse(read, "action")).isEqualTo(action);
    }
    assertThat(ActionsOfAllKinds.all().stream().map(Object::getClass).collect(Collectors.toSet()))
        .hasSameSizeAs(AgentAction.class.getPermittedSubclasses());
  }

  @Test
  void randomTextIsCanonicalAndRoundTrips() throws Exception {
    SplittableRandom random = new SplittableRandom(4);
    for (int i = 0; i < 5_000; i++) {
      String one = ActionsOfAllKinds.randomText(random);
      String two = ActionsOfAllKinds.randomText(random);
      AgentAction action =
          i % 2 == 0 ? new Bash(one, Optional.of(two)) : new ProcessSpawn(one, List.of(two, one));
      byte[] written = written(action);
      assertThat(written).isEqualTo(CanonicalJson.canonicalize(written));
      assertThat(ActionParser.parse(CanonicalJson.read(written), "action")).isEqualTo(action);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"command\":\"rm -rf /\",\"kind\":\"bash\"}",
        "{\"command\":\"ls\",\"cwd\":\"/tmp\",\"kind\":\"bash\"}",
        "{\"byte_estimate\":7,\"kind\":\"filesystem_write\",\"path\":\"/etc/passwd\"}",
        "{\"host\":\"h\",\"kind\":\"network_request\",\"path\":\"/p\",\"port\":443,\"scheme\":\"https\"}",
        "{\"args\":[\"-l\"],\"binary\":\"ls\",\"kind\":\"process_spawn\"}",
        "{\"arguments\":{\"a\":1},\"kind\":\"tool_call\",\"tool\":\"t\"}",
        "{\"kind\":\"read\",\"namespace\":\"n\",\"query\":\"q\",\"surface\":\"memory\"}",
        "{\"custom_kind\":\"memory_write\",\"kind\":\"custom\",\"payload\":null}"
      })
  void documentedJsonRoundTrips(String json) throws Exception {
    AgentAction action = ActionParser.parse(CanonicalJson.read(json), "action");
    assertThat(new String(written(action), UTF_8)).isEqualTo(json);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          []                              | action: a list where an object is expected
          "bash"                          | action: a string where an object is expected
          null                            | action: null where an object is expected
          {}                              | action.kind: missing
          {"kind":7}                      | action.kind: a number where a string is expected
          {"kind":"Bash"}                 | action.kind: unknown kind "Bash"; use one of bash, custom, filesystem_write, network_request, process_spawn, read, tool_call
          {"kind":"bash"}                 | action.command: missing
          {"kind":"bash","command":null}  | action.command: null where a string is expected
          {"kind":"bash","command":["ls"]} | action.command: a list where a string is expected
          {"kind":"bash","command":"ls","cwd":null} | action.cwd: null where a string is expected
          {"kind":"bash","command":"ls","timeout":1} | action.timeout: unknown field; the fields here are command, cwd, home, kind, shell
          {"kind":"filesystem_write"}     | action.path: missing
          {"kind":"filesystem_write","path":"p","byte_estimate":-1} | action: byte_estimate -1 is not in 0..9007199254740991
          {"kind":"filesystem_write","path":"p","byte_estimate":9007199254740992} | action: byte_estimate 9007199254740992 is not in 0..9007199254740991
          {"kind":"filesystem_write","path":"p","byte_estimate":1.5} | action.byte_estimate: a number where a whole number is expected
          {"kind":"filesystem_write","path":"p","byte_estimate":100000000000000000000} | action.byte_estimate: a number where a whole number is expected
          {"kind":"filesystem_write","path":"p","byte_estimate":"7"} | action.byte_estimate: a string where a whole number is expected
          {"kind":"network_request","host":"h"} | action.scheme: missing
          {"kind":"network_request","scheme":"s"} | action.host: missing
          {"kind":"network_request","host":"h","scheme":"s","port":0} | action: port 0 is not in 1..65535
          {"kind":"network_request","host":"h","scheme":"s","port":-5} | action: port -5 is not in 1..65535
          {"kind":"network_request","host":"h","scheme":"s","port":65536} | action: port 65536 is not in 1..65535
          {"kind":"network_request","host":"h","scheme":"s","port":70000} | action: port 70000 is not in 1..65535
          {"kind":"network_request","host":"h","scheme":"s","port":"80"} | action.port: a string where a whole number is expected
          {"kind":"process_spawn","binary":"b"} | action.args: missing
          {"kind":"process_spawn","binary":"b","args":"-x"} | action.args: a string where a list of strings is expected
          {"kind":"process_spawn","binary":"b","args":["a",1]} | action.args[1]: a number where a string is expected
          {"kind":"tool_call","tool":"t"} | action.arguments: missing
          {"kind":"tool_call","arguments":{}} | action.tool: missing
          {"kind":"read"}                 | action.surface: missing
          {"kind":"read","surface":"s","query":{}} | action.query: an object where a string is expected
          {"kind":"custom","payload":1}   | action.custom_kind: missing
          {"kind":"custom","custom_kind":"c"} | action.payload: missing
          {"kind":"custom","custom_kind":true,"payload":1} | action.custom_kind: a boolean where a string is expected
          """,
      quoteCharacter = '\u0001')
  void errorNamesTheFaultAndTheField(String json, String message) throws Exception {
    JsonNode node = CanonicalJson.read(json);
    assertThat(refusal(node)).isEqualTo(message);
  }

  @Test
  void longUnknownKindIsShortenedInTheMessage() throws Exception {
    JsonNode node = CanonicalJson.read("{\"kind\":\"" + "k".repeat(10_000) + "\"}");
    assertThat(refusal(node)).contains("\"" + "k".repeat(40) + "…\"").hasSizeLessThan(250);
  }

  private static String refusal(JsonNode node) {
    try {
      return "accepted: " + ActionParser.parse(node, "action");
    } catch (dev.indelible.json.JsonFormatException e) {
      return e.getMessage();
    }
  }

  /**
   * Every action that can be created can be recorded: the constructor rejects a lone surrogate
   * (promise D1).
   */
  @Test
  void loneSurrogateIsRejectedInEveryField() throws Exception {
    String half = "x\ud800";
    Optional<String> some = Optional.of(half);
    JsonValue json = JsonValue.parse("1");
    List<Runnable> makers = new ArrayList<>();
    makers.add(() -> new Bash(half));
    makers.add(() -> new Bash("", some));
    makers.add(() -> new FilesystemWrite(half));
    makers.add(() -> new NetworkRequest(half, ""));
    makers.add(() -> new NetworkRequest("", half));
    makers.add(() -> new NetworkRequest("", "", OptionalInt.empty(), some));
    makers.add(() -> new ProcessSpawn(half, List.of()));
    makers.add(() -> new ProcessSpawn("", List.of("", half)));
    makers.add(() -> new ToolCall(half, json));
    makers.add(() -> new Read(half));
    makers.add(() -> new Read("", some, Optional.empty()));
    makers.add(() -> new Read("", Optional.empty(), some));
    makers.add(() -> new Custom(half, json));
    for (Runnable maker : makers) {
      assertThatIllegalArgumentException()
          .isThrownBy(maker::run)
          .withMessageContaining("lone surrogate at char 1");
    }
  }

  /** A missing part fails in the constructor, before the drainer sees the action (D1). */
  @Test
  void constructorRejectsMissingPart() {
    assertThatNullPointerException().isThrownBy(() -> new Bash(null));
    assertThatNullPointerException().isThrownBy(() -> new Bash("", null));
    assertThatNullPointerException().isThrownBy(() -> new FilesystemWrite("", null));
    assertThatNullPointerException()
        .isThrownBy(() -> new NetworkRequest("", "", null, Optional.empty()));
    assertThatNullPointerException().isThrownBy(() -> new ProcessSpawn("", null));
    assertThatNullPointerException().isThrownBy(() -> new ToolCall("t", null));
    assertThatNullPointerException().isThrownBy(() -> new Read("", Optional.empty(), null));
    assertThatNullPointerException().isThrownBy(() -> new Custom("c", null));
  }

  /** An action is immutable. */
  @Test
  void argumentsAreCopied() {
    List<String> args = new ArrayList<>(List.of("-x"));
    ProcessSpawn action = new ProcessSpawn("b", args);
    args.add("-y");
    assertThat(action.args()).containsExactly("-x");
  }

  @Test
  void numbersOutOfRangeAreRejected() {
    for (int port : new int[] {Integer.MIN_VALUE, -1, 0, 65_536, Integer.MAX_VALUE}) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> new NetworkRequest("h", "s", OptionalInt.of(port), Optional.empty()));
    }
    for (long bytes : new long[] {Long.MIN_VALUE, -1, 1L << 53, Long.MAX_VALUE}) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> new FilesystemWrite("p", OptionalLong.of(bytes)));
    }
  }

  private static byte[] written(AgentAction action) {
    CanonicalWriter out = new CanonicalWriter();
    action.write(out);
    return out.toBytes();
  }
}
