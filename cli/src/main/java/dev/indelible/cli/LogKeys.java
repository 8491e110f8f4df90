// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import dev.indelible.checkpoint.CheckpointParseException;
import dev.indelible.checkpoint.SignatureType;
import dev.indelible.checkpoint.TrustedKeys;
import dev.indelible.checkpoint.VerifierKey;
import dev.indelible.crypto.KeyException;
import dev.indelible.crypto.VerificationKey;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** Reads the public keys of {@code --key}. */
final class LogKeys {
  private static final String BETWEEN_PEM_KEYS = "(?<=-----END PUBLIC KEY-----)\\s+";

  private final Set<VerifierKey> named = new LinkedHashSet<>();
  private final Set<VerificationKey> nameless = new LinkedHashSet<>();

  private LogKeys() {}

  /**
   * Reads keys. An argument is one or more vkeys, one per line, or a file of vkeys, PEM keys or 32
   * raw bytes.
   */
  static TrustedKeys read(List<String> arguments) throws CommandFailure, KeyException {
    LogKeys keys = new LogKeys();
    for (String argument : arguments) {
      if (isFile(argument)) {
        keys.addFile(Path.of(argument));
      } else if (argument.split("\\+", 3).length < 3) {
        throw CommandFailure.usage(
            "--key %s: no such file, and not a vkey of the form name+hash+key either", argument);
      } else {
        keys.addVkeys(argument, "--key");
      }
    }
    return new TrustedKeys(keys.named, keys.nameless);
  }

  private static boolean isFile(String argument) {
    try {
      return Files.exists(Path.of(argument));
    } catch (InvalidPathException e) {
      return false;
    }
  }

  private void addFile(Path file) throws CommandFailure, KeyException {
    byte[] bytes;
    try {
      bytes = Files.readAllBytes(file);
    } catch (IOException e) {
      throw CommandFailure.usage("%s: cannot be read as a public key: %s", file, e.getMessage());
    }
    String text = new String(bytes, StandardCharsets.UTF_8);
    if (bytes.length == VerificationKey.KEY_BYTES) {
      try {
        nameless.add(VerificationKey.of(bytes));
      } catch (IllegalArgumentException e) {
        throw CommandFailure.usage("%s: %s", file, e.getMessage());
      }
    } else if (text.contains("-----BEGIN")) {
      for (String pem : text.strip().split(BETWEEN_PEM_KEYS)) {
        nameless.add(VerificationKey.fromPem(pem, file.toString()));
      }
    } else {
      addVkeys(text, file.toString());
    }
  }

  /** Adds vkeys, one per line, as {@code keys export} prints them. */
  private void addVkeys(String vkeys, String source) throws CommandFailure {
    for (String vkey : vkeys.strip().split("\n", -1)) {
      VerifierKey key;
      try {
        key = VerifierKey.parse(vkey);
      } catch (CheckpointParseException e) {
        throw CommandFailure.usage("%s: %s", source, e.getMessage());
      }
      CommandFailure.refuseIf(
          key.type() == SignatureType.COSIGNATURE,
          "%s: %s is the key of a witness, not of a log; give it with --witness",
          source,
          vkey);
      named.add(key);
    }
  }
}
