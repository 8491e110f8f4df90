// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import java.lang.reflect.Proxy;

/**
 * Signals of the operating system. Java's only interface for them, {@code sun.misc.Signal}, is used
 * by reflection, because the compiler warns of each use and the warning cannot be switched off.
 */
final class Signals {
  private Signals() {}

  /**
   * Runs an action at each signal of a name, in place of what Java does by default.
   *
   * @param name the name without SIG
   * @param action runs on its own thread
   */
  static void handle(String name, Runnable action) {
    try {
      Class<?> type = Class.forName("sun.misc.Signal");
      Class<?> handlerType = Class.forName("sun.misc.SignalHandler");
      Object handler =
          Proxy.newProxyInstance(
              handlerType.getClassLoader(),
              new Class<?>[] {handlerType},
              (proxy, method, arguments) -> {
                if (method.getName().equals("handle")) {
                  action.run();
                }
                return null;
              });
      Object signal = type.getConstructor(String.class).newInstance(name);
      type.getMethod("handle", type, handlerType).invoke(null, signal, handler);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("SIG" + name + " cannot be handled", e);
    }
  }
}
