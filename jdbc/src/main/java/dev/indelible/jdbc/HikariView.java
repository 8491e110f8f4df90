// SPDX-License-Identifier: Apache-2.0
package dev.indelible.jdbc;

import com.zaxxer.hikari.HikariDataSource;
import com.zaxxer.hikari.HikariPoolMXBean;
import com.zaxxer.hikari.metrics.MetricsTrackerFactory;
import java.lang.reflect.Field;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.SQLException;
import javax.sql.DataSource;

/**
 * A view of a governed HikariCP pool for monitoring. It offers the pool's settings, state and
 * metrics, and governed connections only; it hides the pool's URL and credentials. Spring Boot
 * unwraps a data source to {@code HikariDataSource} to bind metrics, and gets this view instead of
 * the pool.
 *
 * <p>Every method is delegated by hand: {@code HikariDataSource} is a class, so a dynamic proxy
 * cannot implement it. HikariCP's own copy of a configuration includes the credentials and does not
 * follow later changes.
 */
final class HikariView extends HikariDataSource {
  private final HikariDataSource target;
  private final DataSource governed;

  private HikariView(HikariDataSource target, DataSource governed) {
    this.target = target;
    this.governed = governed;
  }

  static Object of(DataSource target, DataSource governed) throws SQLException {
    HikariDataSource pool = (HikariDataSource) target;
    HikariView view = new HikariView(pool, governed);
    view.shareState();
    return view;
  }

  /** Copies the private field from which Spring Boot reads the number of connections in use. */
  private void shareState() throws SQLException {
    try {
      Field pool = HikariDataSource.class.getDeclaredField("pool");
      pool.setAccessible(true);
      pool.set(this, pool.get(target));
    } catch (ReflectiveOperationException | RuntimeException e) {
      throw new SQLException("cannot share the state of the HikariCP pool with its monitoring", e);
    }
  }

  @Override
  public Connection getConnection() throws SQLException {
    return governed.getConnection();
  }

  @Override
  public Connection getConnection(String user, String password) throws SQLException {
    return governed.getConnection(user, password);
  }

  @Override
  public <T> T unwrap(Class<T> wanted) throws SQLException {
    return wanted.isInstance(this) ? wanted.cast(this) : governed.unwrap(wanted);
  }

  @Override
  public boolean isWrapperFor(Class<?> wanted) throws SQLException {
    return wanted.isInstance(this) || governed.isWrapperFor(wanted);
  }

  /**
   * Returns a proxy. The pool's own bean is the pool itself, which would give access to the
   * driver's connections.
   */
  @Override
  public HikariPoolMXBean getHikariPoolMXBean() {
    HikariPoolMXBean bean = target.getHikariPoolMXBean();
    if (bean == null) {
      return bean;
    }
    return (HikariPoolMXBean)
        Proxy.newProxyInstance(
            HikariPoolMXBean.class.getClassLoader(),
            new Class<?>[] {HikariPoolMXBean.class},
            (self, method, args) -> {
              try {
                return method.invoke(bean, args);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }

  @Override
  public void close() {
    target.close();
  }

  @Override
  public String getPoolName() {
    return target.getPoolName();
  }

  @Override
  public String getConnectionTestQuery() {
    return target.getConnectionTestQuery();
  }

  @Override
  public boolean isAutoCommit() {
    return target.isAutoCommit();
  }

  @Override
  public boolean isAllowPoolSuspension() {
    return target.isAllowPoolSuspension();
  }

  @Override
  public boolean isReadOnly() {
    return target.isReadOnly();
  }

  @Override
  public boolean isRegisterMbeans() {
    return target.isRegisterMbeans();
  }

  @Override
  public long getInitializationFailTimeout() {
    return target.getInitializationFailTimeout();
  }

  @Override
  public long getKeepaliveTime() {
    return target.getKeepaliveTime();
  }

  @Override
  public MetricsTrackerFactory getMetricsTrackerFactory() {
    return target.getMetricsTrackerFactory();
  }

  @Override
  public Object getMetricRegistry() {
    return target.getMetricRegistry();
  }

  @Override
  public Object getHealthCheckRegistry() {
    return target.getHealthCheckRegistry();
  }

  @Override
  public boolean isRunning() {
    return target.isRunning();
  }

  @Override
  public boolean isClosed() {
    return target.isClosed();
  }

  @Override
  public void setMetricRegistry(Object metricRegistry) {
    target.setMetricRegistry(metricRegistry);
  }

  @Override
  public void setMetricsTrackerFactory(MetricsTrackerFactory metricsTrackerFactory) {
    target.setMetricsTrackerFactory(metricsTrackerFactory);
  }

  @Override
  public void setHealthCheckRegistry(Object healthCheckRegistry) {
    target.setHealthCheckRegistry(healthCheckRegistry);
  }

  @Override
  public long getConnectionTimeout() {
    return target.getConnectionTimeout();
  }

  @Override
  public void setConnectionTimeout(long connectionTimeout) {
    target.setConnectionTimeout(connectionTimeout);
  }

  @Override
  public long getIdleTimeout() {
    return target.getIdleTimeout();
  }

  @Override
  public void setIdleTimeout(long idleTimeout) {
    target.setIdleTimeout(idleTimeout);
  }

  @Override
  public long getLeakDetectionThreshold() {
    return target.getLeakDetectionThreshold();
  }

  @Override
  public void setLeakDetectionThreshold(long leakDetectionThreshold) {
    target.setLeakDetectionThreshold(leakDetectionThreshold);
  }

  @Override
  public long getMaxLifetime() {
    return target.getMaxLifetime();
  }

  @Override
  public void setMaxLifetime(long maxLifetime) {
    target.setMaxLifetime(maxLifetime);
  }

  @Override
  public int getMaximumPoolSize() {
    return target.getMaximumPoolSize();
  }

  @Override
  public void setMaximumPoolSize(int maximumPoolSize) {
    target.setMaximumPoolSize(maximumPoolSize);
  }

  @Override
  public int getMinimumIdle() {
    return target.getMinimumIdle();
  }

  @Override
  public void setMinimumIdle(int minimumIdle) {
    target.setMinimumIdle(minimumIdle);
  }

  @Override
  public long getValidationTimeout() {
    return target.getValidationTimeout();
  }

  @Override
  public void setValidationTimeout(long validationTimeout) {
    target.setValidationTimeout(validationTimeout);
  }

  @Override
  public String getCatalog() {
    return target.getCatalog();
  }

  @Override
  public void setCatalog(String catalog) {
    target.setCatalog(catalog);
  }
}
