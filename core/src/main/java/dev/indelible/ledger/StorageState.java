// SPDX-License-Identifier: Apache-2.0
package dev.indelible.ledger;

import java.util.ArrayList;
import java.util.List;

/**
 * The state of the tables that a ledger is kept in, found without reading the chain.
 *
 * @param summary what was compared, for a person
 * @param faults what differs from the tables that this ledger's writers make and fill; each proves
 *     that something else changed them
 * @param notes what others keep on these tables or beside them, which changes no answer
 */
public record StorageState(String summary, List<String> faults, List<String> notes) {
  public StorageState {
    faults = List.copyOf(faults);
    notes = List.copyOf(notes);
  }

  /** Returns this state with one more fault. */
  public StorageState withFault(String fault) {
    List<String> all = new ArrayList<>(faults);
    all.add(fault);
    return new StorageState(summary, all, notes);
  }
}
