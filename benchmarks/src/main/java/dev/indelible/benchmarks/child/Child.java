// SPDX-License-Identifier: Apache-2.0
package dev.indelible.benchmarks.child;

/** The main class of a child JVM: runs one {@link Task} and prints its answers. */
final class Child {
  /** The prefix of a line with an answer; other lines are output of libraries. */
  static final String ANSWER = "answer:";

  private Child() {}

  public static void main(String[] args) throws Exception {
    try {
      Task task = (Task) Class.forName(args[0]).getDeclaredConstructor().newInstance();
      Facts told = new Facts();
      for (int i = 1; i < args.length; i++) {
        told.parse(args[i]);
      }
      task.run(told).values().forEach(Child::answer);
      System.out.flush();
      // Ends threads that a contender leaves running.
      Runtime.getRuntime().halt(0);
    } catch (Throwable e) {
      e.printStackTrace();
      Runtime.getRuntime().halt(1);
    }
  }

  /** Sends an answer before the end. */
  static void answer(String name, Object value) {
    System.out.println(ANSWER + name + "=" + value);
    System.out.flush();
  }
}
