// SPDX-License-Identifier: Apache-2.0
/** Rules, and the gate that decides by them. */
// RE2/J has no module descriptor.
@SuppressWarnings("requires-automatic")
module dev.indelible.policy {
  requires static org.jspecify;
  requires transitive dev.indelible.core;
  requires dev.indelible.shell;
  requires org.slf4j;
  requires re2j;
  requires org.snakeyaml.engine;

  uses dev.indelible.expression.ExpressionLanguage;

  exports dev.indelible.gate;
  exports dev.indelible.policy;
}
