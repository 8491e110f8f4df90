// SPDX-License-Identifier: Apache-2.0
package dev.indelible.jdbc;

import java.io.InputStream;
import java.io.Reader;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.sql.Array;
import java.sql.Blob;
import java.sql.CallableStatement;
import java.sql.Clob;
import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.NClob;
import java.sql.ParameterMetaData;
import java.sql.PreparedStatement;
import java.sql.Ref;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.RowId;
import java.sql.SQLException;
import java.sql.SQLFeatureNotSupportedException;
import java.sql.SQLXML;
import java.sql.Savepoint;
import java.sql.Statement;
import java.sql.Struct;
import java.sql.Types;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * Hides the objects of the driver. Each JDBC object that a method returns is wrapped as the
 * interface that the method declares, because one driver object may implement several interfaces.
 * Closes the bypasses that JDBC offers: {@code unwrap}, the getters of a statement or connection,
 * different SQL on a prepared statement, updates through a result set, and writes to large objects.
 */
final class Confinement implements InvocationHandler {
  /**
   * The interfaces to wrap. An object of undeclared type is wrapped as the first interface that
   * fits.
   */
  private static final List<Class<?>> CONFINED =
      List.of(
          Connection.class,
          CallableStatement.class,
          PreparedStatement.class,
          Statement.class,
          ResultSet.class,
          DatabaseMetaData.class,
          ResultSetMetaData.class,
          ParameterMetaData.class,
          Array.class,
          NClob.class,
          Clob.class,
          Blob.class,
          SQLXML.class,
          Struct.class,
          Ref.class,
          RowId.class,
          Savepoint.class);

  private static final Set<Class<?>> WRITABLE_VALUES =
      Set.of(Blob.class, Clob.class, NClob.class, SQLXML.class, Ref.class);

  /**
   * HikariCP's pool class, and the type to which Spring Boot unwraps before it casts to the pool.
   */
  private static final Set<String> HIKARI_TYPES =
      Set.of("com.zaxxer.hikari.HikariDataSource", "com.zaxxer.hikari.HikariConfigMXBean");

  private static final Set<Object> LARGE_TYPES = Set.of(Types.BLOB, Types.CLOB, Types.NCLOB);

  private final Object target;
  private final Class<?> type;
  private final WriteQuestions questions;

  /** The wrapped object that returned this one; for a data source, its target. */
  private final Object owner;

  /**
   * The SQL of a prepared statement; for any other object, the name of the method that returned it.
   */
  private final String origin;

  private Confinement(
      Object target, Class<?> type, WriteQuestions questions, Object owner, String origin) {
    this.target = target;
    this.type = type;
    this.questions = questions;
    this.owner = owner;
    this.origin = origin;
  }

  /**
   * Wraps a data source that asks the hook.
   *
   * @param asking the data source that asks the hook and then uses {@code wrapped}
   * @param wrapped the target of {@code asking}, for example a pool
   */
  static DataSource confine(DataSource asking, DataSource wrapped, WriteQuestions questions) {
    return (DataSource)
        proxy(new Confinement(asking, DataSource.class, questions, wrapped, "wrap"));
  }

  private static Object proxy(Confinement confinement) {
    return Proxy.newProxyInstance(
        Confinement.class.getClassLoader(), new Class<?>[] {confinement.type}, confinement);
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
        return isWrapperFor(self, (Class<?>) args[0]);
      case "unwrap":
        return unwrap(self, (Class<?>) args[0]);
      case "getStatement":
        return owner instanceof Statement ? owner : null;
      case "getConnection":
        if (owner instanceof Connection) {
          return owner;
        }
        break;
      case "insertRow", "updateRow", "deleteRow":
        throw new SQLFeatureNotSupportedException(
            "%s: a result set of a governed connection is read-only; write with SQL"
                .formatted(method.getName()));
      case "prepareStatement", "prepareCall":
        questions.askBeforePreparing((Connection) target, (String) args[0]);
        break;
      default:
        requireNoOtherSql(method, args);
        requireNoWriteInPlace(method);
        askAboutLargeObject(method, args);
    }
    return confined(call(method, args), method, args, self);
  }

  private boolean isWrapperFor(Object self, Class<?> wanted) {
    return wanted.isInstance(self)
        || owner instanceof DataSource wrapped && isHikariPool(wrapped, wanted);
  }

  /** Compares by name, because HikariCP may be missing from the class path. */
  private static boolean isHikariPool(DataSource wrapped, Class<?> wanted) {
    return HIKARI_TYPES.contains(wanted.getName()) && wanted.isInstance(wrapped);
  }

  private Object unwrap(Object self, Class<?> wanted) throws SQLException {
    if (wanted.isInstance(self)) {
      return self;
    }
    if (owner instanceof DataSource wrapped && isHikariPool(wrapped, wanted)) {
      return HikariView.of(wrapped, (DataSource) self);
    }
    throw new SQLException(
        "%s would bypass the gate; unwrap the data source that you wrapped"
            .formatted(wanted.getName()));
  }

  /** Refuses methods that JDBC forbids on a prepared statement; some drivers permit them. */
  private void requireNoOtherSql(Method method, Object @Nullable [] args) throws SQLException {
    boolean takesSql =
        method.getName().startsWith("execute") || method.getName().equals("addBatch");
    if (takesSql && args != null && target instanceof PreparedStatement) {
      throw new SQLException(
          "%s(String) on a statement that was prepared with other SQL".formatted(method.getName()));
    }
  }

  /**
   * Refuses setters of a value that was read. The value may be a locator, whose setters write to
   * the table.
   */
  private void requireNoWriteInPlace(Method method) throws SQLException {
    boolean writes =
        WRITABLE_VALUES.contains(type)
            && (method.getName().startsWith("set") || method.getName().equals("truncate"));
    if (writes && !origin.startsWith("create")) {
      throw new SQLFeatureNotSupportedException(
          "%s.%s: a value read through a governed connection is read-only; write with SQL"
              .formatted(type.getSimpleName(), method.getName()));
    }
  }

  /**
   * Asks the hook about a large object before it is bound: PostgreSQL's driver writes the object
   * during binding.
   */
  private void askAboutLargeObject(Method method, Object @Nullable [] args) throws SQLException {
    boolean binds =
        target instanceof PreparedStatement
            && method.getName().startsWith("set")
            && args != null
            && args.length >= 2
            && args[1] != null;
    if (binds && isLargeObject(method.getName(), args)) {
      questions.askAboutLargeObject((Statement) target, origin);
    }
  }

  private static boolean isLargeObject(String method, Object[] args) {
    boolean asLargeObject = args.length >= 3 && LARGE_TYPES.contains(args[2]);
    boolean isLarge =
        args[1] instanceof Blob
            || args[1] instanceof Clob
            || args[1] instanceof InputStream
            || args[1] instanceof Reader;
    return method.equals("setBlob")
        || method.equals("setClob")
        || method.equals("setNClob")
        || method.equals("setObject") && (asLargeObject || isLarge);
  }

  private @Nullable Object call(Method method, Object @Nullable [] args) throws Throwable {
    try {
      return method.invoke(target, args == null ? null : released(args));
    } catch (InvocationTargetException e) {
      throw e.getCause();
    }
  }

  /** Replaces proxies among the arguments with the objects of the driver. */
  private static Object[] released(Object[] args) {
    Object[] released = args.clone();
    for (int i = 0; i < args.length; i++) {
      if (args[i] instanceof Object[] elements && elements.getClass() == Object[].class) {
        released[i] = released(elements);
      } else if (args[i] != null
          && Proxy.isProxyClass(args[i].getClass())
          && Proxy.getInvocationHandler(args[i]) instanceof Confinement confinement) {
        released[i] = confinement.target;
      }
    }
    return released;
  }

  private @Nullable Object confined(
      @Nullable Object result, Method method, Object @Nullable [] args, Object self)
      throws SQLException {
    if (result instanceof Object[] elements) {
      return confinedElements(elements, method, self);
    }
    Class<?> confinedType = confinedType(result, method.getReturnType());
    if (confinedType == null) {
      return result;
    }
    boolean prepares = method.getName().startsWith("prepare");
    String made = prepares ? (String) args[0] : method.getName();
    Confinement confinement = new Confinement(result, confinedType, questions, self, made);
    Object proxy = proxy(confinement);
    return args != null && args.length > 0 && args[args.length - 1] instanceof Class<?> wanted
        ? confinement.unwrap(proxy, wanted)
        : proxy;
  }

  /** Returns the interface to wrap an object of this declared type, or null if there is none. */
  private static @Nullable Class<?> confinedType(@Nullable Object object, Class<?> declared) {
    return CONFINED.stream()
        .filter(type -> declared == type || declared == Object.class)
        .filter(type -> type.isInstance(object))
        .findFirst()
        .orElse(null);
  }

  private Object[] confinedElements(Object[] elements, Method method, Object self)
      throws SQLException {
    Object[] confined = Arrays.copyOf(elements, elements.length, Object[].class);
    boolean changed = false;
    for (int i = 0; i < elements.length; i++) {
      Object element = elements[i];
      Class<?> confinedType = confinedType(element, Object.class);
      if (element instanceof Object[] inner) {
        confined[i] = confinedElements(inner, method, self);
      } else if (confinedType != null) {
        confined[i] =
            proxy(new Confinement(element, confinedType, questions, self, method.getName()));
      }
      changed |= confined[i] != element;
    }
    return changed ? confined : elements;
  }
}
