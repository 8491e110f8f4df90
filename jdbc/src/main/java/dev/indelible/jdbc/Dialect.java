// SPDX-License-Identifier: Apache-2.0
package dev.indelible.jdbc;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The properties of a database product: how it parses SQL, and which statements do not need the
 * hook.
 *
 * <p>The patterns match the shape of a statement: words in lower case, {@code "} for a quoted name,
 * {@code '} for a string, {@code 0} for a number, and one space between tokens.
 *
 * @param has the quirks that the product always has
 * @param mayHave the quirks that depend on the session or are unknown
 * @param steering statements that control the transaction or the session, or show a setting
 * @param explains true if EXPLAIN of a query writes nothing
 * @param semicolons true if the product requires semicolons between statements
 * @param writingFunctions the names of functions known to write, in lower case
 */
record Dialect(
    Set<Quirk> has,
    Set<Quirk> mayHave,
    Pattern steering,
    boolean explains,
    boolean semicolons,
    Pattern writingFunctions) {

  private static final String WORD = "[\\p{L}_][\\p{L}\\p{N}_$]*";
  private static final String PART = "(?:" + WORD + "|\")";
  private static final String NAME = PART + "(?: \\. " + PART + ")*";
  private static final String VALUE = "(?:[-+] )?(?:" + WORD + "|[\"'0?])";
  private static final String VALUES = VALUE + "(?: , " + VALUE + ")*";

  private static final String TRANSACTION_MODE =
      "(?:isolation level (?:serializable|repeatable read|read (?:un)?committed|snapshot)"
          + "|read (?:only|write)|(?:not )?deferrable|with consistent snapshot)";
  private static final String TRANSACTION_MODES =
      TRANSACTION_MODE + "(?:(?: ,)? " + TRANSACTION_MODE + ")*";

  /** The pattern of transaction control, for every product. */
  private static final String TRANSACTION =
      String.join(
          "|",
          "begin(?: (?:deferred|immediate|exclusive|concurrent))?(?: (?:transaction|tran|work))?"
              + ("(?: " + TRANSACTION_MODES + ")?"),
          "start transaction(?: " + TRANSACTION_MODES + ")?",
          "(?:commit|end|abort|rollback)(?: (?:transaction|tran|work))?"
              + "(?: and(?: no)? chain)?(?: no release)?",
          "rollback(?: (?:transaction|tran|work))? to(?: savepoint)? " + NAME,
          "savepoint " + NAME,
          "release(?: savepoint)? " + NAME,
          "set (?:session characteristics as )?transaction " + TRANSACTION_MODES,
          "set schema(?: =)? " + VALUE);

  /** SQLite pragmas that only report when they have no argument. */
  private static final String REPORTING_PRAGMAS =
      "(?:application_id|auto_vacuum|automatic_index|busy_timeout|cache_size|cache_spill"
          + "|cell_size_check|checkpoint_fullfsync|collation_list|compile_options|data_version"
          + "|database_list|defer_foreign_keys|encoding|foreign_keys|freelist_count|fullfsync"
          + "|function_list|hard_heap_limit|ignore_check_constraints|journal_mode"
          + "|journal_size_limit|legacy_alter_table|locking_mode|max_page_count|mmap_size"
          + "|module_list|page_count|page_size|pragma_list|query_only|read_uncommitted"
          + "|recursive_triggers|reverse_unordered_selects|schema_version|secure_delete"
          + "|soft_heap_limit|synchronous|temp_store|threads|trusted_schema|user_version"
          + "|wal_autocheckpoint|writable_schema)";

  /** SQLite pragmas that only report, with or without an argument. */
  private static final String INSPECTING_PRAGMAS =
      "(?:table_info|table_xinfo|table_list|index_list|index_info|index_xinfo|foreign_key_list"
          + "|foreign_key_check|integrity_check|quick_check)";

  /** PostgreSQL settings that end with the session and affect no data. */
  private static final String POSTGRESQL_SETTINGS =
      "(?:application_name|bytea_output|client_encoding|client_min_messages|cursor_tuple_fraction"
          + "|datestyle|default_transaction_(?:isolation|read_only|deferrable)|enable_\\w+"
          + "|extra_float_digits|(?:from|join)_collapse_limit|geqo\\w*"
          + "|idle_(?:in_transaction_)?session_timeout|intervalstyle|jit\\w*"
          + "|lc_(?:messages|monetary|numeric|time)|lock_timeout|plan_cache_mode|search_path"
          + "|(?:random|seq)_page_cost|statement_timeout|tcp_\\w+|timezone"
          + "|transaction_(?:isolation|read_only|timeout)|work_mem|xmloption)";

  private static final String MYSQL_SETTINGS =
      "(?:autocommit|character_set_(?:client|connection|results)|collation_connection"
          + "|group_concat_max_len|innodb_lock_wait_timeout|interactive_timeout|lc_time_names"
          + "|lock_wait_timeout|max_execution_time|max_statement_time|net_(?:read|write)_timeout"
          + "|sql_mode|sql_safe_updates|sql_select_limit|time_zone|transaction_isolation"
          + "|transaction_read_only|tx_isolation|tx_read_only|wait_timeout)";

  private static final String MYSQL_ASSIGNMENT =
      "(?:(?:(?:session|local) |@ @ (?:(?:session|local) \\. )?)?"
          + (MYSQL_SETTINGS + "|@ " + WORD + ") (?:=|: =) " + VALUE);

  private static final String SQL_SERVER_SWITCHES =
      "(?:ansi_defaults|ansi_nulls|ansi_null_dflt_o(?:n|ff)|ansi_padding|ansi_warnings|arithabort"
          + "|arithignore|concat_null_yields_null|fmtonly|forceplan|implicit_transactions|nocount"
          + "|noexec|numeric_roundabort|parseonly|quoted_identifier|showplan_(?:all|text|xml)"
          + "|statistics (?:io|time|profile|xml)|xact_abort)";

  private static final String SHOW = "show(?: (?:" + WORD + "|[\"'.=,]))+";

  private static final String COMMON_FUNCTIONS =
      "nextval|setval|syscs_\\w*|addgeometrycolumn|dropgeometry(?:column|table)"
          + "|populate_geometry_columns|updategeometrysrid";
  private static final String SQLITE_FUNCTIONS =
      "load_extension|writefile|edit|fts3_tokenizer|sqlcipher_export|initspatialmetadata\\w*"
          + "|(?:recover|discard)geometrycolumn|(?:create|disable)spatialindex"
          + ("|pragma_(?!(?:" + REPORTING_PRAGMAS + "|" + INSPECTING_PRAGMAS + ")$)\\w*");
  private static final String H2_FUNCTIONS =
      "csvwrite|file_write|link_schema|(?:abort|cancel)_session"
          + "|ftl?_(?:init|create_index|drop_index|drop_all|reindex)";
  private static final String POSTGRESQL_FUNCTIONS =
      "set_config|lo_\\w*|loread|lowrite|dblink\\w*|binary_upgrade_\\w*|brin_\\w*|gin_clean_pending_list"
          + "|currtid2|pg_advance_\\w*|pg_backup_\\w*|pg_buffercache_evict\\w*|pg_(?:cancel|terminate)_\\w*"
          + "|pg_clear_\\w*|pg_copy_\\w*|pg_create_\\w*|pg_drop_\\w*|pg_extension_config_dump|pg_file_\\w*"
          + "|pg_import_\\w*|pg_log_\\w*|pg_logical_\\w*|pg_nextoid|pg_notify|pg_prewarm|pg_promote"
          + "|pg_reload_conf|pg_replication_\\w*|pg_restore_\\w*|pg_rotate_\\w*|pg_start_backup"
          + "|pg_stat_(?:\\w*_)?reset\\w*|pg_stop_\\w*|pg_switch_\\w*|pg_sync_\\w*"
          + "|pg_truncate_visibility_map|pg_(?:wal|xlog)_replay_(?:pause|resume)|heap_force_\\w*"
          + "|postgres_fdw_disconnect\\w*|query_to_xml\\w*|cursor_to_xml\\w*|ts_stat|ts_rewrite"
          + "|crosstab\\w*|connectby|xpath_table";
  private static final String MYSQL_FUNCTIONS =
      "sys_(?:exec|eval|set)|spider_(?:bg_)?direct_sql|spider_(?:copy|flush)\\w*"
          + "|group_replication_\\w*|asynchronous_connection_failover_\\w*|keyring_key_\\w*|audit_log_\\w*"
          + "|version_tokens_\\w*|(?:set|read)_firewall_\\w*|mysql_firewall_\\w*|masking_dictionar\\w*"
          + "|wsrep_\\w*";
  private static final String SQL_SERVER_FUNCTIONS = "openrowset|openquery|opendatasource";
  private static final String ORACLE_FUNCTIONS = "(?:dbms|utl|owa|apex|ctx|sdo)_\\w*\\.?";

  /** The dialect of an unknown product. */
  static final Dialect UNKNOWN =
      new Dialect(
          EnumSet.noneOf(Quirk.class),
          EnumSet.allOf(Quirk.class),
          statements(),
          false,
          false,
          functions(
              SQLITE_FUNCTIONS,
              H2_FUNCTIONS,
              POSTGRESQL_FUNCTIONS,
              MYSQL_FUNCTIONS,
              SQL_SERVER_FUNCTIONS,
              ORACLE_FUNCTIONS));

  static final Dialect SQLITE =
      new Dialect(
          EnumSet.of(Quirk.BACKTICK_NAMES, Quirk.BRACKET_NAMES, Quirk.VARIABLES_WITH_PARENTHESES),
          EnumSet.noneOf(Quirk.class),
          statements(
              "pragma (?:" + PART + " \\. )?" + REPORTING_PRAGMAS,
              "pragma (?:" + PART + " \\. )?" + INSPECTING_PRAGMAS + "(?: \\( " + VALUE + " \\))?"),
          true,
          true,
          functions(SQLITE_FUNCTIONS));

  private static final Dialect H2 =
      new Dialect(
          EnumSet.of(
              Quirk.BACKTICK_NAMES,
              Quirk.DOUBLE_DOLLAR_QUOTES,
              Quirk.NESTED_COMMENTS,
              Quirk.RETURN_ENDS_COMMENT,
              Quirk.SLASH_COMMENTS,
              Quirk.UNICODE_SPACES),
          EnumSet.of(Quirk.BRACKET_NAMES),
          statements(
              SHOW,
              "set (?:autocommit|lock_timeout|query_timeout|schema_search_path)(?: =| to)? "
                  + VALUES,
              "set schema to " + VALUE,
              "set time zone " + VALUE,
              "set @ " + WORD + "(?: =| to)? " + VALUE),
          true,
          true,
          functions(H2_FUNCTIONS));

  private static final Dialect HSQLDB =
      new Dialect(
          EnumSet.of(Quirk.SLASH_COMMENTS),
          EnumSet.of(
              Quirk.BACKTICK_NAMES,
              Quirk.NESTED_COMMENTS,
              Quirk.RETURN_ENDS_COMMENT,
              Quirk.UNICODE_SPACES),
          statements("set autocommit " + VALUE, "set maxrows " + VALUE, "set time zone " + VALUE),
          true,
          true,
          functions());

  static final Dialect POSTGRESQL =
      new Dialect(
          EnumSet.of(
              Quirk.E_STRING_ESCAPES,
              Quirk.DOLLAR_QUOTES,
              Quirk.NESTED_COMMENTS,
              Quirk.RETURN_ENDS_COMMENT),
          EnumSet.of(Quirk.STRING_ESCAPES),
          statements(
              SHOW,
              "set (?:(?:session|local) )?" + POSTGRESQL_SETTINGS + " (?:=|to) " + VALUES,
              "set (?:(?:session|local) )?time zone " + VALUE,
              "set names " + VALUE,
              "set constraints (?:all|" + NAME + "(?: , " + NAME + ")*) (?:deferred|immediate)",
              "reset (?:all|time zone|" + POSTGRESQL_SETTINGS + ")"),
          true,
          true,
          functions(POSTGRESQL_FUNCTIONS));

  private static final Dialect MYSQL =
      new Dialect(
          EnumSet.of(Quirk.BACKTICK_NAMES, Quirk.HASH_COMMENTS, Quirk.DASHES_NEED_SPACE),
          EnumSet.of(Quirk.STRING_ESCAPES, Quirk.DOUBLE_QUOTE_ESCAPES, Quirk.EXECUTABLE_COMMENTS),
          statements(
              SHOW,
              "(?:describe|desc|explain) " + NAME + "(?: " + PART + ")?",
              "set " + MYSQL_ASSIGNMENT + "(?: , " + MYSQL_ASSIGNMENT + ")*",
              "set (?:session|local) transaction " + TRANSACTION_MODES,
              "set (?:names|charset|character set) " + VALUE + "(?: collate " + VALUE + ")?",
              "use " + NAME),
          true,
          true,
          functions(MYSQL_FUNCTIONS));

  private static final Dialect SQL_SERVER =
      new Dialect(
          EnumSet.of(Quirk.BRACKET_NAMES, Quirk.NESTED_COMMENTS, Quirk.UNICODE_SPACES),
          EnumSet.of(Quirk.RETURN_ENDS_COMMENT),
          statements(
              "(?:begin|commit|rollback|save) (?:tran|transaction) " + NAME,
              ("set " + SQL_SERVER_SWITCHES + "(?: , " + SQL_SERVER_SWITCHES + ")*")
                  + " (?:on|off)",
              "set (?:datefirst|dateformat|deadlock_priority|language|lock_timeout|textsize) "
                  + VALUE,
              "use " + NAME),
          false,
          false,
          functions(SQL_SERVER_FUNCTIONS));

  private static final Dialect ORACLE =
      new Dialect(
          EnumSet.of(Quirk.Q_STRINGS),
          EnumSet.of(Quirk.RETURN_ENDS_COMMENT, Quirk.UNICODE_SPACES),
          statements(),
          false,
          true,
          functions(ORACLE_FUNCTIONS));

  /** Maximum number of readings to try; a text with more counts as a write. */
  private static final int MAX_READINGS = 64;

  Dialect {
    has = Set.copyOf(has);
    mayHave = Set.copyOf(mayHave);
  }

  private static Pattern statements(String... ofProduct) {
    return anyOf(TRANSACTION, ofProduct);
  }

  private static Pattern functions(String... ofProduct) {
    return anyOf(COMMON_FUNCTIONS, ofProduct);
  }

  private static Pattern anyOf(String common, String... ofProduct) {
    return Pattern.compile(
        Stream.concat(Stream.of(common), Stream.of(ofProduct)).collect(Collectors.joining("|")));
  }

  /** Returns the dialect for the product name that a driver reports. */
  static Dialect of(String product) {
    return switch (product) {
      case "SQLite" -> SQLITE;
      case "H2" -> H2;
      case "HSQL Database Engine" -> HSQLDB;
      case "PostgreSQL" -> POSTGRESQL;
      case "MySQL", "MariaDB" -> MYSQL;
      case "Microsoft SQL Server" -> SQL_SERVER;
      case "Oracle" -> ORACLE;
      default -> UNKNOWN;
    };
  }

  /** Returns the possible readings of a text, usually one; empty if there are too many to try. */
  List<Set<Quirk>> readings(String sql) {
    List<Quirk> open = mayHave.stream().filter(quirk -> quirk.matters(sql)).toList();
    if (1L << open.size() > MAX_READINGS) {
      return List.of();
    }
    List<Set<Quirk>> readings = new ArrayList<>();
    readings.add(has);
    for (Quirk quirk : open) {
      for (Set<Quirk> reading : List.copyOf(readings)) {
        Set<Quirk> other = EnumSet.of(quirk);
        other.addAll(reading);
        readings.add(other);
      }
    }
    return readings;
  }

  /**
   * Returns true if a name in lower case may be a function that writes, or the table of a pragma
   * that writes.
   *
   * @param called true if the name is called as a function
   */
  boolean mayWrite(String name, boolean called) {
    return (called || name.startsWith("pragma_")) && writingFunctions.matcher(name).matches();
  }
}
