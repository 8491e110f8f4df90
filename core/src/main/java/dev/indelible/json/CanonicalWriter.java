// SPDX-License-Identifier: Apache-2.0
package dev.indelible.json;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.function.Consumer;

/**
 * Writes RFC 8785 (JCS) text into a growing byte buffer.
 *
 * <p>The caller writes members in the order of JCS (sorted by UTF-16 code units). This class writes
 * escapes, commas and UTF-8. Not thread-safe.
 */
public final class CanonicalWriter {
  private static final byte[] HEX = "0123456789abcdef".getBytes(StandardCharsets.US_ASCII);

  /** The size of a typical event, so that most events are written without growing the buffer. */
  private static final int INITIAL_BYTES = 1024;

  /** Written up to {@link #length}, zeros after that. */
  private byte[] buffer = new byte[INITIAL_BYTES];

  private int length;

  /** Creates a writer. */
  public CanonicalWriter() {
    this(0);
  }

  /**
   * Creates a writer that leaves zeros before its text.
   *
   * @param ahead the number of zeros, at most 256
   */
  public CanonicalWriter(int ahead) {
    length = ahead;
  }

  /** Opens an object. */
  public CanonicalWriter beginObject() {
    return raw('{');
  }

  /** Closes an object. */
  public CanonicalWriter endObject() {
    return raw('}');
  }

  /** Opens an array. */
  public CanonicalWriter beginArray() {
    return raw('[');
  }

  /** Closes an array. */
  public CanonicalWriter endArray() {
    return raw(']');
  }

  /** Begins an element; writes a comma first unless it is the first element of the array. */
  public CanonicalWriter element() {
    comma();
    return this;
  }

  /**
   * Writes the name of a member; writes a comma first unless it is the first member of the object.
   */
  public CanonicalWriter name(String name) {
    comma();
    return string(name).raw(':');
  }

  /** Writes a string member. */
  public CanonicalWriter member(String name, String value) {
    return name(name).string(value);
  }

  /** Writes an integer member. Exact for magnitudes up to 2^53. */
  public CanonicalWriter member(String name, long value) {
    return name(name).number(value);
  }

  /** Writes an integer. Exact for magnitudes up to 2^53. */
  public CanonicalWriter number(long value) {
    return ascii(Long.toString(value));
  }

  /** Writes a boolean member. */
  public CanonicalWriter member(String name, boolean value) {
    return name(name).ascii(Boolean.toString(value));
  }

  /** Writes a value, or {@code null} if it is empty. */
  public <T> CanonicalWriter nullable(Optional<T> value, Consumer<T> write) {
    value.ifPresentOrElse(write, () -> ascii("null"));
    return this;
  }

  /** Writes an integer, or {@code null} if it is empty. */
  public CanonicalWriter nullable(OptionalLong value) {
    return value.isPresent() ? number(value.getAsLong()) : ascii("null");
  }

  /** Writes an object with the members of a value, or {@code null} if the value is empty. */
  public <T> CanonicalWriter object(Optional<T> value, Consumer<T> members) {
    return nullable(value, present -> writeObject(present, members));
  }

  /** Writes an array of objects, one with the members of each value. */
  public <T> CanonicalWriter objects(Iterable<T> values, Consumer<T> members) {
    beginArray();
    for (T value : values) {
      element().writeObject(value, members);
    }
    return endArray();
  }

  private <T> void writeObject(T value, Consumer<T> members) {
    beginObject();
    members.accept(value);
    endObject();
  }

  /** Writes a string, or {@code null} if it is empty. */
  public CanonicalWriter nullable(Optional<String> value) {
    return nullable(value, this::string);
  }

  /** Writes a member whose value is bytes in lower-case hex. */
  public CanonicalWriter hexMember(String name, byte[] value) {
    name(name).raw('"');
    ensure(2 * value.length);
    for (byte b : value) {
      buffer[length++] = HEX[b >> 4 & 0xf];
      buffer[length++] = HEX[b & 0xf];
    }
    return raw('"');
  }

  /** Writes a member whose value is bytes in standard base64, padded. */
  public CanonicalWriter base64Member(String name, byte[] value) {
    return name(name).raw('"').canonical(Base64.getEncoder().encode(value)).raw('"');
  }

  /** Writes a string member, or nothing if the value is empty. */
  public CanonicalWriter member(String name, Optional<String> value) {
    return value.isPresent() ? member(name, value.get()) : this;
  }

  /** Writes a member whose value is an id in the form of {@link UUID#toString}. */
  public CanonicalWriter member(String name, UUID value) {
    name(name).raw('"');
    hex(value.getMostSignificantBits() >>> 32, 8).raw('-');
    hex(value.getMostSignificantBits() >>> 16, 4).raw('-');
    hex(value.getMostSignificantBits(), 4).raw('-');
    hex(value.getLeastSignificantBits() >>> 48, 4).raw('-');
    return hex(value.getLeastSignificantBits(), 12).raw('"');
  }

  /** Writes an array of strings. */
  public CanonicalWriter strings(Iterable<String> values) {
    beginArray();
    for (String value : values) {
      element().string(value);
    }
    return endArray();
  }

  /** Writes text that is already canonical JSON. */
  public CanonicalWriter canonical(String json) {
    return text(json);
  }

  /** Writes bytes that are already canonical JSON. */
  public CanonicalWriter canonical(byte[] json) {
    ensure(json.length);
    System.arraycopy(json, 0, buffer, length, json.length);
    length += json.length;
    return this;
  }

  /** Writes text unchanged. The caller ensures that the result is JSON. */
  public CanonicalWriter text(String text) {
    return canonical(text.getBytes(StandardCharsets.UTF_8));
  }

  /** Returns the number of bytes written, including the zeros at the beginning. */
  public int length() {
    return length;
  }

  /** Returns the bytes written so far. */
  public byte[] toBytes() {
    return Arrays.copyOf(buffer, length);
  }

  /** Discards everything after the first {@code bytes}. */
  public CanonicalWriter cutTo(int bytes) {
    Arrays.fill(buffer, bytes, length, (byte) 0);
    length = bytes;
    return this;
  }

  /**
   * Returns the bytes written so far without a copy. This writer must not be used afterwards.
   *
   * @param behind the number of zeros to append
   */
  public ByteBuffer toBuffer(int behind) {
    ensure(behind);
    return ByteBuffer.wrap(buffer, 0, length + behind);
  }

  private void comma() {
    byte last = buffer[length - 1];
    if (last != '{' && last != '[') {
      raw(',');
    }
  }

  CanonicalWriter raw(char ascii) {
    ensure(1);
    buffer[length++] = (byte) ascii;
    return this;
  }

  CanonicalWriter ascii(String text) {
    int n = text.length();
    ensure(n);
    for (int i = 0; i < n; i++) {
      buffer[length++] = (byte) text.charAt(i);
    }
    return this;
  }

  /** Writes a string value; escapes only what JSON requires (RFC 8785 section 3.2.2.2). */
  public CanonicalWriter string(String value) {
    int n = value.length();
    ensure(n + 2);
    buffer[length++] = '"';
    for (int i = plain(value); i < n; i++) {
      char c = value.charAt(i);
      if (isPlain(c)) {
        ensure(n - i + 1);
        buffer[length++] = (byte) c;
      } else if (c < 0x80) {
        escape(c);
      } else {
        i = wide(value, i);
      }
    }
    return raw('"');
  }

  /** Writes characters up to the first one that needs an escape. Returns its index. */
  private int plain(String value) {
    byte[] out = buffer;
    int start = length;
    int n = value.length();
    int i = 0;
    while (i < n && isPlain(value.charAt(i))) {
      out[start + i] = (byte) value.charAt(i);
      i++;
    }
    length = start + i;
    return i;
  }

  private static boolean isPlain(char c) {
    return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
  }

  private void escape(char c) {
    ensure(6);
    buffer[length++] = '\\';
    switch (c) {
      case '"', '\\' -> buffer[length++] = (byte) c;
      case '\b' -> buffer[length++] = 'b';
      case '\t' -> buffer[length++] = 't';
      case '\n' -> buffer[length++] = 'n';
      case '\f' -> buffer[length++] = 'f';
      case '\r' -> buffer[length++] = 'r';
      default -> {
        buffer[length++] = 'u';
        buffer[length++] = '0';
        buffer[length++] = '0';
        buffer[length++] = HEX[c >> 4];
        buffer[length++] = HEX[c & 0xf];
      }
    }
  }

  /** Writes the last {@code digits} hexadecimal digits of a number. */
  private CanonicalWriter hex(long value, int digits) {
    ensure(digits);
    for (int i = digits - 1; i >= 0; i--) {
      buffer[length + i] = HEX[(int) value & 0xf];
      value >>>= 4;
    }
    length += digits;
    return this;
  }

  /** Writes the non-ASCII code point at {@code i}; returns the index of its last char. */
  private int wide(String value, int i) {
    ensure(4);
    char c = value.charAt(i);
    if (c < 0x800) {
      buffer[length++] = (byte) (0xc0 | c >> 6);
      buffer[length++] = (byte) (0x80 | c & 0x3f);
      return i;
    }
    if (!Character.isSurrogate(c)) {
      buffer[length++] = (byte) (0xe0 | c >> 12);
      buffer[length++] = (byte) (0x80 | c >> 6 & 0x3f);
      buffer[length++] = (byte) (0x80 | c & 0x3f);
      return i;
    }
    if (!Character.isHighSurrogate(c)
        || i + 1 == value.length()
        || !Character.isLowSurrogate(value.charAt(i + 1))) {
      throw new IllegalArgumentException("lone surrogate at char " + i + " of a string");
    }
    int code = Character.toCodePoint(c, value.charAt(i + 1));
    buffer[length++] = (byte) (0xf0 | code >> 18);
    buffer[length++] = (byte) (0x80 | code >> 12 & 0x3f);
    buffer[length++] = (byte) (0x80 | code >> 6 & 0x3f);
    buffer[length++] = (byte) (0x80 | code & 0x3f);
    return i + 1;
  }

  private void ensure(int more) {
    if (length + more > buffer.length) {
      buffer = Arrays.copyOf(buffer, Math.max(Math.addExact(length, more), buffer.length * 2));
    }
  }
}
