// SPDX-License-Identifier: Apache-2.0
package dev.indelible.shell;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Parses a bash script into nodes: recursive descent over the grammar of POSIX (XCU 2.10) and of
 * bash 5.2. Runs nothing and expands nothing.
 *
 * <p>Time is linear in the length of the text, multiplied by the depth of nesting. A text is
 * refused if it is longer than {@link #MAX_LENGTH}, nested more than 200 levels deep, or has more
 * than 50,000 parts.
 *
 * <p>The class is long because each rule of the grammar is a method.
 */
public final class ShellParser {
  /** Maximum length of a text, in characters. */
  public static final int MAX_LENGTH = 1 << 20;

  private static final List<String> RESERVED =
      List.of(
          "!",
          "{",
          "}",
          "[[",
          "case",
          "coproc",
          "do",
          "done",
          "elif",
          "else",
          "esac",
          "fi",
          "for",
          "function",
          "if",
          "in",
          "select",
          "then",
          "time",
          "until",
          "while");

  /** The reserved words, keyed by their first character. */
  private static final String[][] RESERVED_BY_FIRST = new String['}' + 1][];

  static {
    for (char first = 0; first < RESERVED_BY_FIRST.length; first++) {
      String beginning = String.valueOf(first);
      RESERVED_BY_FIRST[first] =
          RESERVED.stream().filter(word -> word.startsWith(beginning)).toArray(String[]::new);
    }
  }

  /** Reserved words that end a list of commands. */
  private static final Set<String> CLOSING =
      Set.of("}", "do", "done", "elif", "else", "esac", "fi", "then");

  /** Commands that accept assignments of arrays as arguments. */
  private static final Set<String> DECLARATIONS =
      Set.of("alias", "declare", "eval", "export", "let", "local", "readonly", "typeset");

  /** The operators of redirections, the longer before the shorter. */
  private static final List<String> REDIRECTIONS =
      List.of("<<<", "<<-", "&>>", "<<", "<>", "<&", ">>", ">|", ">&", "&>", "<", ">");

  private final Source source;
  private final WordParser words;
  private final HereDocuments hereDocuments;
  private final boolean extendedGlobs;

  private ShellParser(String text, Source.Budget budget) {
    this.source = new Source(text, budget);
    this.words = new WordParser(source, this);
    this.hereDocuments = new HereDocuments(source);
    this.extendedGlobs = text.contains("extglob");
  }

  /**
   * Parses a script.
   *
   * @throws ShellSyntaxException if the text is not a script, or exceeds a limit
   */
  public static Script parse(String text) throws ShellSyntaxException {
    if (text.length() > MAX_LENGTH) {
      throw new ShellSyntaxException(
          "longer than %s characters".formatted(MAX_LENGTH), MAX_LENGTH, true);
    }
    int nul = text.indexOf('\0');
    if (nul >= 0) {
      throw new ShellSyntaxException("a NUL character", nul, false);
    }
    return parseWithin(text, new Source.Budget());
  }

  /** Parses a text that is part of another script. */
  static Script parseWithin(String text, Source.Budget budget) throws ShellSyntaxException {
    ShellParser parser = new ShellParser(text, budget);
    Script script = parser.list();
    if (parser.source.peek() != Source.END) {
      throw parser.source.unexpected("a command is expected");
    }
    parser.hereDocuments.readAll();
    return script;
  }

  /** Parses the body of a here-document. Expansions are read, and quotes are plain text. */
  static Word parseHereText(String text, Source.Budget budget) throws ShellSyntaxException {
    return new ShellParser(text, budget).words.hereText();
  }

  /** Returns true if the script enables extended globs anywhere, so they may be active. */
  boolean hasExtendedGlobs() {
    return extendedGlobs;
  }

  /** Reads commands, possibly none, up to a character or reserved word that begins no command. */
  Script list() throws ShellSyntaxException {
    List<Script.Statement> statements = new ArrayList<>();
    while (true) {
      skipLines();
      int c = source.peek();
      if (c == Source.END || c == ')' || c == ';' || CLOSING.contains(reservedAhead())) {
        return new Script(statements);
      }
      Command command = andOr();
      skipBlanks();
      boolean isBackground = source.peek() == '&';
      statements.add(new Script.Statement(command, isBackground));
      if (isBackground || source.peek() == ';' && !isBranchEnd()) {
        source.skip(1);
      } else if (source.peek() != '\n') {
        return new Script(statements);
      }
    }
  }

  /** Reads a list with at least one command. */
  private Script body() throws ShellSyntaxException {
    Script body = list();
    if (body.statements().isEmpty()) {
      throw source.unexpected("a command is expected");
    }
    return body;
  }

  private boolean isBranchEnd() {
    return source.isAt(";;") || source.isAt(";&");
  }

  private Command andOr() throws ShellSyntaxException {
    Command left = pipeline();
    while (true) {
      skipBlanks();
      boolean isAnd = source.isAt("&&");
      if (!isAnd && !source.isAt("||")) {
        return left;
      }
      source.skip(2);
      skipLines();
      source.budget.node(source.position);
      left = new Command.AndOr(left, pipeline(), isAnd);
    }
  }

  private Command pipeline() throws ShellSyntaxException {
    boolean isNegated = false;
    boolean isTimed = false;
    int start = source.position;
    for (String word = reservedAhead();
        word.equals("!") || word.equals("time");
        word = reservedAhead()) {
      source.skip(word.length());
      skipBlanks();
      if (word.equals("!")) {
        isNegated = !isNegated;
      } else {
        isTimed = true;
        acceptWord("-p");
        acceptWord("--");
      }
    }
    List<Command> commands = new ArrayList<>();
    if (source.position > start && isEndOfCommand()) {
      commands.add(nothing());
    } else {
      commands.add(command());
    }
    skipBlanks();
    while (source.peek() == '|' && source.peek(1) != '|') {
      source.skip(1);
      source.accept("&");
      skipLines();
      commands.add(command());
      skipBlanks();
    }
    return commands.size() == 1 && !isNegated && !isTimed
        ? commands.get(0)
        : new Command.Pipeline(commands, isNegated, isTimed);
  }

  private boolean isEndOfCommand() {
    int c = source.peek();
    return c == Source.END || c == '\n' || c == ';' || c == '&' || c == '|' || c == ')';
  }

  private Command.Simple nothing() {
    return new Command.Simple(
        List.of(), List.of(), List.of(), List.of(), source.position, source.position);
  }

  private Command command() throws ShellSyntaxException {
    @Nullable Command compound = compoundIfAhead();
    return compound == null ? simple() : compound;
  }

  /** Reads a compound command with its redirections; returns null if none begins here. */
  private @Nullable Command compoundIfAhead() throws ShellSyntaxException {
    source.budget.enter(source.position);
    source.budget.node(source.position);
    @Nullable Command compound = bareCompound();
    source.budget.leave();
    if (compound == null
        || compound instanceof Command.Function
        || compound instanceof Command.Coprocess) {
      return compound;
    }
    return redirected(compound);
  }

  private Command redirected(Command compound) throws ShellSyntaxException {
    List<Redirection> redirections = new ArrayList<>();
    skipBlanks();
    while (isRedirection()) {
      redirections.add(redirection());
      skipBlanks();
    }
    return redirections.isEmpty() ? compound : new Command.Redirected(compound, redirections);
  }

  private @Nullable Command bareCompound() throws ShellSyntaxException {
    if (source.peek() == '(') {
      if (source.peek(1) == '(' && words.isArithmetic(0)) {
        source.skip(2);
        Word expression = words.arithmetic(false, '(', ')');
        source.expect("))");
        return new Command.ArithmeticCommand(expression);
      }
      source.skip(1);
      Script body = body();
      source.expect(")");
      return new Command.Subshell(body);
    }
    String word = reservedAhead();
    // After a pipe, "time" is the name of a command.
    if (word.isEmpty() || CLOSING.contains(word) || word.equals("time")) {
      return null;
    }
    source.skip(word.length());
    return switch (word) {
      case "{" -> {
        Script body = body();
        expectReserved("}");
        yield new Command.Group(body);
      }
      case "if" -> ifCommand();
      case "while", "until" -> {
        Script condition = body();
        yield new Command.While(condition, doGroup(), word.equals("until"));
      }
      case "for" -> forCommand();
      case "select" -> forWords(true);
      case "case" -> caseCommand();
      case "[[" -> new Command.Conditional(new ConditionParser(source, words, this).read());
      case "function" -> functionCommand();
      case "coproc" -> coprocess();
      default -> throw source.error("'" + word + "' is not expected here");
    };
  }

  private Command ifCommand() throws ShellSyntaxException {
    Script condition = body();
    expectReserved("then");
    Script then = body();
    String next = reservedAhead();
    Script otherwise = new Script(List.of());
    if (next.equals("elif")) {
      source.skip(next.length());
      source.budget.enter(source.position);
      otherwise = new Script(List.of(new Script.Statement(ifCommand(), false)));
      source.budget.leave();
      return new Command.If(condition, then, otherwise);
    }
    if (next.equals("else")) {
      source.skip(next.length());
      otherwise = body();
    }
    expectReserved("fi");
    return new Command.If(condition, then, otherwise);
  }

  private Script doGroup() throws ShellSyntaxException {
    expectReserved("do");
    Script body = body();
    expectReserved("done");
    return body;
  }

  /** Reads the body of a {@code for} loop, which may also be in braces. */
  private Script loopBody() throws ShellSyntaxException {
    skipLines();
    if (!reservedAhead().equals("{")) {
      return doGroup();
    }
    source.skip(1);
    Script body = body();
    expectReserved("}");
    return body;
  }

  private Command forCommand() throws ShellSyntaxException {
    skipBlanks();
    if (!source.isAt("((")) {
      return forWords(false);
    }
    source.skip(2);
    Word expressions = words.arithmetic(false, '(', ')');
    source.expect("))");
    skipBlanks();
    source.accept(";");
    return new Command.ArithmeticFor(expressions, loopBody());
  }

  private Command forWords(boolean isSelect) throws ShellSyntaxException {
    skipBlanks();
    String name = literalWord("the name of a variable");
    skipLines();
    List<Word> values = new ArrayList<>();
    boolean isOverArguments = !reservedAhead().equals("in");
    if (!isOverArguments) {
      source.skip("in".length());
      skipBlanks();
      while (isWordAhead()) {
        values.add(words.word(WordParser.Mode.PLAIN));
        skipBlanks();
      }
      if (source.peek() != ';' && source.peek() != '\n') {
        throw source.unexpected("';' or a new line is expected");
      }
    }
    if (source.peek() == ';' && !isBranchEnd()) {
      source.skip(1);
    }
    return new Command.For(name, values, isOverArguments, isSelect, loopBody());
  }

  private Command caseCommand() throws ShellSyntaxException {
    skipBlanks();
    Word subject = requireWord();
    skipLines();
    expectReserved("in");
    List<Command.Branch> branches = new ArrayList<>();
    skipLines();
    while (!reservedAhead().equals("esac")) {
      branches.add(branch());
      skipLines();
    }
    source.skip("esac".length());
    return new Command.Case(subject, branches);
  }

  private Command.Branch branch() throws ShellSyntaxException {
    List<Word> patterns = new ArrayList<>();
    source.accept("(");
    do {
      skipBlanks();
      patterns.add(requireWord());
      skipBlanks();
    } while (source.peek(1) != '|' && source.accept("|"));
    source.expect(")");
    Script body = list();
    for (String end : List.of(";;&", ";;", ";&")) {
      if (source.accept(end)) {
        return new Command.Branch(patterns, body, end);
      }
    }
    if (!reservedAhead().equals("esac")) {
      throw source.unexpected("';;' or 'esac' is expected");
    }
    return new Command.Branch(patterns, body, ";;");
  }

  private Command functionCommand() throws ShellSyntaxException {
    skipBlanks();
    String name = literalWord("the name of a function");
    skipBlanks();
    if (source.accept("(")) {
      skipBlanks();
      source.expect(")");
    }
    return new Command.Function(name, functionBody());
  }

  private Command functionBody() throws ShellSyntaxException {
    skipLines();
    @Nullable Command body = compoundIfAhead();
    if (body == null) {
      throw source.unexpected("the body of a function is expected");
    }
    return body;
  }

  private Command coprocess() throws ShellSyntaxException {
    skipBlanks();
    int start = source.position;
    @Nullable Command body = compoundIfAhead();
    if (body != null) {
      return new Command.Coprocess("COPROC", body);
    }
    String name = words.word(WordParser.Mode.PLAIN).literal().orElse("");
    skipBlanks();
    body = name.isEmpty() ? null : compoundIfAhead();
    if (body != null) {
      return new Command.Coprocess(name, body);
    }
    source.position = start;
    return new Command.Coprocess("COPROC", simple());
  }

  private Command simple() throws ShellSyntaxException {
    skipBlanks();
    int start = source.position;
    int end = start;
    List<Assignment> assignments = new ArrayList<>();
    List<Word> arguments = new ArrayList<>();
    List<Assignment> arrays = new ArrayList<>();
    List<Redirection> redirections = new ArrayList<>();
    boolean isDeclaration = false;
    while (true) {
      boolean isFirst = arguments.isEmpty();
      if (isRedirection()) {
        redirections.add(redirection());
      } else if (isWordAhead()) {
        @Nullable Assignment assignment = isFirst || isDeclaration ? assignment(isFirst) : null;
        if (assignment != null) {
          (isFirst ? assignments : arrays).add(assignment);
        } else {
          Word word = words.word(WordParser.Mode.PLAIN);
          arguments.add(word);
          isDeclaration |= isFirst && DECLARATIONS.contains(word.literal().orElse(""));
        }
      } else if (source.peek() == '('
          && arguments.size() == 1
          && assignments.isEmpty()
          && redirections.isEmpty()) {
        return functionDefinition(arguments.get(0));
      } else {
        break;
      }
      end = source.position;
      skipBlanks();
    }
    if (end == start) {
      throw source.unexpected("a command is expected");
    }
    return new Command.Simple(assignments, arguments, arrays, redirections, start, end);
  }

  private Command functionDefinition(Word name) throws ShellSyntaxException {
    source.skip(1);
    skipBlanks();
    source.expect(")");
    if (name.literal().isEmpty()) {
      throw source.error("the name of a function has expansions");
    }
    return new Command.Function(name.literal().get(), functionBody());
  }

  /**
   * Reads an assignment. Returns null and reads nothing if no assignment begins here.
   *
   * @param isPrefix true before the name of the command; after the name, only an assignment of an
   *     array counts, and everything else is a word
   */
  private @Nullable Assignment assignment(boolean isPrefix) throws ShellSyntaxException {
    int start = source.position;
    if (!WordParser.isNameStart(source.peek())) {
      return null;
    }
    String name = words.name();
    Word subscript = Word.NONE;
    if (source.peek() == '[') {
      if (!hasAssignmentAfterSubscript()) {
        source.position = start;
        return null;
      }
      source.skip(1);
      subscript = words.arithmetic(false, '[', ']');
      source.expect("]");
    }
    boolean isAppended = source.accept("+=");
    if (!isAppended && !source.accept("=")) {
      source.position = start;
      return null;
    }
    if (source.accept("(")) {
      return new Assignment(name, subscript, isAppended, Word.NONE, words.elements(), true);
    }
    if (!isPrefix) {
      source.position = start;
      return null;
    }
    Word value = isWordAhead() ? words.word(WordParser.Mode.PLAIN) : Word.NONE;
    return new Assignment(name, subscript, isAppended, value, List.of(), false);
  }

  /** Returns true if the next bracket is closed and an assignment operator follows it. */
  private boolean hasAssignmentAfterSubscript() {
    int depth = 0;
    for (int i = source.position; i < source.text.length(); i++) {
      char c = source.text.charAt(i);
      if (c == '\n') {
        return false;
      }
      if (c == '\'' || c == '"') {
        i = WordParser.closingQuote(source.text, i);
        continue;
      }
      depth += c == '[' ? 1 : 0;
      depth -= c == ']' ? 1 : 0;
      if (depth == 0) {
        return source.text.startsWith("=", i + 1) || source.text.startsWith("+=", i + 1);
      }
    }
    return false;
  }

  private boolean isRedirection() {
    int c = source.peek();
    if (c == '<' || c == '>') {
      return source.peek(1) != '(';
    }
    if (c == '&') {
      return source.peek(1) == '>';
    }
    if (!WordParser.isDigit(c) && c != '{') {
      return false;
    }
    int ahead = 1;
    if (c == '{') {
      while (WordParser.isNameStart(source.peek(ahead)) || WordParser.isDigit(source.peek(ahead))) {
        ahead++;
      }
      if (ahead == 1 || source.peek(ahead) != '}') {
        return false;
      }
      ahead++;
    } else {
      while (WordParser.isDigit(source.peek(ahead))) {
        ahead++;
      }
    }
    int after = source.peek(ahead);
    return (after == '<' || after == '>') && source.peek(ahead + 1) != '(';
  }

  private Redirection redirection() throws ShellSyntaxException {
    source.budget.node(source.position);
    StringBuilder descriptor = new StringBuilder();
    while (source.peek() != '<' && source.peek() != '>' && source.peek() != '&') {
      descriptor.append((char) source.peek());
      source.skip(1);
    }
    String operator = "";
    for (String known : REDIRECTIONS) {
      if (operator.isEmpty() && source.accept(known)) {
        operator = known;
      }
    }
    skipBlanks();
    boolean isHere = operator.equals("<<") || operator.equals("<<-");
    int start = source.position;
    if (!isWordAhead()) {
      throw source.unexpected("a file name or descriptor is expected");
    }
    Word target = words.word(WordParser.Mode.PLAIN);
    HereDocument document =
        isHere
            ? hereDocuments.expect(source.text.substring(start, source.position), target, operator)
            : HereDocument.NONE;
    return new Redirection(descriptor.toString(), operator, target, document);
  }

  private boolean isWordAhead() {
    int c = source.peek();
    return c != Source.END
        && (!WordParser.isMetacharacter(c) || (c == '<' || c == '>') && source.peek(1) == '(');
  }

  private Word requireWord() throws ShellSyntaxException {
    if (!isWordAhead()) {
      throw source.unexpected("a word is expected");
    }
    return words.word(WordParser.Mode.PLAIN);
  }

  private String literalWord(String what) throws ShellSyntaxException {
    return requireWord().literal().orElseThrow(() -> source.error(what + " has expansions"));
  }

  /** Skips a word with exactly these characters, if it comes next, and the blanks after it. */
  private void acceptWord(String word) {
    int after = source.peek(word.length());
    if (source.isAt(word) && (after == Source.END || WordParser.isMetacharacter(after))) {
      source.skip(word.length());
      skipBlanks();
    }
  }

  private void expectReserved(String word) throws ShellSyntaxException {
    skipLines();
    if (!reservedAhead().equals(word)) {
      throw source.unexpected("'" + word + "' is expected");
    }
    source.skip(word.length());
  }

  /** Returns the reserved word that comes next; empty if there is none. */
  private String reservedAhead() {
    int first = source.peek();
    if (first < 0 || first >= RESERVED_BY_FIRST.length) {
      return "";
    }
    for (String word : RESERVED_BY_FIRST[first]) {
      if (source.isAt(word)) {
        int after = source.peek(word.length());
        if (after == Source.END || WordParser.isMetacharacter(after)) {
          return word;
        }
      }
    }
    return "";
  }

  /** Skips blanks, and a comment up to the end of its line. */
  void skipBlanks() {
    while (source.peek() == ' ' || source.peek() == '\t') {
      source.skip(1);
    }
    if (source.peek() == '#') {
      int end = source.text.indexOf('\n', source.position);
      source.position = end < 0 ? source.text.length() : end;
    }
  }

  /**
   * Skips blanks, comments and line ends, and reads the here-documents that begin after a line end.
   */
  void skipLines() throws ShellSyntaxException {
    skipBlanks();
    while (source.peek() == '\n') {
      source.skip(1);
      hereDocuments.readAll();
      skipBlanks();
    }
  }
}
