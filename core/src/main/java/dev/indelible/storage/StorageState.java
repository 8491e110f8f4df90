// SPDX-License-Identifier: Apache-2.0
package dev.indelible.storage;

import java.util.ArrayList;
import java.util.List;

/**
 * The result of comparing a ledger's tables with those that its writers create.
 *
 * @param summary the tables compared, in words
 * @param faults the differences from the tables that the writers create; each one proves that other
 *     software changed them
 * @param notes additional objects on or next to these tables that do not affect the results
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
