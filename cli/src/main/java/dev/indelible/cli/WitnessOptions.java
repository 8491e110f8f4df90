// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import dev.indelible.base.DurableFiles;
import dev.indelible.checkpoint.CheckpointParseException;
import dev.indelible.checkpoint.VerifierKey;
import dev.indelible.checkpoint.WitnessPolicy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Witnesses whose cosignatures are required. */
final class WitnessOptions {
  @Option(
      names = "--witness",
      paramLabel = "VKEY",
      description =
          "require a cosignature of this witness; may be repeated: all must have cosigned")
  List<String> witnesses = new ArrayList<>();

  @Option(
      names = "--policy",
      paramLabel = "FILE",
      description = "require the quorum of cosignatures in this C2SP tlog-policy")
  @Nullable Path policy;

  boolean areGiven() {
    return policy != null || !witnesses.isEmpty();
  }

  /** Returns the policy of the witnesses; empty if none are given. */
  Optional<WitnessPolicy> policy() throws CommandFailure {
    CommandFailure.refuseIf(
        policy != null && !witnesses.isEmpty(),
        "--witness and --policy cannot be combined; give one of them");
    try {
      if (policy != null) {
        return Optional.of(WitnessPolicy.parse(Files.readAllBytes(policy)));
      }
      List<VerifierKey> keys = new ArrayList<>();
      for (String witness : witnesses) {
        keys.add(VerifierKey.parse(witness));
      }
      return keys.isEmpty()
          ? Optional.empty()
          : Optional.of(WitnessPolicy.of(List.of(), keys, keys.size()));
    } catch (IOException e) {
      throw CommandFailure.usage("%s: cannot be read: %s", policy, DurableFiles.reason(e));
    } catch (CheckpointParseException | IllegalArgumentException e) {
      throw CommandFailure.usage(
          "%s: %s", (policy == null ? "--witness" : policy.toString()), e.getMessage());
    }
  }
}
