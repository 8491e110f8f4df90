// SPDX-License-Identifier: Apache-2.0
package dev.indelible.jdbc;

import static java.util.Map.entry;

import dev.indelible.jdbc.SqlLexer.Kind;
import dev.indelible.jdbc.SqlLexer.Token;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Finds the writes in SQL.
 *
 * <p>Fails closed. A statement passes only if one of these holds, in every way in which the
 * database may read the text:
 *
 * <ol>
 *   <li>it is one of the product's {@linkplain Dialect#steering steering statements};
 *   <li>it is a query, or EXPLAIN of a query where that writes nothing, in which no word that
 *       begins a write stands unquoted and no function that is known to write is called.
 * </ol>
 *
 * <p>Everything else is a write, known or not.
 */
final class SqlScanner {
  /** Words that begin a write where they stand first, with the operation on record. */
  private static final Map<String, Operation> VERBS =
      Map.ofEntries(
          entry("insert", Operation.INSERT),
          entry("update", Operation.UPDATE),
          entry("delete", Operation.DELETE),
          entry("replace", Operation.REPLACE),
          entry("merge", Operation.MERGE),
          entry("truncate", Operation.TRUNCATE),
          entry("create", Operation.DDL),
          entry("alter", Operation.DDL),
          entry("drop", Operation.DDL),
          entry("rename", Operation.DDL),
          entry("comment", Operation.DDL),
          entry("grant", Operation.DDL),
          entry("revoke", Operation.DDL),
          entry("call", Operation.CALL),
          entry("exec", Operation.CALL),
          entry("execute", Operation.CALL),
          entry("copy", Operation.OTHER),
          entry("upsert", Operation.OTHER),
          entry("into", Operation.OTHER));

  /** Verbs that no known database takes for a write further in: there they are names. */
  private static final Set<String> FIRST_ONLY = Set.of("call", "comment", "copy", "exec", "rename");

  /** Further words that begin a write where no semicolon need stand before it (Transact-SQL). */
  private static final Set<String> WITHOUT_SEMICOLON =
      Set.of(
          "add",
          "attach",
          "backup",
          "bulk",
          "checkpoint",
          "conversation",
          "dbcc",
          "deny",
          "dialog",
          "disable",
          "dump",
          "enable",
          "kill",
          "load",
          "move",
          "raiserror",
          "receive",
          "reconfigure",
          "restore",
          "revert",
          "send",
          "setuser",
          "shutdown",
          "updatetext",
          "writetext");

  /** Verbs that are also functions. */
  private static final Set<String> ALSO_FUNCTIONS = Set.of("insert", "replace", "truncate");

  private static final Set<String> QUERIES = Set.of("select", "values", "table", "with");

  /** Words between EXPLAIN and the query. */
  private static final Set<String> EXPLAIN_OPTIONS =
      Set.of(
          "analyze",
          "extended",
          "for",
          "partitions",
          "plan",
          "query",
          "verbose",
          "format",
          "json",
          "traditional",
          "tree");

  private static final Set<String> MODIFIERS =
      Set.of(
          "low_priority",
          "high_priority",
          "delayed",
          "quick",
          "ignore",
          "or",
          "abort",
          "fail",
          "rollback",
          "replace",
          "overwrite",
          "all",
          "first",
          "percent",
          "table",
          "only");

  private static final Set<String> OBJECTS =
      Set.of(
          "table",
          "view",
          "index",
          "trigger",
          "sequence",
          "schema",
          "database",
          "function",
          "procedure",
          "type",
          "domain",
          "policy",
          "rule",
          "role",
          "user",
          "extension",
          "column");

  /** Objects that belong to the table named after ON. */
  private static final Set<String> OBJECTS_ON_TABLES = Set.of("index", "trigger", "policy", "rule");

  /** Words that end the list of what is granted. */
  private static final Set<String> GRANTED = Set.of("on", "to", "from");

  /** What a trigger or a foreign key acts on. */
  private static final Set<String> EVENTS = Set.of("insert", "update", "delete", "truncate");

  /** Words that stand behind a keyword only where it is a column's name or part of a clause. */
  private static final Set<String> NO_NAMES =
      Set.of(
          "set",
          "of",
          "on",
          "or",
          "and",
          "values",
          "default",
          "select",
          "when",
          "where",
          "returning",
          "end",
          "as",
          "is",
          "in",
          "like",
          "order",
          "group",
          "having",
          "union",
          "then",
          "else",
          "asc",
          "desc",
          "not",
          "null");

  private final String text;
  private final List<Token> tokens;
  private final Dialect dialect;
  private final Set<SqlWrite> found = new LinkedHashSet<>();

  /** Whether a definition was found. */
  private boolean defines;

  private SqlScanner(String sql, List<Token> tokens, Dialect dialect) {
    this.text = sql.substring(tokens.get(0).start(), tokens.get(tokens.size() - 1).end());
    this.tokens = tokens;
    this.dialect = dialect;
  }

  /** The writes in a text of one or more statements, in their order; empty if it only reads. */
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
    if (dialect.steering().matcher(shape()).matches()) {
      return found;
    }
    int lead = lead();
    int at = isVerb(lead) ? addWrite(lead) : lead;
    while (at < tokens.size()) {
      at = isWriteInside(at) ? addWrite(at) : at + 1;
    }
    addWritingFunctions();
    if (found.isEmpty() && !isQuery(lead)) {
      add(Operation.OTHER, "");
    }
    return found;
  }

  /** The statement as the patterns of {@link Dialect} see it. */
  private String shape() {
    StringBuilder shape = new StringBuilder();
    for (Token token : tokens) {
      shape.append(shape.isEmpty() ? "" : " ");
      switch (token.kind()) {
        case QUOTED_NAME -> shape.append('"');
        case STRING -> shape.append('\'');
        case NUMBER -> shape.append('0');
        default -> shape.append(token.text());
      }
    }
    return shape.toString();
  }

  /** The first token that says something: behind parentheses and JDBC's <code>{?=</code>. */
  private int lead() {
    int at = 0;
    while (isSymbol(at, '(') || isSymbol(at, '{') || isSymbol(at, '?') || isSymbol(at, '=')) {
      at++;
    }
    return at;
  }

  private boolean isQuery(int lead) {
    int query = lead;
    if (dialect.explains() && isWordOf(lead, Set.of("explain", "describe", "desc"))) {
      query = explainedQuery(lead + 1);
    }
    boolean definesFunction =
        isWord(query, "with") && isWordOf(query + 1, Set.of("function", "procedure"));
    return isWordOf(query, QUERIES) && !definesFunction;
  }

  /** Where the query of an EXPLAIN begins, behind its options and any parentheses. */
  private int explainedQuery(int from) {
    int at = from;
    if (isSymbol(at, '(') && !isWordOf(behindOpening(at), QUERIES)) {
      at = behindParentheses(at);
    }
    while (isWordOf(at, EXPLAIN_OPTIONS) || isSymbol(at, '=')) {
      at++;
    }
    return behindOpening(at);
  }

  private int behindOpening(int from) {
    int at = from;
    while (isSymbol(at, '(')) {
      at++;
    }
    return at;
  }

  private boolean isVerb(int at) {
    return isWordOf(at, VERBS.keySet());
  }

  /** Returns whether a write begins here, inside a statement, whatever follows. */
  private boolean isWriteInside(int at) {
    boolean begins =
        dialect.semicolons()
            ? isVerb(at) && !isWordOf(at, FIRST_ONLY)
            : isVerb(at) || isWordOf(at, WITHOUT_SEMICOLON);
    boolean isColumn = isSymbol(at - 1, '.') && has(at - 2) && tokens.get(at - 2).isName();
    boolean isFunction = isWordOf(at, ALSO_FUNCTIONS) && isSymbol(at + 1, '(');
    return begins && !isColumn && !isFunction && !isClause(at);
  }

  /**
   * Returns whether the word belongs to a clause: FOR UPDATE, or part of an upsert, a MERGE or a
   * definition.
   */
  private boolean isClause(int at) {
    boolean merges = found.stream().anyMatch(write -> write.operation() == Operation.MERGE);
    boolean inserts = found.stream().anyMatch(write -> write.operation() == Operation.INSERT);
    if (merges && isWord(at - 1, "then") || defines && isClauseOfDefinition(at)) {
      return true;
    }
    if (!isWord(at, "update")) {
      return false;
    }
    boolean locks =
        isWord(at - 1, "for")
            || isWord(at - 1, "key") && isWord(at - 2, "no") && isWord(at - 3, "for");
    boolean upserts =
        isWord(at - 1, "do") && isWord(at + 1, "set")
            || isWord(at - 1, "key") && isWord(at - 2, "duplicate");
    return locks && !isWordOf(lead(), Set.of("explain", "describe", "desc")) || inserts && upserts;
  }

  /**
   * Returns whether the word belongs to a definition, by the words next to it. These are reserved,
   * or stand where no write can begin, also where no semicolon need stand before a write.
   */
  private boolean isClauseOfDefinition(int at) {
    if (isWord(at, "grant") && isWord(at + 1, "option")) {
      return true;
    }
    if (isWord(at - 1, "or") && isWord(at - 2, "create")) {
      return isWordOf(at, Set.of("replace", "alter"));
    }
    if (isWord(at, "replace")) {
      return isWord(at - 1, "conflict") && !isWord(at + 1, "into");
    }
    if (isWord(at, "execute")) {
      return isWord(at + 1, "function") || dialect.semicolons() && isWord(at + 1, "procedure");
    }
    return isWordOf(at, EVENTS) && isEvent(at) || isChangeOfTable(at);
  }

  /** What a foreign key, a trigger, a rule or a policy acts on. */
  private boolean isEvent(int at) {
    boolean foreignKey =
        isWord(at - 1, "on")
            && (isWordOf(at + 1, Set.of("cascade", "restrict", "current_timestamp", "to"))
                || isWord(at + 1, "no") && isWord(at + 2, "action")
                || isWord(at + 1, "set") && isWordOf(at + 2, Set.of("null", "default")));
    boolean policy = isWord(at - 1, "for") && isWordOf(at + 1, Set.of("to", "using", "with"));
    boolean columns =
        isWordOf(at - 1, Set.of("before", "after", "of", "or")) && isWord(at + 1, "of");
    boolean trigger =
        isWordOf(at + 1, Set.of("on", "as"))
            || isSymbol(at + 1, ',')
            || isWord(at + 1, "or") && isWordOf(at + 2, EVENTS);
    return foreignKey || policy || columns || trigger;
  }

  /** A part of ALTER TABLE, and no statement of its own. */
  private boolean isChangeOfTable(int at) {
    if (isWord(at, "add")) {
      return !isWordOf(at + 1, Set.of("counter", "sensitivity", "signature"));
    }
    if (!isWordOf(at, Set.of("alter", "drop", "rename"))) {
      return false;
    }
    boolean only = dialect.semicolons() && isWord(lead(), "alter") && isWord(lead() + 1, "table");
    return only || isWordOf(at + 1, Set.of("column", "constraint", "to"));
  }

  private void addWritingFunctions() {
    for (int at = 0; at < tokens.size(); at++) {
      if (mayWrite(at)) {
        add(Operation.CALL, tokens.get(at).raw());
      } else if (isSequenceStep(at)) {
        add(Operation.CALL, "nextval");
      }
    }
  }

  /** Returns whether a function known to write is called here, or one of a package that writes. */
  private boolean mayWrite(int at) {
    if (!tokens.get(at).isName()) {
      return false;
    }
    String name = SqlLexer.folded(tokens.get(at).text()) + (isSymbol(at + 1, '.') ? "." : "");
    return dialect.mayWrite(name, isSymbol(at + 1, '(') || isSymbol(at + 1, '.'));
  }

  /** {@code NEXT VALUE FOR s}, {@code NEXTVAL FOR s} and {@code s.NEXTVAL}. */
  private boolean isSequenceStep(int at) {
    return isWord(at, "next") && isWord(at + 1, "value")
        || isWord(at, "nextval") && (isWord(at + 1, "for") || isSymbol(at - 1, '.'));
  }

  /** Adds the write that begins at a keyword; returns where to go on. */
  private int addWrite(int keyword) {
    Operation operation = VERBS.get(tokens.get(keyword).text());
    if (operation == null) {
      add(Operation.OTHER, "");
      return keyword + 1;
    }
    boolean definition = operation == Operation.DDL;
    defines |= definition;
    int body = isGrant(keyword) ? indexOf(GRANTED, keyword + 1, tokens.size()) : keyword + 1;
    Name name = name(definition ? ddlTarget(keyword, body) : target(keyword));
    add(operation, name.text());
    while (isSymbol(name.end(), ',') && startsName(name.end() + 1)) {
      name = name(name.end() + 1);
      add(operation, name.text());
    }
    return definition ? body : Math.max(name.end(), keyword + 1);
  }

  private void add(Operation operation, String namespace) {
    found.add(new SqlWrite(tokens.get(0).start(), text, operation, namespace));
  }

  /** Where the name of the table stands, behind modifiers such as OR IGNORE INTO. */
  private int target(int keyword) {
    int at = keyword + 1;
    if (isWord(at, "top") && isSymbol(at + 1, '(')) {
      at = behindParentheses(at + 1);
    }
    while (isWordOf(at, MODIFIERS) && (startsName(at + 1) || isOfKind(at + 1, Kind.STRING))) {
      at++;
    }
    if (isWord(at, "into") || isWord(at, "from")) {
      at++;
    }
    while ((isWord(at, "table") || isWord(at, "only")) && startsName(at + 1)) {
      at++;
    }
    return isWord(at, "only") && isSymbol(at + 1, '(') ? at + 2 : at;
  }

  private int behindParentheses(int open) {
    int depth = 0;
    int at = open;
    do {
      depth += isSymbol(at, '(') ? 1 : isSymbol(at, ')') ? -1 : 0;
      at++;
    } while (depth > 0 && at < tokens.size());
    return at;
  }

  /**
   * Where the name stands that a definition is about, before the next write: a table before its
   * index or trigger.
   *
   * @param body where its words can begin another write
   */
  private int ddlTarget(int keyword, int body) {
    int end = body;
    while (end < tokens.size() && !isWriteInside(end)) {
      end++;
    }
    int object = isGrant(keyword) ? end : indexOf(OBJECTS, keyword + 1, end);
    boolean onTable = isWordOf(object, OBJECTS_ON_TABLES) || object == end;
    int on = onTable ? indexOf(Set.of("on"), body, end) : end;
    if (isGrant(keyword) && on != body || on == end && object == end) {
      return tokens.size();
    }
    int at = (on < end ? on : object) + 1;
    while (isWordOf(at, Set.of("table", "if", "not", "exists", "only", "concurrently"))
        && (isOfKind(at + 1, Kind.WORD) || isOfKind(at + 1, Kind.QUOTED_NAME))) {
      at++;
    }
    return at < end ? at : tokens.size();
  }

  private boolean isGrant(int keyword) {
    return isWord(keyword, "grant") || isWord(keyword, "revoke");
  }

  private int indexOf(Set<String> words, int from, int end) {
    int at = from;
    while (at < end && !isWordOf(at, words)) {
      at++;
    }
    return at;
  }

  /**
   * A name that may have parts.
   *
   * @param end the token behind it
   */
  private record Name(String text, int end) {}

  private Name name(int start) {
    StringBuilder name = new StringBuilder();
    int at = start;
    while (isSymbol(at, '@') || isSymbol(at, '#')) {
      name.append(tokens.get(at++).raw());
    }
    if (isOfKind(at, Kind.WORD) || isOfKind(at, Kind.QUOTED_NAME) || isOfKind(at, Kind.STRING)) {
      name.append(tokens.get(at++).raw());
      while (isSymbol(at, '.')) {
        name.append('.');
        at++;
        if (has(at) && !isOfKind(at, Kind.SYMBOL)) {
          name.append(tokens.get(at++).raw());
        }
      }
    }
    return new Name(name.toString(), Math.min(at, tokens.size()));
  }

  private boolean startsName(int at) {
    return isOfKind(at, Kind.QUOTED_NAME) || isOfKind(at, Kind.WORD) && !isWordOf(at, NO_NAMES);
  }

  private boolean isWord(int at, String word) {
    return has(at) && tokens.get(at).isWord(word);
  }

  private boolean isWordOf(int at, Set<String> words) {
    return has(at) && tokens.get(at).isWordOf(words);
  }

  private boolean isSymbol(int at, char symbol) {
    return has(at) && tokens.get(at).isSymbol(symbol);
  }

  private boolean isOfKind(int at, Kind kind) {
    return has(at) && tokens.get(at).kind() == kind;
  }

  private boolean has(int at) {
    return at >= 0 && at < tokens.size();
  }
}
