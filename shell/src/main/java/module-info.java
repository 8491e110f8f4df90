// SPDX-License-Identifier: Apache-2.0
/** A bash parser without dependencies. */
// The module that it is exported to depends on it, and is compiled after it.
@SuppressWarnings("module")
module dev.indelible.shell {
  requires static org.jspecify;

  exports dev.indelible.shell to
      dev.indelible.policy;
}
