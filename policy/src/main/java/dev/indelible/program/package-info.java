// SPDX-License-Identifier: Apache-2.0
/**
 * The table of programs: what the options and operands of a program mean to it.
 *
 * <p>Each program has one YAML resource, for example {@code rm.yaml}:
 *
 * <pre>{@code
 * about: Removes files.
 * options:
 *   -r -R --recursive: recursive
 * operands: deletes
 * tests: |
 *   rm -rf / b
 *     recursive deletes /
 *     recursive deletes b
 * }</pre>
 *
 * <p>{@code names.txt} lists all entries with the other names of their programs. An entry is read
 * when its program is first asked for. A key that is not known, a word that is not understood, a
 * condition on an option that is not declared, or an entry without tests is a {@link
 * dev.indelible.program.ProgramTableException}.
 *
 * <h2>Options</h2>
 *
 * <p>{@code options} maps names to uses. Names on one line are spellings of one option. A name that
 * ends in {@code =} has a value, attached or separate; one that ends in {@code [=]} may have a
 * value, which is attached; one that ends in {@code ==} has a name and a value. {@code values} and
 * {@code flags} list options that have no use, with a value and without. An option that is in no
 * list is a flag: flags need a line only where another option begins with their name. Short options
 * may stand in clusters, long ones may be shortened. A name without a dash is a word of its own,
 * for example {@code of=} or {@code /s}. Options of {@code everywhere} may also stand behind
 * subcommands.
 *
 * <h2>Uses</h2>
 *
 * <p>A use is {@code [detour] [recursive] ROLE [into] [(DETAIL)] [= LITERAL]}. ROLE is a {@link
 * dev.indelible.program.Role} in lower case with dashes, or {@code by NAME} for a reader in code.
 * {@code recursive} extends the use to everything below its path; alone it is an option that
 * extends the uses of the operands. {@code into} adds the path of each operand below its argument,
 * which may be a directory. A LITERAL is the argument if the command line has none. In a DETAIL,
 * <code>{1}
 * </code> is the first operand, <code>{-x}</code> the value of an option, <code>{program}</code>
 * the entry. {@code ends-options} in a list of uses makes all that follows operands. Several uses
 * are a list; uses that depend on options are a mapping from options to uses, of which the first
 * counts, with {@code else} for any other command line and {@code stdout} for an option that writes
 * to the standard output.
 *
 * <h2>Operands</h2>
 *
 * <p>{@code operands} has the uses of each operand, or a mapping by position: {@code 1} to {@code
 * 4}, {@code last}, {@code others}, {@code none} (there is no operand), {@code from N} (all from
 * there on together, as a command and its arguments), {@code joined N} (joined by spaces). {@code
 * uses} concern the command as a whole. {@code output} is an {@link dev.indelible.program.Output}
 * in lower case with dashes. {@code with} maps options to other {@code operands} and {@code
 * output}. {@code harmless-with} names options with which nothing is done.
 *
 * <h2>Grammar</h2>
 *
 * <p>{@code options-end-at: N} ends options at the Nth operand. {@code style} is {@code gnu},
 * {@code pflag} ({@code -o=x}) or {@code words} ({@code -recurse}); {@code ignore-case}, {@code
 * old-style} ({@code tar xzf}), {@code plus-options} ({@code +x}) and {@code assignments} ({@code
 * A=b} before the operands) are {@code true} where they apply. {@code subcommands} maps names to
 * the keys above, or to uses. {@code reader} names code that reads the whole command line.
 *
 * <h2>Tests</h2>
 *
 * <p>A line is a command line: quotes group, {@code $X} is unknown, a leading {@code ~} is the home
 * directory. The indented lines below it are all its uses; a line {@code prints X} or {@code
 * operands X Y} checks these too.
 */
@NullMarked
package dev.indelible.program;

import org.jspecify.annotations.NullMarked;
