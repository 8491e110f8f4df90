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
 * <p>Fails closed. Only statements known to read, or to steer a transaction or a session, are no
 * writes, and only if no writing keyword stands in them either: that finds the DELETE in a common
 * table expression, behind EXPLAIN, and behind a SELECT that Transact-SQL lets end without a
 * semicolon. Text that databases read differently is read in each way, and what is a write in any
 * of them counts.
 */
final class SqlScanner {
  private static final Map<String, Operation> KEYWORDS =
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
          entry("into", Operation.OTHER));

  /** Keywords that mean something only where they lead; inside a read they are names. */
  private static final Set<String> LEADING_ONLY = Set.of("rename", "comment", "copy");

  private static final Set<String> READS =
      Set.of(
          "select",
          "values",
          "table",
          "with",
          "explain",
          "describe",
          "desc",
          "show",
          "commit",
          "rollback",
          "savepoint",
          "release",
          "end",
          "abort",
          "use");

  /** What may follow BEGIN or START in transaction control; otherwise they open a block. */
  private static final Set<String> TRANSACTION_WORDS =
      Set.of(
          "transaction",
          "tran",
          "work",
          "deferred",
          "immediate",
          "exclusive",
          "concurrent",
          "isolation",
          "level",
          "read",
          "write",
          "only",
          "committed",
          "uncommitted",
          "repeatable",
          "serializable",
          "not",
          "deferrable",
          "snapshot",
          "with",
          "consistent");

  /** With these, SET and RESET reach beyond the session (MySQL). */
  private static final Set<String> SERVER_WORDS =
      Set.of("global", "persist", "persist_only", "password", "master", "slave", "replica", "logs");

  /** SQLite: PRAGMAs that take an argument and only look. */
  private static final Set<String> LOOKING_PRAGMAS =
      Set.of(
          "table_info",
          "table_xinfo",
          "table_list",
          "index_list",
          "index_info",
          "index_xinfo",
          "foreign_key_list",
          "foreign_key_check",
          "integrity_check",
          "quick_check");

  /** SQLite: PRAGMAs that act without an argument. */
  private static final Set<String> ACTING_PRAGMAS =
      Set.of("incremental_vacuum", "optimize", "wal_checkpoint");

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
  private final Set<SqlWrite> found = new LinkedHashSet<>();

  private SqlScanner(String sql, List<Token> tokens) {
    this.text = sql.substring(tokens.get(0).start(), tokens.get(tokens.size() - 1).end());
    this.tokens = tokens;
  }

  /** The writes in a text of one or more statements, in their order; empty if it only reads. */
  static Set<SqlWrite> writes(String sql, Dialect dialect) {
    Set<SqlWrite> writes = new LinkedHashSet<>();
    for (Set<Quirk> reading : dialect.readings(sql)) {
      for (List<Token> statement : statements(SqlLexer.tokens(sql, reading))) {
        writes.addAll(new SqlScanner(sql, statement).writes());
      }
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
    int lead = lead();
    if (isWord(lead, "show")) {
      return found;
    }
    int at = isKeyword(lead) ? addWrite(lead) : lead;
    // What else is in a definition (GRANT DELETE, ON DELETE CASCADE) is its detail.
    while (!isDdl(lead) && at < tokens.size()) {
      at = isKeywordInside(at) ? addWrite(at) : at + 1;
    }
    if (found.isEmpty() && !onlyReads(lead)) {
      add(Operation.OTHER, "");
    }
    return found;
  }

  /** The first token that says something: behind parentheses and JDBC's <code>{?=</code>. */
  private int lead() {
    int at = 0;
    while (isSymbol(at, '(') || isSymbol(at, '{') || isSymbol(at, '?') || isSymbol(at, '=')) {
      at++;
    }
    return at;
  }

  private boolean isDdl(int at) {
    return isKeyword(at) && KEYWORDS.get(tokens.get(at).text()) == Operation.DDL;
  }

  private boolean isKeyword(int at) {
    return isWordOf(at, KEYWORDS.keySet());
  }

  /** Whether a keyword further in starts a write, and is not part of another clause or a name. */
  private boolean isKeywordInside(int at) {
    if (!isKeyword(at) || isWordOf(at, LEADING_ONLY)) {
      return false;
    }
    if (isSymbol(at - 1, '.') && startsName(at - 2)) {
      return false;
    }
    if (isWord(at, "into")) {
      return true;
    }
    boolean locksOrUpserts =
        isWord(at, "update") && (isWord(at - 1, "for") || isWord(at - 1, "key"));
    boolean conflictClause = isWord(at, "replace") && isWord(at - 1, "or");
    return !locksOrUpserts && !conflictClause && hasTarget(at);
  }

  private boolean hasTarget(int keyword) {
    int next = keyword + 1;
    if (isWord(next, "from")) {
      return isWord(keyword, "delete");
    }
    boolean runsText = isWord(keyword, "exec") || isWord(keyword, "execute");
    return startsName(next)
        || isSymbol(next, '@')
        || isSymbol(next, '#')
        || runsText && isSymbol(next, '(');
  }

  /** Adds the write that begins at a keyword; returns where to go on. */
  private int addWrite(int keyword) {
    Operation operation = KEYWORDS.get(tokens.get(keyword).text());
    int at = operation == Operation.DDL ? ddlTarget(keyword) : target(keyword);
    Name name = name(at);
    add(operation, name.text());
    while (isSymbol(name.end(), ',') && startsName(name.end() + 1)) {
      name = name(name.end() + 1);
      add(operation, name.text());
    }
    return Math.max(name.end(), keyword + 1);
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
    while (isWordOf(at, MODIFIERS) && startsName(at + 1)) {
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

  /** Where the name stands that a definition is about: a table before its index or trigger. */
  private int ddlTarget(int keyword) {
    int object = indexOf(OBJECTS, keyword + 1);
    boolean onTable = isWordOf(object, OBJECTS_ON_TABLES) || object == tokens.size();
    boolean grants = isWord(keyword, "grant") || isWord(keyword, "revoke");
    int on = onTable || grants ? indexOf(Set.of("on"), keyword + 1) : tokens.size();
    int at = Math.min(on < tokens.size() ? on : object, tokens.size()) + 1;
    while (isWordOf(at, Set.of("table", "if", "not", "exists", "only", "concurrently"))
        && (isOfKind(at + 1, Kind.WORD) || isOfKind(at + 1, Kind.QUOTED_NAME))) {
      at++;
    }
    return at;
  }

  private int indexOf(Set<String> words, int from) {
    int at = from;
    while (at < tokens.size() && !isWordOf(at, words)) {
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

  private boolean onlyReads(int lead) {
    if (isWord(lead, "begin") || isWord(lead, "start")) {
      return tokens.subList(lead + 1, tokens.size()).stream()
          .allMatch(token -> token.isWordOf(TRANSACTION_WORDS) || token.isSymbol(','));
    }
    if (isWord(lead, "set") || isWord(lead, "reset")) {
      return !isWord(lead + 1, "default")
          && tokens.stream().noneMatch(token -> token.isWordOf(SERVER_WORDS));
    }
    if (isWord(lead, "pragma")) {
      return isLookingPragma(lead);
    }
    return isWordOf(lead, READS);
  }

  private boolean isLookingPragma(int lead) {
    int name = isSymbol(lead + 2, '.') ? lead + 3 : lead + 1;
    boolean argument = name + 1 < tokens.size();
    return argument
        ? isWordOf(name, LOOKING_PRAGMAS) && isSymbol(name + 1, '(')
        : !isWordOf(name, ACTING_PRAGMAS);
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
