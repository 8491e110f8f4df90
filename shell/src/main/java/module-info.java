// SPDX-License-Identifier: Apache-2.0
/** A bash parser without dependencies. */
// The module to which the package is exported depends on this one, so it is compiled later.
@SuppressWarnings("module")
module dev.indelible.shell {
  requires static org.jspecify;

  exports dev.indelible.shell to
      dev.indelible.policy;
}
