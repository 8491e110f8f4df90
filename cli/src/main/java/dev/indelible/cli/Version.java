// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import picocli.CommandLine.IVersionProvider;

/** The version of the jar. */
final class Version implements IVersionProvider {
  @Override
  public String[] getVersion() {
    String version = Version.class.getPackage().getImplementationVersion();
    return new String[] {"indelible " + (version == null ? "(not from a jar)" : version)};
  }
}
