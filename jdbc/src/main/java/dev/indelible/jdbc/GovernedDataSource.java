// SPDX-License-Identifier: Apache-2.0
package dev.indelible.jdbc;

import dev.indelible.gate.PreWriteHook;
import java.util.Objects;
import java.util.function.Supplier;
import javax.sql.DataSource;
import net.ttddyy.dsproxy.support.ProxyDataSourceBuilder;

/**
 * Puts the gate in front of a {@link DataSource}: no write goes to the database unless the hook
 * permits it.
 *
 * <p>The hook is asked on the caller's thread, inside the caller's transaction, before a statement
 * is sent; for a batch, about all of it before any of it is sent. If it does not permit the write,
 * or throws, the call throws a {@link GovernanceRefusal} and nothing of the statement or batch is
 * sent; a refused batch is emptied. A statement passes without a question only if it is known to
 * read, or to steer the transaction or the session. Everything else is a write, known or not.
 *
 * <p>The hook sees a {@code custom} action of kind {@value #SQL_WRITE} whose payload has
 *
 * <ul>
 *   <li>{@code namespace}: the table, as written but without quotes, with its schema if given;
 *       empty if none was found. A text with several statements, and a statement that writes to
 *       several tables, is asked about once for each;
 *   <li>{@code operation}: {@code insert}, {@code update}, {@code delete}, {@code replace}, {@code
 *       merge}, {@code truncate}, {@code ddl}, {@code call} or {@code other};
 *   <li>{@code sql}: the text of the statement, without the comments around it;
 *   <li>{@code parameters}: for each time the statement is to run, the list of its bound values, as
 *       numbers where a double holds them exactly, as text, booleans and null. Bytes are {@code
 *       {"bytes":n}}, streams and other objects {@code {"type":class}}, an output parameter {@code
 *       {"out":true}}, one bound by name {@code {name:value}}. Half of a surrogate pair is written
 *       as its escape.
 * </ul>
 *
 * <p>Text that databases read differently (backslashes in strings, {@code #}, dollar quotes,
 * comments in comments) is read as the product at hand reads it; where that depends on its settings
 * or the product is not known, it is read in each way, and a write in any of them is asked about.
 *
 * <p>The wrapper is as safe to share between threads as its target. It guards against what a
 * statement says, not against code in the same process that means to get around it. {@code
 * docs/jdbc.md} lists what passes on each product, and the limits. The chief ones:
 *
 * <ul>
 *   <li>The name is not resolved: case, aliases, views, synonyms, search paths and Unicode escapes
 *       are as written, and of a multi-table UPDATE or of DDL only the first table is named. A
 *       policy that must hold lists what may be written, not what may not.
 *   <li>A SELECT of a function that writes is a read here unless the function comes with the
 *       product and is known to write; a trigger's writes are not seen.
 *   <li>Result sets, and large objects that were read, are read-only: their setters throw {@link
 *       java.sql.SQLFeatureNotSupportedException}.
 * </ul>
 */
public final class GovernedDataSource {
  /** The kind of the action the hook is asked about. */
  public static final String SQL_WRITE = "sql_write";

  private GovernedDataSource() {}

  /**
   * Wraps a data source, with the bound values on record.
   *
   * @param target where the connections come from; whoever opened it closes it
   * @param hook decides about each write
   * @param agentId who is writing, asked for each write on the thread that writes
   */
  public static DataSource wrap(DataSource target, PreWriteHook hook, Supplier<String> agentId) {
    return builder(target, hook, agentId).build();
  }

  /** As {@link #wrap}, with options. */
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
     * Whether the hook is told the bound values; on by default. Off, the member {@code parameters}
     * is absent; values written into the SQL itself are still in {@code sql}.
     */
    public Builder recordParameters(boolean recordParameters) {
      this.recordParameters = recordParameters;
      return this;
    }

    /** The governed data source. */
    public DataSource build() {
      WriteQuestions questions = new WriteQuestions(hook, agentId, recordParameters);
      DataSource asking = ProxyDataSourceBuilder.create(target).listener(questions).build();
      return Confinement.confine(asking, target, questions);
    }
  }
}
