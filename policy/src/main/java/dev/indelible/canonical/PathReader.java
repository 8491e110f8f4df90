// SPDX-License-Identifier: Apache-2.0
package dev.indelible.canonical;

import dev.indelible.canonical.Component.Kind;
import dev.indelible.value.Origin;
import dev.indelible.value.Value;
import dev.indelible.value.Value.Glob;
import dev.indelible.value.Value.Known;
import dev.indelible.value.Value.Piece;
import dev.indelible.value.Value.Unknown;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Converts a path in any spelling to its canonical form.
 *
 * <p>The class is long because each spelling of a path (POSIX, {@code /proc}, Windows drives, UNC,
 * WSL) has its own small reader.
 */
final class PathReader {
  /** More than any system opens (PATH_MAX is 4,096); bounds the work of a decision. */
  static final int MAX_CHARS = 32_768;

  static final int MAX_COMPONENTS = 1_024;

  /** Four times the limit of the common file systems. */
  static final int MAX_NAME_CHARS = 1_024;

  /**
   * Replaces the first unknown piece in the text; the next character replaces the second, and so
   * on.
   */
  private static final char MARK = '\ue000';

  private static final int MAX_MARKS = 1_024;

  /** Far more than anyone writes; each costs a walk through all patterns. */
  static final int MAX_ANY_DEPTH = 16;

  private static final Component POSIX = Component.root(CanonicalPath.POSIX_ROOT);
  private static final Component HOME = Component.root(CanonicalPath.HOME_ROOT);
  private static final Component HOMES = Component.root(CanonicalPath.HOMES_ROOT);
  private static final Component SCRATCH = Component.root(CanonicalPath.SCRATCH_ROOT);
  private static final Component UNC = Component.root(CanonicalPath.UNC_ROOT);
  private static final Component DEVICES = Component.root(CanonicalPath.DEVICE_ROOT);

  private final CanonicalPath workingDirectory;
  private final @Nullable CanonicalPath home;
  private final List<Component> parts = new ArrayList<>(12);
  private final List<Piece> marks;
  private boolean isWindows;
  private boolean hasColon;
  private int anyDepths;

  /** True if {@code ..} is kept as a name. */
  private boolean keepsParents;

  private @Nullable String problem;

  private PathReader(
      CanonicalPath workingDirectory, @Nullable CanonicalPath home, List<Piece> marks) {
    this.workingDirectory = workingDirectory;
    this.home = home;
    this.marks = marks;
  }

  static CanonicalPath read(
      Value value, CanonicalPath workingDirectory, @Nullable CanonicalPath home) {
    List<Piece> pieces = value.pieces();
    if (pieces.size() == 1 && pieces.get(0) instanceof Known known) {
      return new PathReader(workingDirectory, home, List.of()).path(known.text());
    }
    return new PathReader(workingDirectory, home, new ArrayList<>()).path(value);
  }

  static CanonicalPath readWithParents(
      Value value, CanonicalPath workingDirectory, @Nullable CanonicalPath home) {
    PathReader reader = new PathReader(workingDirectory, home, new ArrayList<>());
    reader.keepsParents = true;
    return reader.path(value);
  }

  private CanonicalPath path(Value value) {
    String text = marked(value.pieces());
    return problem == null ? path(text) : CanonicalPath.opaque(value.display(), problem);
  }

  /** Returns the text with a mark in the place of each piece that is unknown. */
  private String marked(List<Piece> pieces) {
    StringBuilder text = new StringBuilder();
    for (Piece piece : pieces) {
      if (piece instanceof Known known) {
        if (hasMark(known.text())) {
          problem = "the path has characters of private use beside unknown text";
        }
        text.append(known.text());
      } else if (piece instanceof Unknown unknown
          && unknown.origin() == Origin.HOME
          && home != null) {
        text.append(home.display());
      } else if (piece instanceof Glob glob && glob.glob().indexOf('/') >= 0) {
        globWithSeparators(glob.glob(), text);
      } else {
        mark(piece, text);
      }
    }
    return text.toString();
  }

  private static boolean hasMark(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (text.charAt(i) >= MARK && text.charAt(i) < MARK + MAX_MARKS) {
        return true;
      }
    }
    return false;
  }

  private void globWithSeparators(String glob, StringBuilder text) {
    int start = 0;
    for (int end = glob.indexOf('/'); end >= 0; end = glob.indexOf('/', start)) {
      if (end > start) {
        mark(new Glob(glob.substring(start, end)), text);
      }
      text.append('/');
      start = end + 1;
    }
    if (start < glob.length()) {
      mark(new Glob(glob.substring(start)), text);
    }
  }

  private void mark(Piece piece, StringBuilder text) {
    if (marks.size() == MAX_MARKS) {
      problem = "the path has too many unknown parts";
      return;
    }
    text.append((char) (MARK + marks.size()));
    marks.add(piece);
  }

  private boolean isMark(char c) {
    return c >= MARK && c < MARK + marks.size();
  }

  private CanonicalPath path(String written) {
    String text = checked(written);
    if (problem == null) {
      text = withoutScheme(text);
    }
    if (problem == null) {
      int at = begin(text);
      addAll(text, at);
      respell();
    }
    if (problem != null) {
      return CanonicalPath.opaque(display(written), problem);
    }
    boolean endsWithSeparator = !text.isEmpty() && isSeparator(text.charAt(text.length() - 1));
    // From here on, only the path uses the list.
    return new CanonicalPath(parts, endsWithSeparator);
  }

  private String checked(String text) {
    if (text.isEmpty()) {
      problem = "the path is empty";
    } else if (text.length() > MAX_CHARS) {
      problem = "the path is longer than " + MAX_CHARS + " characters";
    }
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c < ' ' && c != '\r' && c != '\t' || c == 0x7f) {
        problem = "the path has a control character";
      }
      hasColon |= c == ':';
    }
    return text;
  }

  private void addAll(String text, int from) {
    int start = from;
    for (int i = from; i <= text.length() && problem == null; i++) {
      if (i == text.length() || isSeparator(text.charAt(i))) {
        if (i > start) {
          add(text.substring(start, i));
        }
        start = i + 1;
      }
    }
  }

  private boolean isSeparator(char c) {
    return c == '/' || isWindows && c == '\\';
  }

  // The beginning of a path.

  /** Returns the path of a {@code file:} URL, or the text itself. */
  private String withoutScheme(String text) {
    if (!text.regionMatches(true, 0, "file:", 0, 5)) {
      return text;
    }
    String rest = text.substring(5).replace('\\', '/');
    if (rest.startsWith("//")) {
      int slash = rest.indexOf('/', 2);
      String host = slash < 0 ? rest.substring(2) : rest.substring(2, slash);
      String path = slash < 0 ? "/" : rest.substring(slash);
      boolean isHere = host.isEmpty() || host.equalsIgnoreCase("localhost");
      rest = isHere ? path : "\\\\" + host + path;
    }
    String decoded = percentDecoded(rest);
    if (decoded.length() >= 3 && decoded.charAt(0) == '/' && decoded.charAt(2) == '|') {
      decoded = decoded.charAt(1) + ":" + decoded.substring(3);
    }
    return decoded.length() >= 3 && decoded.charAt(0) == '/' && isDrive(decoded, 1)
        ? decoded.substring(1)
        : checked(decoded);
  }

  static String percentDecoded(String text) {
    if (text.indexOf('%') < 0) {
      return text;
    }
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    ByteArrayOutputStream out = new ByteArrayOutputStream(bytes.length);
    for (int i = 0; i < bytes.length; i++) {
      int high = i + 2 < bytes.length ? Character.digit(bytes[i + 1], 16) : -1;
      int low = i + 2 < bytes.length ? Character.digit(bytes[i + 2], 16) : -1;
      if (bytes[i] == '%' && high >= 0 && low >= 0) {
        out.write(high << 4 | low);
        i += 2;
      } else {
        out.write(bytes[i]);
      }
    }
    return out.toString(StandardCharsets.UTF_8);
  }

  /** Adds the root, or the working directory, and returns where the names begin. */
  private int begin(String text) {
    char first = text.charAt(0);
    if (text.startsWith("\\\\") || text.startsWith("\\??\\") || isWindowsNetwork(text)) {
      return network(text.replace('\\', '/'), text);
    }
    if (first == '/') {
      parts.add(POSIX);
      return 1;
    }
    if (isDrive(text, 0)) {
      drive(first);
      return 2;
    }
    if (first == '\\' && workingDirectory.isWindows()) {
      parts.add(workingDirectory.root());
      isWindows = true;
      return 1;
    }
    if (isMark(first) && marks.get(0) instanceof Unknown unknown) {
      return beginUnknown(text, unknown);
    }
    if (workingDirectory.isOpaque()) {
      parts.add(Component.unknown("$PWD"));
      return 0;
    }
    parts.addAll(workingDirectory.components());
    isWindows = workingDirectory.isWindows();
    return 0;
  }

  private int beginUnknown(String text, Unknown unknown) {
    boolean isWhole = text.length() == 1 || text.charAt(1) == '/' || text.charAt(1) == '\\';
    isWindows = text.length() > 1 && text.charAt(1) == '\\';
    if (unknown.origin() == Origin.SCRATCH) {
      parts.add(SCRATCH);
      return 1;
    }
    if (unknown.origin() == Origin.HOME) {
      // A path such as ~2 lies beside the home, not in it.
      parts.add(isWhole ? HOME : HOMES);
      return isWhole ? 1 : 0;
    }
    parts.add(Component.unknown(display(text.substring(0, 1))));
    return isWhole ? 1 : 0;
  }

  private static boolean isDrive(String text, int at) {
    return text.length() > at + 1
        && text.charAt(at + 1) == ':'
        && isLetter(text.charAt(at))
        && (text.length() == at + 2 || text.charAt(at + 2) == '/' || text.charAt(at + 2) == '\\');
  }

  private static boolean isLetter(char c) {
    return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z';
  }

  private void drive(char letter) {
    parts.clear();
    parts.add(Component.root(Character.toLowerCase(letter) + ":"));
    isWindows = true;
  }

  /** Returns true if two slashes begin a Windows network path, not a POSIX path. */
  private boolean isWindowsNetwork(String text) {
    if (!text.startsWith("//")) {
      return false;
    }
    String lower = text.substring(2, Math.min(text.length(), 20)).toLowerCase(Locale.ROOT);
    return workingDirectory.isWindows()
        || lower.startsWith("?/")
        || lower.startsWith("./") && isDrive(text, 4)
        || lower.startsWith("wsl$/")
        || lower.startsWith("wsl.localhost/")
        || lower.startsWith("localhost/") && isShareOfDrive(text.substring(12));
  }

  private static boolean isShareOfDrive(String share) {
    return share.length() >= 2
        && isLetter(share.charAt(0))
        && share.charAt(1) == '$'
        && (share.length() == 2 || share.charAt(2) == '/');
  }

  private int network(String text, String written) {
    isWindows = true;
    int at = text.startsWith("/??/") ? 4 : 2;
    boolean isDevice =
        at == 4
            || text.startsWith("?/", at)
            || text.startsWith("./", at)
            || text.equals("//.")
            || text.equals("//?");
    if (isDevice) {
      at = Math.min(4, text.length());
      if (isDrive(text, at)) {
        drive(text.charAt(at));
        return at + 2;
      }
      if (!text.regionMatches(true, at, "UNC/", 0, 4)) {
        parts.add(DEVICES);
        return at;
      }
      at += 4;
    }
    int hostEnd = end(text, at);
    String host = withoutDotsBehind(text.substring(at, hostEnd)).toLowerCase(Locale.ROOT);
    int share = Math.min(hostEnd + 1, text.length());
    if (host.equals("wsl$") || host.equals("wsl.localhost")) {
      parts.add(POSIX);
      // Either slash separates the names below, although the root is that of Linux.
      return end(text, share);
    }
    if (CanonicalHost.of(host, -1).isLoopback() && isShareOfDrive(text.substring(share))) {
      drive(text.charAt(share));
      return share + 2;
    }
    if (CanonicalHost.of(host, -1).isLoopback()
        && text.substring(share, end(text, share)).equalsIgnoreCase("admin$")) {
      drive('c');
      add("Windows");
      return end(text, share);
    }
    parts.add(UNC);
    return at;
  }

  private static int end(String text, int from) {
    int slash = text.indexOf('/', from);
    return slash < 0 ? text.length() : slash;
  }

  // The names of a path.

  private void add(String segment) {
    String name = isWindows ? withoutBlanksBehind(segment) : segment;
    if (name.equals(".") || name.isEmpty()) {
      return;
    }
    if (name.equals("..") && !(keepsParents && parts.get(0) == POSIX)) {
      up();
      return;
    }
    if (name.length() > MAX_NAME_CHARS) {
      problem = "a name in the path is longer than " + MAX_NAME_CHARS + " characters";
    } else if (parts.size() == MAX_COMPONENTS) {
      problem = "the path has more than " + MAX_COMPONENTS + " names";
    } else {
      Component component = component(name);
      if (component != null && !isRepeated(component)) {
        parts.add(component);
        followProc();
      }
    }
  }

  /** Returns true for a {@code **} directly after another one, which adds nothing. */
  private boolean isRepeated(Component component) {
    if (!component.is(Kind.ANY_DEPTH)) {
      return false;
    }
    if (parts.get(parts.size() - 1).is(Kind.ANY_DEPTH)) {
      return true;
    }
    if (++anyDepths > MAX_ANY_DEPTH) {
      problem = "the path has more than " + MAX_ANY_DEPTH + " parts of any depth";
    }
    return false;
  }

  private @Nullable Component component(String name) {
    if (!marks.isEmpty()) {
      for (int i = 0; i < name.length(); i++) {
        if (isMark(name.charAt(i))) {
          return unknown(name);
        }
      }
    }
    if (isWindows) {
      return windowsName(name);
    }
    int stream = hasColon ? name.indexOf("::$") : -1;
    return Component.name(stream > 0 ? name.substring(0, stream) : name);
  }

  private Component unknown(String name) {
    NameGlob.Builder glob = new NameGlob.Builder(true);
    boolean hasKnown = false;
    boolean hasUnknown = false;
    for (int i = 0; i < name.length(); i++) {
      char c = name.charAt(i);
      if (!isMark(c)) {
        glob.literal(c);
        hasKnown = true;
      } else if (marks.get(c - MARK) instanceof Glob piece) {
        glob.glob(piece.glob());
      } else {
        glob.star();
        hasUnknown = true;
      }
    }
    String text = display(name);
    if (!hasUnknown) {
      return text.equals("**") || text.equals(Value.ALL.glob())
          ? Component.anyDepth()
          : Component.glob(Kind.GLOB, text, glob.build(true));
    }
    boolean isProcess =
        parts.size() == 2 && parts.get(0) == POSIX && parts.get(1).folded().equals("proc");
    if (isProcess) {
      return Component.glob(Kind.GLOB, text, glob.build(false));
    }
    return hasKnown
        ? Component.glob(Kind.PARTLY_KNOWN, text, glob.build(false))
        : Component.unknown(text);
  }

  private static String withoutBlanksBehind(String name) {
    int end = name.length();
    while (end > 0 && name.charAt(end - 1) == ' ') {
      end--;
    }
    return name.substring(0, end);
  }

  private static String withoutDotsBehind(String name) {
    int end = name.length();
    while (end > 0 && (name.charAt(end - 1) == '.' || name.charAt(end - 1) == ' ')) {
      end--;
    }
    return name.substring(0, end);
  }

  /** Returns the component of a name as Windows reads it; null for a name of nothing but dots. */
  private static @Nullable Component windowsName(String written) {
    int stream = written.indexOf(':');
    String name = stream > 0 ? written.substring(0, stream) : written;
    name = withoutDotsBehind(name);
    if (name.isEmpty()) {
      return null;
    }
    if (name.indexOf('*') >= 0 || name.indexOf('?') >= 0) {
      return name.equals("**")
          ? Component.anyDepth()
          : Component.glob(Kind.GLOB, name, new NameGlob.Builder(true).glob(name).build(false));
    }
    int tilde = name.indexOf('~');
    return tilde > 0 && tilde <= 6 && isShortTail(name, tilde + 1)
        ? shortName(name, tilde)
        : Component.name(name);
  }

  private static boolean isShortTail(String name, int from) {
    int at = from;
    while (at < name.length() && name.charAt(at) >= '0' && name.charAt(at) <= '9') {
      at++;
    }
    return at > from && (at == name.length() || name.charAt(at) == '.');
  }

  private static Component shortName(String name, int tilde) {
    NameGlob.Builder glob = new NameGlob.Builder(true).literal(name.substring(0, tilde)).star();
    int dot = name.indexOf('.', tilde);
    if (dot > 0) {
      glob.literal(name.substring(dot)).star();
    }
    String folded = Folding.fold(name);
    return new Component(Kind.SHORT, name, folded, glob.build(false));
  }

  /** Goes to the directory above. */
  private void up() {
    int last = parts.size() - 1;
    Component component = parts.get(last);
    if (last > 0 && component.isSingle()) {
      parts.remove(last);
    } else if (last > 0) {
      // The unknown part may be empty: then ".." also leaves the directory before it.
      parts.remove(last);
      if (last == 1 && !isFixed(parts.get(0))) {
        parts.set(0, component);
      } else {
        if (last > 1) {
          parts.remove(last - 1);
        }
        parts.add(component);
      }
    } else if (component == HOME) {
      parts.set(0, HOMES);
    } else if (component == HOMES) {
      parts.set(0, POSIX);
    } else if (component == SCRATCH) {
      parts.set(0, Component.unknown("<above scratch>"));
    }
  }

  /** Returns true if a root has nothing above it. */
  private static boolean isFixed(Component root) {
    return root.is(Kind.ROOT) && root != HOME && root != HOMES && root != SCRATCH;
  }

  // Other spellings of a place.

  /** Follows the links that the kernel provides below {@code /proc} and {@code /dev/fd}. */
  private void followProc() {
    int size = parts.size();
    if (size < 4 || parts.get(0) != POSIX) {
      return;
    }
    String top = parts.get(1).folded();
    String second = parts.get(2).folded();
    String last = parts.get(size - 1).folded();
    if (top.equals("dev") && second.equals("fd")) {
      descriptor(last, size == 4);
      return;
    }
    if (!top.equals("proc") || !isProcess(parts.get(2))) {
      return;
    }
    boolean isOwn = second.equals("self") || second.equals("thread-self");
    if (size == 5 && parts.get(3).folded().equals("task")) {
      parts.subList(3, 5).clear();
    } else if (size == 4 && last.equals("root")) {
      parts.subList(1, 4).clear();
    } else if (size == 4 && last.equals("cwd")) {
      parts.clear();
      if (isOwn && !workingDirectory.isOpaque()) {
        parts.addAll(workingDirectory.components());
      } else {
        parts.add(Component.unknown("/proc/" + second + "/cwd"));
      }
    } else if (size == 5 && parts.get(3).folded().equals("fd")) {
      descriptor(last, false);
    }
  }

  private static boolean isProcess(Component component) {
    String text = component.folded();
    return text.equals("self")
        || text.equals("thread-self")
        || component.is(Kind.GLOB)
        || component.is(Kind.PARTLY_KNOWN)
        || text.chars().allMatch(c -> c >= '0' && c <= '9');
  }

  private void descriptor(String number, boolean mayStay) {
    String stream =
        switch (number) {
          case "0" -> "stdin";
          case "1" -> "stdout";
          case "2" -> "stderr";
          default -> "";
        };
    if (!stream.isEmpty()) {
      parts.clear();
      parts.add(POSIX);
      parts.add(Component.name("dev"));
      parts.add(Component.name(stream));
    } else if (!mayStay) {
      parts.clear();
      parts.add(Component.unknown("/dev/fd"));
    }
  }

  /** Replaces the alternative names that WSL, Git Bash, Cygwin and macOS have for a place. */
  private void respell() {
    if (parts.get(0) != POSIX || parts.size() < 2) {
      return;
    }
    int size = parts.size();
    String top = parts.get(1).folded();
    String second = size < 3 ? "" : parts.get(2).folded();
    switch (top) {
      case "private" -> {
        if (second.equals("etc") || second.equals("var") || second.equals("tmp")) {
          parts.remove(1);
        }
      }
      case "system" -> {
        if (second.equals("volumes") && size > 3 && parts.get(3).folded().equals("data")) {
          parts.subList(1, 4).clear();
          respell();
        }
      }
      case "mnt", "cygdrive" -> {
        if (isDriveName(second)) {
          toDrive(3);
        }
      }
      default -> {
        if (isDriveName(top) && (workingDirectory.isWindows() || isTopOfWindows(second))) {
          toDrive(2);
        }
      }
    }
  }

  private static boolean isDriveName(String name) {
    return name.length() == 1 && isLetter(name.charAt(0));
  }

  private static boolean isTopOfWindows(String name) {
    return switch (name) {
      case "users", "windows", "program files", "program files (x86)", "programdata" -> true;
      default -> false;
    };
  }

  private void toDrive(int names) {
    List<Component> below = List.copyOf(parts.subList(names, parts.size()));
    drive(parts.get(names - 1).text().charAt(0));
    for (Component component : below) {
      Component name = component.is(Kind.NAME) ? windowsName(component.text()) : component;
      if (name != null) {
        parts.add(name);
      }
    }
  }

  /** Returns a text for display, with each mark replaced by its piece. */
  private String display(String text) {
    StringBuilder out = new StringBuilder();
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (isMark(c)) {
        out.append(new Value(List.of(marks.get(c - MARK))).display());
      } else {
        out.append(c);
      }
    }
    return out.toString();
  }
}
