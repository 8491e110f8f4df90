// SPDX-License-Identifier: Apache-2.0
package dev.indelible.canonical;

import org.jspecify.annotations.Nullable;

/**
 * A component of a canonical path.
 *
 * @param text the component in words
 * @param folded the text without differences of case
 * @param glob for {@link Kind#GLOB}, {@link Kind#PARTLY_KNOWN} and {@link Kind#SHORT}, matches the
 *     folded names that the component may be; null for other kinds
 */
record Component(Kind kind, String text, String folded, @Nullable NameGlob glob) {
  /** The kinds of components. */
  enum Kind {
    /** The first component: {@code /}, {@code ~}, {@code c:} and the like. */
    ROOT,
    /** A name that is known. */
    NAME,
    /** A glob, which the shell replaces by names. */
    GLOB,
    /** A name of which a part is unknown. */
    PARTLY_KNOWN,
    /** A short name of Windows, for example {@code PROGRA~1}. */
    SHORT,
    /** Any number of components, which are unknown. */
    UNKNOWN,
    /** Everything at any depth: {@code **}. */
    ANY_DEPTH
  }

  static Component root(String text) {
    return new Component(Kind.ROOT, text, text, null);
  }

  static Component name(String text) {
    if (Folding.isFolded(text)) {
      return new Component(Kind.NAME, text, text, null);
    }
    return new Component(Kind.NAME, text, Folding.fold(Folding.normalise(text)), null);
  }

  static Component glob(Kind kind, String text, NameGlob glob) {
    return new Component(kind, text, text, glob);
  }

  static Component unknown(String text) {
    return new Component(Kind.UNKNOWN, text, text, null);
  }

  static Component anyDepth() {
    return new Component(Kind.ANY_DEPTH, "**", "**", null);
  }

  boolean is(Kind other) {
    return kind == other;
  }

  /** Returns true if it is a name of which at least the beginning is known. */
  boolean beginsWithConstant() {
    return kind == Kind.NAME
        || kind == Kind.PARTLY_KNOWN && Character.isLetterOrDigit(text.charAt(0));
  }

  /** Returns true if it is exactly one component. */
  boolean isSingle() {
    return kind != Kind.UNKNOWN && kind != Kind.ANY_DEPTH;
  }

  /** Returns true if it is a glob that matches nearly everything in a directory. */
  boolean isWide() {
    return kind == Kind.ANY_DEPTH || kind == Kind.GLOB && glob().isWide();
  }

  /** Returns true if the folded name is one that this component may be. */
  boolean matches(String name) {
    return switch (kind) {
      case ROOT, NAME -> folded.equals(name);
      case GLOB, PARTLY_KNOWN -> glob().matches(name);
      case SHORT -> glob().matches(shortened(name));
      case UNKNOWN, ANY_DEPTH -> true;
    };
  }

  @Override
  public NameGlob glob() {
    if (glob == null) {
      throw new IllegalStateException("no glob: " + text);
    }
    return glob;
  }

  /**
   * Returns the characters of a name that Windows uses for its short name: no blanks, and no dot
   * except before the extension.
   */
  private static String shortened(String name) {
    StringBuilder out = new StringBuilder();
    int extension = name.lastIndexOf('.');
    for (int i = 0; i < name.length(); i++) {
      char c = name.charAt(i);
      if (c != ' ' && (c != '.' || i == extension && i > 0)) {
        out.append(c);
      }
    }
    return out.toString();
  }

  /** Returns true if both stand for the same text. Two unknown texts from one source are equal. */
  boolean isSame(Component other) {
    return kind == other.kind && folded.equals(other.folded);
  }
}
