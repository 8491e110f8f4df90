// SPDX-License-Identifier: Apache-2.0
package dev.indelible.jdbc;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.sql.CallableStatement;
import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.SQLFeatureNotSupportedException;
import java.sql.Statement;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the objects behind a JDBC object out of reach, on the ways JDBC itself offers to them:
 * datasource-proxy hands out the driver's own objects from {@code unwrap}, {@code
 * ResultSet.getStatement} and {@code DatabaseMetaData.getConnection}, and does not look at the SQL
 * given to a statement that was prepared with other SQL, nor at updates through a result set.
 */
final class Confinement implements InvocationHandler {
  private final Object target;
  private final Class<?> type;

  /** The object this one came from, as the caller sees it; none for what is not a statement's. */
  private final @Nullable Object owner;

  private Confinement(Object target, Class<?> type, @Nullable Object owner) {
    this.target = target;
    this.type = type;
    this.owner = owner;
  }

  static <T> T confine(Class<T> type, Object target, @Nullable Object owner) {
    return type.cast(
        Proxy.newProxyInstance(
            Confinement.class.getClassLoader(),
            new Class<?>[] {type},
            new Confinement(target, type, owner)));
  }

  @Override
  public @Nullable Object invoke(Object self, Method method, Object @Nullable [] args)
      throws Throwable {
    switch (method.getName()) {
      case "equals":
        return self == args[0];
      case "hashCode":
        return System.identityHashCode(self);
      case "isWrapperFor":
        return ((Class<?>) args[0]).isInstance(self);
      case "unwrap":
        return unwrap(self, (Class<?>) args[0]);
      case "getStatement":
        return owner;
      case "getConnection":
        if (owner != null) {
          return owner;
        }
        break;
      case "insertRow", "updateRow", "deleteRow":
        throw new SQLFeatureNotSupportedException(
            "%s: a result set of a governed connection is read-only; write with SQL"
                .formatted(method.getName()));
      default:
        refuseOtherSql(method, args);
    }
    return confined(call(method, args), self);
  }

  private static Object unwrap(Object self, Class<?> wanted) throws SQLException {
    if (wanted.isInstance(self)) {
      return self;
    }
    throw new SQLException(
        "%s would get around the gate; take it from the data source that was wrapped"
            .formatted(wanted.getName()));
  }

  /** JDBC forbids these methods on a prepared statement; some drivers do not. */
  private void refuseOtherSql(Method method, Object @Nullable [] args) throws SQLException {
    boolean takesSql =
        method.getName().startsWith("execute") || method.getName().equals("addBatch");
    if (takesSql && args != null && target instanceof PreparedStatement) {
      throw new SQLException(
          "%s(String) on a statement that was prepared with other SQL".formatted(method.getName()));
    }
  }

  private @Nullable Object call(Method method, Object @Nullable [] args) throws Throwable {
    try {
      return method.invoke(target, args);
    } catch (InvocationTargetException e) {
      throw e.getCause();
    }
  }

  private static @Nullable Object confined(@Nullable Object result, Object self) {
    if (result instanceof Connection) {
      return confine(Connection.class, result, null);
    }
    if (result instanceof CallableStatement) {
      return confine(CallableStatement.class, result, self);
    }
    if (result instanceof PreparedStatement) {
      return confine(PreparedStatement.class, result, self);
    }
    if (result instanceof Statement) {
      return confine(Statement.class, result, self);
    }
    if (result instanceof DatabaseMetaData) {
      return confine(DatabaseMetaData.class, result, self);
    }
    if (result instanceof ResultSet) {
      return confine(ResultSet.class, result, self instanceof Statement ? self : null);
    }
    return result;
  }
}
