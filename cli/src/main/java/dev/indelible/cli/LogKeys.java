// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import dev.indelible.checkpoint.CheckpointParseException;
import dev.indelible.checkpoint.SignatureType;
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
import java.util.stream.Collectors;

/**
 * The public keys that {@code --key} trusts to sign for a log. A vkey says which log; a key without
 * a name is trusted for any.
 */
final class LogKeys {
  private static final String BETWEEN_PEM_KEYS = "(?<=-----END PUBLIC KEY-----)\\s+";

  private final Set<VerifierKey> named = new LinkedHashSet<>();
  private final Set<VerificationKey> nameless = new LinkedHashSet<>();

  private LogKeys() {}

  /** Reads them: each vkeys, one a line, or a file of such, of PEM keys, or of 32 raw bytes. */
  static LogKeys read(List<String> arguments) throws CommandFailure, KeyException {
    LogKeys keys = new LogKeys();
    for (String argument : arguments) {
      if (isFile(argument)) {
        keys.addFile(Path.of(argument));
      } else if (argument.split("\\+", 3).length < 3) {
        throw CommandFailure.usage(
            "--key "
                + argument
                + ": no such file, and not a vkey of the form name+hash+key either");
      } else {
        keys.addVkeys(argument, "--key");
      }
    }
    return keys;
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
      throw CommandFailure.usage(file + ": cannot be read as a public key: " + e.getMessage());
    }
    String text = new String(bytes, StandardCharsets.UTF_8);
    if (bytes.length == VerificationKey.KEY_BYTES) {
      try {
        nameless.add(VerificationKey.of(bytes));
      } catch (IllegalArgumentException e) {
        throw CommandFailure.usage(file + ": " + e.getMessage());
      }
    } else if (text.contains("-----BEGIN")) {
      for (String pem : text.strip().split(BETWEEN_PEM_KEYS)) {
        nameless.add(VerificationKey.fromPem(pem, file.toString()));
      }
    } else {
      addVkeys(text, file.toString());
    }
  }

  /** One a line, as {@code keys export} prints them. */
  private void addVkeys(String vkeys, String source) throws CommandFailure {
    for (String line : vkeys.strip().split("\n", -1)) {
      addVkey(line, source);
    }
  }

  private void addVkey(String vkey, String source) throws CommandFailure {
    VerifierKey key;
    try {
      key = VerifierKey.parse(vkey);
    } catch (CheckpointParseException e) {
      throw CommandFailure.usage(source + ": " + e.getMessage());
    }
    if (key.type() != SignatureType.ED25519) {
      throw CommandFailure.usage(
          "%s: %s is a witness's key, which signs for no log; give it as --witness"
              .formatted(source, vkey));
    }
    named.add(key);
  }

  boolean isEmpty() {
    return named.isEmpty() && nameless.isEmpty();
  }

  /**
   * Those that may sign for the log of this name.
   *
   * @throws IllegalArgumentException if no log can have that name
   */
  Set<VerifierKey> under(String origin) {
    Set<VerifierKey> keys = new LinkedHashSet<>(named);
    keys.addAll(VerifierKey.ofLog(origin, nameless));
    return keys;
  }

  /** The names under which they were given; none if one of them has no name, and so signs any. */
  Set<String> origins() {
    return nameless.isEmpty()
        ? named.stream().map(VerifierKey::name).collect(Collectors.toSet())
        : Set.of();
  }

  /** Those that may sign for the log of this name, if a log can have it. */
  Set<VerificationKey> of(String origin) {
    Set<VerificationKey> keys = new LinkedHashSet<>(nameless);
    named.stream().filter(key -> key.name().equals(origin)).forEach(key -> keys.add(ed25519(key)));
    return keys;
  }

  /** All of them, whatever their names are. */
  Set<VerificationKey> all() {
    Set<VerificationKey> keys = new LinkedHashSet<>(nameless);
    named.forEach(key -> keys.add(ed25519(key)));
    return keys;
  }

  /** The key of a log, which no vkey of another type is taken for. */
  private static VerificationKey ed25519(VerifierKey key) {
    return (VerificationKey) key.key();
  }
}
