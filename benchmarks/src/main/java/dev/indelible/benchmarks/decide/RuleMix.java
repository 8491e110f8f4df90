// SPDX-License-Identifier: Apache-2.0
package dev.indelible.benchmarks.decide;

import java.util.List;

/**
 * Policies of many rules, like those of an organisation: directories of teams, files of services,
 * hosts, domains, address ranges, globs and programs, evenly mixed.
 */
final class RuleMix {
  private static final List<String> SEVERITIES = List.of("refuse", "escalate", "warn");

  private RuleMix() {}

  static String yaml(int rules) {
    StringBuilder yaml = new StringBuilder("version: 1\nrules:\n");
    for (int i = 0; i < rules; i++) {
      yaml.append("- {id: r").append(i);
      yaml.append(", severity: ").append(SEVERITIES.get(i % SEVERITIES.size()));
      yaml.append(", reason: not for agents, when: {").append(condition(i)).append("}}\n");
    }
    return yaml.toString();
  }

  private static String condition(int i) {
    return switch (i % 10) {
      case 0 -> "deletes: '/srv/team%s/**'".formatted(i);
      case 1 ->
          "deletes: {recursive: true, paths: ['~/projects/p%1$s', '/data/%1$s-*']}".formatted(i);
      case 2 -> "writes: ['/etc/service%1$s/*.conf', '~/.config/service%1$s/**']".formatted(i);
      case 3 -> "writes: '${cwd}/services/s%s/**/*.lock'".formatted(i);
      case 4 -> "reads: ['**/secrets-%1$s/**', '**/*.key%1$s']".formatted(i);
      case 5 -> "contacts: db-%s.prod.example.com".formatted(i);
      case 6 -> "contacts: '*.service%s.example.net'".formatted(i);
      case 7 -> "contacts: 10.%s.%s.0/24".formatted(i / 256 % 256, i % 256);
      case 8 -> "contacts: 'cache-*.region%s.example.org'".formatted(i);
      default -> "command: 'tool%s deploy'".formatted(i);
    };
  }
}
