// SPDX-License-Identifier: Apache-2.0
package dev.indelible.jdbc;

import static dev.indelible.jdbc.SqlStatement.words;

import dev.indelible.jdbc.SqlLexer.Kind;
import dev.indelible.jdbc.SqlLexer.Token;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Finds the writes in SQL.
 *
 * <p>Fails closed. A statement counts as a read only if one of these conditions holds in every
 * reading of the text:
 *
 * <ol>
 *   <li>It is one of the product's {@linkplain Dialect#steering steering statements}.
 *   <li>It is a query, or EXPLAIN of a query in a product where EXPLAIN writes nothing. It has no
 *       unquoted word that begins a write, and calls no function that is known to write.
 * </ol>
 *
 * <p>Every other statement is a write, even if it is unknown.
 */
final class SqlScanner {
  /**
   * Verbs that begin a write only as the first word of a statement. Inside a statement they are
   * names in every known database.
   */
  private static final Set<String> FIRST_ONLY = words("call comment copy exec rename");

  /** Further words that begin a write without a preceding semicolon (Transact-SQL). */
  private static final Set<String> WITHOUT_SEMICOLON =
      words(
          "add attach backup bulk checkpoint conversation dbcc deny dialog disable dump enable kill"
              + " load move raiserror receive reconfigure restore revert send setuser shutdown"
              + " updatetext writetext");

  /** Verbs that are also names of functions. */
  private static final Set<String> ALSO_FUNCTIONS = words("insert replace truncate");

  private static final Set<String> QUERIES = words("select values table with");
  private static final Set<String> EXPLAINS = words("explain describe desc");

  /** Words between EXPLAIN and the query. */
  private static final Set<String> EXPLAIN_OPTIONS =
      words("analyze extended for partitions plan query verbose format json traditional tree");

  private static final Set<String> MODIFIERS =
      words(
          "low_priority high_priority delayed quick ignore or abort fail rollback replace overwrite"
              + " all first percent table only");

  private static final Set<String> OBJECTS =
      words(
          "table view index trigger sequence schema database function procedure type domain policy"
              + " rule role user extension column");

  /** Kinds of objects that belong to the table named after ON. */
  private static final Set<String> OBJECTS_ON_TABLES = words("index trigger policy rule");

  /** Words that end the list of privileges in GRANT and REVOKE. */
  private static final Set<String> AFTER_PRIVILEGES = words("on to from");

  /** Events of triggers and foreign keys. */
  private static final Set<String> EVENTS = words("insert update delete truncate");

  private final String text;
  private final SqlStatement sql;
  private final Dialect dialect;
  private final Set<SqlWrite> found = new LinkedHashSet<>();

  /** True after a definition was found. */
  private boolean defines;

  private SqlScanner(String sql, List<Token> tokens, Dialect dialect) {
    this.text = sql.substring(tokens.get(0).start(), tokens.get(tokens.size() - 1).end());
    this.sql = new SqlStatement(tokens);
    this.dialect = dialect;
  }

  /**
   * Returns the writes in a text of one or more statements, in order; empty if the text only reads.
   */
  static Set<SqlWrite> writes(String sql, Dialect dialect) {
    Set<SqlWrite> writes = new LinkedHashSet<>();
    List<Set<Quirk>> readings = dialect.readings(sql);
    boolean certain = !readings.isEmpty();
    for (Set<Quirk> quirks : readings) {
      SqlLexer.Reading reading = SqlLexer.read(sql, quirks);
      for (List<Token> statement : statements(reading.tokens())) {
        writes.addAll(new SqlScanner(sql, statement, dialect).writes());
      }
      certain &= reading.certain();
    }
    if (!certain && writes.isEmpty()) {
      writes.add(new SqlWrite(0, sql.strip(), Operation.OTHER, ""));
    }
    return writes;
  }

  private static List<List<Token>> statements(List<Token> tokens) {
    List<List<Token>> statements = new ArrayList<>();
    int start = 0;
    for (int i = 0; i <= tokens.size(); i++) {
      if (i == tokens.size() || tokens.get(i).isSymbol(';')) {
        if (i > start) {
          statements.add(tokens.subList(start, i));
        }
        start = i + 1;
      }
    }
    return statements;
  }

  private Set<SqlWrite> writes() {
    if (dialect.steering().matcher(sql.shape()).matches()) {
      return found;
    }
    int lead = lead();
    int at = isVerb(lead) ? addWrite(lead) : lead;
    while (at < sql.size()) {
      at = isWriteInside(at) ? addWrite(at) : at + 1;
    }
    addWritingFunctions();
    if (found.isEmpty() && !isQuery(lead)) {
      add(Operation.OTHER, "");
    }
    return found;
  }

  /** Returns the first position after opening parentheses and JDBC's <code>{?=</code>. */
  private int lead() {
    int at = 0;
    while (sql.isSymbol(at, '(')
        || sql.isSymbol(at, '{')
        || sql.isSymbol(at, '?')
        || sql.isSymbol(at, '=')) {
      at++;
    }
    return at;
  }

  private boolean isQuery(int lead) {
    int query = lead;
    if (dialect.explains() && sql.isWordOf(lead, EXPLAINS)) {
      query = explainedQuery(lead + 1);
    }
    boolean definesFunction =
        sql.isWord(query, "with") && sql.isWordOf(query + 1, Set.of("function", "procedure"));
    return sql.isWordOf(query, QUERIES) && !definesFunction;
  }

  /** Returns the position of the query of an EXPLAIN, after options and parentheses. */
  private int explainedQuery(int from) {
    int at = from;
    if (sql.isSymbol(at, '(') && !sql.isWordOf(sql.afterOpening(at), QUERIES)) {
      at = sql.afterParentheses(at);
    }
    while (sql.isWordOf(at, EXPLAIN_OPTIONS) || sql.isSymbol(at, '=')) {
      at++;
    }
    return sql.afterOpening(at);
  }

  private boolean isVerb(int at) {
    return sql.isWordOf(at, Operation.BY_VERB.keySet());
  }

  /** Returns true if a write begins at this position inside a statement. */
  private boolean isWriteInside(int at) {
    boolean begins =
        dialect.semicolons()
            ? isVerb(at) && !sql.isWordOf(at, FIRST_ONLY)
            : isVerb(at) || sql.isWordOf(at, WITHOUT_SEMICOLON);
    boolean isColumn = sql.isSymbol(at - 1, '.') && sql.has(at - 2) && sql.get(at - 2).isName();
    boolean isFunction = sql.isWordOf(at, ALSO_FUNCTIONS) && sql.isSymbol(at + 1, '(');
    return begins && !isColumn && !isFunction && !isClause(at);
  }

  /**
   * Returns true if the word belongs to a clause: FOR UPDATE, or a clause of an upsert, a MERGE or
   * a definition.
   */
  private boolean isClause(int at) {
    boolean merges = found.stream().anyMatch(write -> write.operation() == Operation.MERGE);
    boolean inserts = found.stream().anyMatch(write -> write.operation() == Operation.INSERT);
    if (merges && sql.isWord(at - 1, "then") || defines && isClauseOfDefinition(at)) {
      return true;
    }
    if (!sql.isWord(at, "update")) {
      return false;
    }
    boolean locks =
        sql.isWord(at - 1, "for")
            || sql.isWord(at - 1, "key") && sql.isWord(at - 2, "no") && sql.isWord(at - 3, "for");
    boolean upserts =
        sql.isWord(at - 1, "do") && sql.isWord(at + 1, "set")
            || sql.isWord(at - 1, "key") && sql.isWord(at - 2, "duplicate");
    return locks && !sql.isWordOf(lead(), EXPLAINS) || inserts && upserts;
  }

  /**
   * Returns true if the neighbouring words show that a word belongs to a definition. These are
   * reserved words, or words after which no write can begin, even in a dialect without semicolons.
   */
  private boolean isClauseOfDefinition(int at) {
    if (sql.isWord(at, "grant") && sql.isWord(at + 1, "option")) {
      return true;
    }
    if (sql.isWord(at - 1, "or") && sql.isWord(at - 2, "create")) {
      return sql.isWordOf(at, Set.of("replace", "alter"));
    }
    if (sql.isWord(at, "replace")) {
      return sql.isWord(at - 1, "conflict") && !sql.isWord(at + 1, "into");
    }
    if (sql.isWord(at, "execute")) {
      return sql.isWord(at + 1, "function")
          || dialect.semicolons() && sql.isWord(at + 1, "procedure");
    }
    return sql.isWordOf(at, EVENTS) && isEvent(at) || isChangeOfTable(at);
  }

  /** Returns true if the word is an event of a foreign key, a trigger, a rule or a policy. */
  private boolean isEvent(int at) {
    boolean foreignKey =
        sql.isWord(at - 1, "on")
            && (sql.isWordOf(at + 1, Set.of("cascade", "restrict", "current_timestamp", "to"))
                || sql.isWord(at + 1, "no") && sql.isWord(at + 2, "action")
                || sql.isWord(at + 1, "set") && sql.isWordOf(at + 2, Set.of("null", "default")));
    boolean policy =
        sql.isWord(at - 1, "for") && sql.isWordOf(at + 1, Set.of("to", "using", "with"));
    boolean columns =
        sql.isWordOf(at - 1, Set.of("before", "after", "of", "or")) && sql.isWord(at + 1, "of");
    boolean trigger =
        sql.isWordOf(at + 1, Set.of("on", "as"))
            || sql.isSymbol(at + 1, ',')
            || sql.isWord(at + 1, "or") && sql.isWordOf(at + 2, EVENTS);
    return foreignKey || policy || columns || trigger;
  }

  /** Returns true if the word is part of ALTER TABLE. */
  private boolean isChangeOfTable(int at) {
    if (sql.isWord(at, "add")) {
      return !sql.isWordOf(at + 1, Set.of("counter", "sensitivity", "signature"));
    }
    if (!sql.isWordOf(at, Set.of("alter", "drop", "rename"))) {
      return false;
    }
    boolean only =
        dialect.semicolons() && sql.isWord(lead(), "alter") && sql.isWord(lead() + 1, "table");
    return only || sql.isWordOf(at + 1, Set.of("column", "constraint", "to"));
  }

  private void addWritingFunctions() {
    for (int at = 0; at < sql.size(); at++) {
      if (mayWrite(at)) {
        add(Operation.CALL, sql.get(at).raw());
      } else if (isSequenceStep(at)) {
        add(Operation.CALL, "nextval");
      }
    }
  }

  /** Returns true if this calls a function, or a function of a package, that is known to write. */
  private boolean mayWrite(int at) {
    if (!sql.get(at).isName()) {
      return false;
    }
    String name = SqlLexer.folded(sql.get(at).text()) + (sql.isSymbol(at + 1, '.') ? "." : "");
    return dialect.mayWrite(name, sql.isSymbol(at + 1, '(') || sql.isSymbol(at + 1, '.'));
  }

  /** Returns true for {@code NEXT VALUE FOR s}, {@code NEXTVAL FOR s} and {@code s.NEXTVAL}. */
  private boolean isSequenceStep(int at) {
    return sql.isWord(at, "next") && sql.isWord(at + 1, "value")
        || sql.isWord(at, "nextval") && (sql.isWord(at + 1, "for") || sql.isSymbol(at - 1, '.'));
  }

  /** Adds the write that begins at a keyword. Returns the position at which to continue. */
  private int addWrite(int keyword) {
    Operation operation = Operation.BY_VERB.get(sql.get(keyword).text());
    if (operation == null) {
      add(Operation.OTHER, "");
      return keyword + 1;
    }
    boolean definition = operation == Operation.DDL;
    defines |= definition;
    int body =
        isGrant(keyword) ? sql.indexOf(AFTER_PRIVILEGES, keyword + 1, sql.size()) : keyword + 1;
    SqlStatement.Name name = sql.name(definition ? ddlTarget(keyword, body) : target(keyword));
    add(operation, name.text());
    while (sql.isSymbol(name.end(), ',') && sql.startsName(name.end() + 1)) {
      name = sql.name(name.end() + 1);
      add(operation, name.text());
    }
    return definition ? body : Math.max(name.end(), keyword + 1);
  }

  private void add(Operation operation, String namespace) {
    found.add(new SqlWrite(sql.get(0).start(), text, operation, namespace));
  }

  /** Returns the position of the table's name, after modifiers, for example OR IGNORE INTO. */
  private int target(int keyword) {
    int at = keyword + 1;
    if (sql.isWord(at, "top") && sql.isSymbol(at + 1, '(')) {
      at = sql.afterParentheses(at + 1);
    }
    while (sql.isWordOf(at, MODIFIERS)
        && (sql.startsName(at + 1) || sql.isOfKind(at + 1, Kind.STRING))) {
      at++;
    }
    if (sql.isWord(at, "into") || sql.isWord(at, "from")) {
      at++;
    }
    while ((sql.isWord(at, "table") || sql.isWord(at, "only")) && sql.startsName(at + 1)) {
      at++;
    }
    return sql.isWord(at, "only") && sql.isSymbol(at + 1, '(') ? at + 2 : at;
  }

  /**
   * Returns the position of the name that a definition changes: the table, rather than its index or
   * trigger. Searches up to the next write.
   *
   * @param body the position after which words can begin another write
   */
  private int ddlTarget(int keyword, int body) {
    int end = body;
    while (end < sql.size() && !isWriteInside(end)) {
      end++;
    }
    int object = isGrant(keyword) ? end : sql.indexOf(OBJECTS, keyword + 1, end);
    boolean onTable = sql.isWordOf(object, OBJECTS_ON_TABLES) || object == end;
    int on = onTable ? sql.indexOf(Set.of("on"), body, end) : end;
    if (isGrant(keyword) && on != body || on == end && object == end) {
      return sql.size();
    }
    int at = (on < end ? on : object) + 1;
    while (sql.isWordOf(at, Set.of("table", "if", "not", "exists", "only", "concurrently"))
        && sql.isIdentifier(at + 1)) {
      at++;
    }
    return at < end ? at : sql.size();
  }

  private boolean isGrant(int keyword) {
    return sql.isWord(keyword, "grant") || sql.isWord(keyword, "revoke");
  }
}
