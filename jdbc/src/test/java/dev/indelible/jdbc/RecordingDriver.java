// SPDX-License-Identifier: Apache-2.0
package dev.indelible.jdbc;

import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * A lenient driver without a database. It lists the SQL that reaches it, permits calls that JDBC
 * forbids but some drivers allow, and keeps a batch until the batch is cleared or sent.
 */
final class RecordingDriver {
  final List<String> sent = new ArrayList<>();
  boolean clearBatchFails;
  boolean closed;

  DataSource dataSource() {
    return object(DataSource.class, "", new ArrayList<>());
  }

  private <T> T object(Class<T> type, String prepared, List<String> batch) {
    return type.cast(
        Proxy.newProxyInstance(
            RecordingDriver.class.getClassLoader(),
            new Class<?>[] {type},
            (self, method, args) -> answer(self, method, args, prepared, batch)));
  }

  private @Nullable Object answer(
      Object self, Method method, Object @Nullable [] args, String prepared, List<String> batch)
      throws SQLException {
    String sql = args != null && args[0] instanceof String text ? text : prepared;
    String name = method.getName();
    if (name.equals("addBatch")) {
      batch.add(sql);
    } else if (name.equals("clearBatch")) {
      if (clearBatchFails) {
        throw new SQLException("clearBatch");
      }
      batch.clear();
    } else if (name.equals("executeBatch") || name.equals("executeLargeBatch")) {
      sent.addAll(batch);
      batch.clear();
    } else if (name.startsWith("execute")) {
      sent.add(sql);
    } else if (name.endsWith("Row")) {
      sent.add(name);
    } else if (name.equals("close")) {
      closed = true;
    } else if (name.equals("getDatabaseProductName")) {
      return "Recording";
    } else if (name.equals("hashCode")) {
      return System.identityHashCode(self);
    }
    return result(method.getReturnType(), name.startsWith("prepare") ? sql : prepared);
  }

  private @Nullable Object result(Class<?> type, String prepared) {
    if (type == int.class || type == long.class) {
      return type == int.class ? (Object) 0 : (Object) 0L;
    }
    if (type == boolean.class) {
      return false;
    }
    return type.isInterface() ? object(type, prepared, new ArrayList<>()) : null;
  }
}
