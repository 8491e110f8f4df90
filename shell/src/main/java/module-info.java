// SPDX-License-Identifier: Apache-2.0
/** A bash parser without dependencies. */
module dev.indelible.shell {
  requires static org.jspecify;

  exports dev.indelible.shell;
}
