// SPDX-License-Identifier: Apache-2.0
package dev.indelible.health;

import dev.indelible.json.CanonicalWriter;
import java.util.List;

/**
 * A fault of a log.
 *
 * @param source the part at fault, one of {@link #SOURCES} or {@link #witness}; a log has at most
 *     one entry per source
 * @param reason the fault and its remedy, in words; never blank
 */
public record HealthEntry(String source, String reason) {
  /** The drainer: events wait, because the ledger cannot be written or its writer fails. */
  public static final String RECORDING = "recording";

  /** The ledger's file: it cannot be read or written, or its schema differs from this version's. */
  public static final String LEDGER = "ledger";

  /** The chain: a writer has found a row that the log did not write. */
  public static final String CHAIN = "chain";

  /** Events that wait in the journals of processes, alive or ended. */
  public static final String WAITING = "waiting";

  /** This process's journal: its quota, its disk, its syncs. */
  public static final String JOURNAL = "journal";

  /** The disk of the data directory. */
  public static final String DISK = "disk";

  /** Dead letters that wait. */
  public static final String DEAD_LETTERS = "dead_letters";

  /** Checkpoint signing. */
  public static final String CHECKPOINTS = "checkpoints";

  /** The stored Merkle tree. */
  public static final String TREE = "tree";

  /** Tallies. */
  public static final String TALLIES = "tallies";

  /** The keys of the data directory. */
  public static final String KEYS = "keys";

  /** The daemon's API keys. */
  public static final String CREDENTIALS = "credentials";

  /** The daemon's TLS files. */
  public static final String TLS = "tls";

  /** The rules. */
  public static final String POLICY = "policy";

  /** The file that names the witnesses. */
  public static final String WITNESSES = "witnesses";

  /** The anchor file. */
  public static final String ANCHOR = "anchor";

  /** The version of SQLite. */
  public static final String SQLITE = "sqlite";

  /** The settings of the PostgreSQL server. */
  public static final String POSTGRESQL = "postgresql";

  /** The index for queries: it cannot be written, or is far behind the ledger. */
  public static final String INDEX = "index";

  /** The shards of a fleet: the log of logs has not seen one of them within the promised time. */
  public static final String SHARDS = "shards";

  /** Every source except those of single witnesses, see {@link #witness}. */
  public static final List<String> SOURCES =
      List.of(
          RECORDING,
          LEDGER,
          CHAIN,
          WAITING,
          JOURNAL,
          DISK,
          DEAD_LETTERS,
          CHECKPOINTS,
          TREE,
          TALLIES,
          KEYS,
          CREDENTIALS,
          TLS,
          POLICY,
          WITNESSES,
          ANCHOR,
          SQLITE,
          POSTGRESQL,
          INDEX,
          SHARDS);

  /**
   * Creates an entry.
   *
   * @throws IllegalArgumentException if the source or the reason is blank
   */
  public HealthEntry {
    if (source.isBlank() || reason.isBlank()) {
      throw new IllegalArgumentException("a health entry has a source and a reason");
    }
  }

  /** Writes the members of this entry. */
  public void write(CanonicalWriter out) {
    out.member("reason", reason).member("source", source);
  }

  /** Returns the source of a witness. */
  public static String witness(String name) {
    return "witness " + name;
  }
}
