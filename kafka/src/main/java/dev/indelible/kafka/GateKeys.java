// SPDX-License-Identifier: Apache-2.0
package dev.indelible.kafka;

import dev.indelible.crypto.KeyRing;
import dev.indelible.crypto.VerificationKey;
import dev.indelible.event.SystemEvent;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.LedgerReader;
import dev.indelible.ledger.RowQuery;
import dev.indelible.note.GateKey;
import dev.indelible.note.RowCheck;
import dev.indelible.storage.LedgerWriter;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** The gates that are enrolled in a log, as its chain states. Immutable. */
public final class GateKeys {
  private final SortedMap<String, Map<String, VerificationKey>> gates = new TreeMap<>();

  private GateKeys() {}

  /**
   * Reads the enrolments and removals of a ledger.
   *
   * @param keys the public keys accepted on rows; a row that does not verify enrols nobody
   */
  public static GateKeys read(LedgerReader ledger, KeyRing keys) throws LedgerException {
    List<ChainRow> rows = new ArrayList<>();
    for (String type : List.of(SystemEvent.GATE_ENROLLED, SystemEvent.GATE_REMOVED)) {
      ledger.forEachRow(RowQuery.ofType(type), rows::add);
    }
    return of(rows, new RowCheck(keys));
  }

  /** Reads the enrolments and removals of a ledger that is open for writing. */
  static GateKeys read(LedgerWriter ledger, RowCheck check) throws LedgerException {
    List<ChainRow> rows = new ArrayList<>(ledger.rowsOfType(SystemEvent.GATE_ENROLLED));
    rows.addAll(ledger.rowsOfType(SystemEvent.GATE_REMOVED));
    return of(rows, check);
  }

  private static GateKeys of(List<ChainRow> rows, RowCheck check) {
    rows.sort(Comparator.comparingLong(ChainRow::sequence));
    GateKeys found = new GateKeys();
    for (ChainRow row : rows) {
      if (check.content(row).isEmpty()) {
        GateKey.readEnrolled(row).ifPresent(found::enroll);
        GateKey.readRemoved(row).ifPresent(found::remove);
      }
    }
    return found;
  }

  private void enroll(GateKey gate) {
    gates.computeIfAbsent(gate.gate(), name -> new TreeMap<>()).put(gate.key().keyId(), gate.key());
  }

  private void remove(GateKey gate) {
    Map<String, VerificationKey> keys = gates.get(gate.gate());
    if (keys != null) {
      keys.remove(gate.key().keyId(), gate.key());
      if (keys.isEmpty()) {
        gates.remove(gate.gate());
      }
    }
  }

  /** Returns a gate's key; empty unless the gate is enrolled with it. */
  public Optional<VerificationKey> find(String gate, String keyId) {
    return Optional.ofNullable(gates.getOrDefault(gate, Map.of()).get(keyId));
  }

  /** Returns every gate with its keys, in order of names. */
  public List<GateKey> all() {
    List<GateKey> all = new ArrayList<>();
    gates.forEach((gate, keys) -> keys.values().forEach(key -> all.add(new GateKey(gate, key))));
    return Collections.unmodifiableList(all);
  }
}
