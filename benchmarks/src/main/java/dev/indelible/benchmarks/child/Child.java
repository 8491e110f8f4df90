// SPDX-License-Identifier: Apache-2.0
package dev.indelible.benchmarks.child;

/** The main class of a child JVM: runs one {@link Task} and prints its answers. */
final class Child {
  /** What an answer's line begins with; anything else that is printed is somebody's chatter. */
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
      // Whatever threads a contender leaves behind.
      Runtime.getRuntime().halt(0);
    } catch (Throwable e) {
      e.printStackTrace();
      Runtime.getRuntime().halt(1);
    }
  }

  /** Says something before the end. */
  static void answer(String name, Object value) {
    System.out.println(ANSWER + name + "=" + value);
    System.out.flush();
  }
}
