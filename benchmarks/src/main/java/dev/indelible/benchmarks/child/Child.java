// SPDX-License-Identifier: Apache-2.0
package dev.indelible.benchmarks.child;

/** The main class of a child JVM. Runs one {@link Task} and prints its results. */
final class Child {
  /** The prefix of a line with a result. Other lines are output of libraries. */
  static final String ANSWER = "answer:";

  private Child() {}

  public static void main(String[] args) throws Exception {
    try {
      Task task = (Task) Class.forName(args[0]).getDeclaredConstructor().newInstance();
      Facts orders = new Facts();
      for (int i = 1; i < args.length; i++) {
        orders.parse(args[i]);
      }
      task.run(orders).values().forEach(Child::answer);
      System.out.flush();
      // A contender may leave threads running, which would keep the JVM alive.
      Runtime.getRuntime().halt(0);
    } catch (Throwable e) {
      e.printStackTrace();
      Runtime.getRuntime().halt(1);
    }
  }

  /** Prints a result while the task is running. */
  static void answer(String name, Object value) {
    System.out.println(ANSWER + name + "=" + value);
    System.out.flush();
  }
}
