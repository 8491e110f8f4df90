// SPDX-License-Identifier: Apache-2.0
package dev.indelible.jdbc;

import dev.indelible.gate.PreWriteHook;
import java.util.Objects;
import java.util.function.Supplier;
import javax.sql.DataSource;
import net.ttddyy.dsproxy.support.ProxyDataSourceBuilder;

/**
 * Wraps a {@link DataSource} so that no write reaches the database unless the hook permits it.
 *
 * <p>The hook is called on the caller's thread, inside the caller's transaction, before a statement
 * is sent. For a batch, it is called for every part before any part is sent. If the hook refuses or
 * throws, the call throws a {@link GovernanceRefusal}, nothing of the statement or batch is sent,
 * and a refused batch is emptied. A statement skips the hook only if it is known to read, or to
 * control the transaction or the session. Everything else counts as a write.
 *
 * <p>The hook gets a {@code custom} action of kind {@value #SQL_WRITE} with this payload:
 *
 * <ul>
 *   <li>{@code namespace}: the table as written but without quotes, with its schema if the text has
 *       it; empty if no table was found. The hook is called once for each table found in each
 *       statement, or once if none was found;
 *   <li>{@code operation}: {@code insert}, {@code update}, {@code delete}, {@code replace}, {@code
 *       merge}, {@code truncate}, {@code ddl}, {@code call} or {@code other};
 *   <li>{@code sql}: the text of the statement, without the comments around it;
 *   <li>{@code parameters}: for each run of the statement, the list of its bound values, as numbers
 *       if a double holds them exactly, as text, booleans and null. Bytes are {@code {"bytes":n}},
 *       streams and other objects {@code {"type":class}}, an output parameter {@code {"out":true}},
 *       one bound by name {@code {name:value}}. A lone surrogate is written as its escape.
 * </ul>
 *
 * <p>Databases parse some text differently: backslashes in strings, {@code #}, dollar quotes,
 * nested comments. Such text is parsed as the product parses it. If that depends on settings, or
 * the product is unknown, every reading is tried, and the hook is asked about the writes in all of
 * them.
 *
 * <p>Thread-safe if the target is. It guards against statements, but not against code in the
 * process that bypasses it. {@code docs/jdbc.md} lists the statements that skip the hook on each
 * product, and all limits. The main limits:
 *
 * <ul>
 *   <li>Names are not resolved: case, aliases, views, synonyms, search paths and Unicode escapes
 *       are passed as written. Only the first table of a multi-table UPDATE or of DDL is named. A
 *       strict policy lists the tables that may be written.
 *   <li>A SELECT that calls a function counts as a read, unless the function comes with the product
 *       and is known to write. Writes by triggers are not seen.
 *   <li>Result sets, and large objects that were read, are read-only: their setters throw {@link
 *       java.sql.SQLFeatureNotSupportedException}.
 * </ul>
 */
public final class GovernedDataSource {
  /** The custom kind of the action that the hook gets. */
  public static final String SQL_WRITE = "sql_write";

  private GovernedDataSource() {}

  /**
   * Wraps a data source, and records bound values.
   *
   * @param target the source of connections; its owner closes it
   * @param hook decides about each write
   * @param agentId returns the agent that writes; called on the writing thread for each write
   */
  public static DataSource wrap(DataSource target, PreWriteHook hook, Supplier<String> agentId) {
    return builder(target, hook, agentId).build();
  }

  /** Returns a builder with the options of {@link #wrap}. */
  public static Builder builder(DataSource target, PreWriteHook hook, Supplier<String> agentId) {
    return new Builder(target, hook, agentId);
  }

  /** Options of a governed data source. */
  public static final class Builder {
    private final DataSource target;
    private final PreWriteHook hook;
    private final Supplier<String> agentId;
    private boolean recordParameters = true;

    private Builder(DataSource target, PreWriteHook hook, Supplier<String> agentId) {
      this.target = Objects.requireNonNull(target, "target is null");
      this.hook = Objects.requireNonNull(hook, "hook is null");
      this.agentId = Objects.requireNonNull(agentId, "agentId is null");
    }

    /**
     * Sets whether the hook gets the bound values; the default is true. If false, the member {@code
     * parameters} is absent. Values inside the SQL text are always in {@code sql}.
     */
    public Builder recordParameters(boolean recordParameters) {
      this.recordParameters = recordParameters;
      return this;
    }

    /** Returns the governed data source. */
    public DataSource build() {
      WriteQuestions questions = new WriteQuestions(hook, agentId, recordParameters);
      DataSource asking = ProxyDataSourceBuilder.create(target).listener(questions).build();
      return Confinement.confine(asking, target, questions);
    }
  }
}
