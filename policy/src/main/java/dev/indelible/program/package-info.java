// SPDX-License-Identifier: Apache-2.0
/**
 * The table of programs: the meaning of each program's options and operands.
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
 * at the first look-up of its program. An unknown key, an unknown word, a condition on an option
 * that is not declared, or an entry without tests causes a {@link
 * dev.indelible.program.ProgramTableException}.
 *
 * <h2>Options</h2>
 *
 * <p>{@code options} maps names to uses. Names on one line are spellings of one option. A name that
 * ends in {@code =} has a value, attached or separate; one that ends in {@code [=]} may have a
 * value, which is attached; one that ends in {@code ==} takes a name and a value. {@code values}
 * and {@code flags} list options without uses: those with a value, and those without. An option
 * that is in no list is a flag, so a flag needs a line only if another option begins with its name.
 * Programs share an entry only where no option is a flag of one and has a value for another: a
 * wrong value hides an operand. Short options may be clustered, long ones abbreviated. A name
 * without a dash is a word of its own, for example {@code of=} or {@code /s}. Options of {@code
 * everywhere} may also follow a subcommand.
 *
 * <h2>Uses</h2>
 *
 * <p>A use is {@code [detour] [recursive] ROLE [into] [(DETAIL)] [= LITERAL]}. ROLE is a {@link
 * dev.indelible.program.Role} in lower case with dashes, or {@code by NAME} for a reader written in
 * Java. {@code recursive} extends the use to everything below its path; as the only word of an
 * option, it extends the uses of the operands. {@code into} adds, for each operand, the path of its
 * name below the argument, which may be a directory. A LITERAL is the argument if the command line
 * has none. In a DETAIL, <code>{1}</code> is the first operand, <code>{-x}</code> the value of an
 * option, <code>{program}</code> the entry. {@code ends-options} in a list of uses makes all that
 * follows operands. Several uses are a list. Uses that depend on options are a mapping from options
 * to uses, of which the first option that is present decides; {@code else} is any other command
 * line, {@code stdout} an option that writes to the standard output.
 *
 * <h2>Operands</h2>
 *
 * <p>{@code operands} has the uses of each operand, or a mapping by position: {@code 1} to {@code
 * 4}, {@code last}, {@code others}, {@code none} (there is no operand), {@code from N} (all
 * operands from N on together, as a command and its arguments), {@code joined N} (the operands from
 * N on, joined by spaces). {@code uses} are uses of the command as a whole. {@code output} is an
 * {@link dev.indelible.program.Output} in lower case with dashes. {@code with} maps options to
 * alternative {@code operands} and {@code output}. {@code harmless-with} names options with which
 * the command does nothing.
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
 * operands X Y} checks the output or the operands as well.
 */
@NullMarked
package dev.indelible.program;

import org.jspecify.annotations.NullMarked;
