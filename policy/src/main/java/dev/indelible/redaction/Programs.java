// SPDX-License-Identifier: Apache-2.0
package dev.indelible.redaction;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** Programs that take a secret in a place of their own, for example {@code curl -u}. */
final class Programs {
  /** The ways in which a program takes a secret. */
  enum Form {
    /** The word after an option, or the rest of the option's word, is {@code user:password}. */
    USER_AND_PASSWORD,
    /** The word after an option, or the rest of the option's word, is the secret. */
    PASSWORD,
    /** Both words after an option are secrets. */
    TWO_PASSWORDS,
    /** The rest of the option's word is the secret; without a rest the program asks. */
    ATTACHED,
    /** The word after an option, or the rest of the option's word, is {@code name=secret}. */
    NAMED,
    /** The word after an option, or the rest of the option's word, is {@code name=secret; …}. */
    COOKIE,
    /** An operand is {@code name=secret}. */
    PAIR,
    /** The first operand after a word is the secret. */
    FIRST,
    /** The second operand after a word is the secret. */
    SECOND,
    /** The third operand after a word is the secret. */
    THIRD,
    /** The fourth operand after a word is the secret. */
    FOURTH,
    /** The input is the secret. */
    INPUT
  }

  /**
   * A place of a secret.
   *
   * @param word a word before it, which may be the program; empty if there need not be one
   * @param option the option that gives the secret; empty if none does
   * @param form how the secret is given
   */
  record Place(String word, String option, Form form) {
    /** Returns the number of operands between the word and the secret. */
    int skipped() {
      return form.ordinal() - Form.FIRST.ordinal();
    }

    boolean isOperand() {
      return form.ordinal() >= Form.FIRST.ordinal() && form != Form.INPUT;
    }
  }

  /** Programs, a word before the secret ({@code *} for any), options, and the form. */
  private static final String TABLE =
      """
      curl | * | -u --user -U --proxy-user -E --cert | USER_AND_PASSWORD
      curl | * | --pass --oauth2-bearer | PASSWORD
      curl | * | -b --cookie | COOKIE
      http https | * | -a --auth | USER_AND_PASSWORD
      mysql mysqldump mysqladmin mysqlimport mysqlcheck mariadb mycli | * | -p | ATTACHED
      7z 7za 7zz rar unrar | * | -p | ATTACHED
      sshpass mongo mongosh mongodump mongorestore mongoimport mongoexport | * | -p | PASSWORD
      psexec PsExec twine | * | -p | PASSWORD
      docker podman helm oc az | login | -p | PASSWORD
      redis-cli | * | -a --pass | PASSWORD
      sqlcmd zip unzip mosquitto_pub mosquitto_sub | * | -P | PASSWORD
      smbclient | * | -U | USER_AND_PASSWORD
      ldapsearch ldapmodify ldapadd ldapdelete ldapwhoami ldappasswd | * | -w | PASSWORD
      ssh-keygen | * | -N -P | PASSWORD
      qpdf | * | --encrypt | TWO_PASSWORDS
      xfreerdp xfreerdp3 wlfreerdp | * | /p: | ATTACHED
      cmdkey | * | /pass: | ATTACHED
      ConvertTo-SecureString | * | -String | PASSWORD
      codecov | * | -t | PASSWORD
      netlify | * | --auth | PASSWORD
      linode-cli | * | --pat | PASSWORD
      openssl | enc | -k | PASSWORD
      doctl | init | -t | PASSWORD
      gem | push | --key | PASSWORD
      dotnet nuget | push | -k --api-key | PASSWORD
      kubectl oc | secret | --from-literal | NAMED
      az | secret | --value | PASSWORD
      aws | put-parameter | --value | PASSWORD
      aws | create-secret | --secret-string | PASSWORD
      aws | put-secret-value | --secret-string | PASSWORD
      gh | secret | --body -b | PASSWORD
      fly flyctl | secrets | * | PAIR
      heroku | config:set | * | PAIR
      vault | login | * | FIRST
      vault | write | secret_id | PASSWORD
      cargo | login | * | FIRST
      snyk | auth | * | FIRST
      ngrok | add-authtoken | * | FIRST
      pulumi | --secret | * | SECOND
      htpasswd | htpasswd | * | THIRD
      wpa_passphrase | wpa_passphrase | * | SECOND
      rabbitmqctl | add_user | * | SECOND
      rabbitmqctl | change_password | * | SECOND
      mc | set | * | FOURTH
      poetry | pypi-token.pypi | * | FIRST
      net | user | * | SECOND
      net | use | * | THIRD
      docker podman | --password-stdin | * | INPUT
      docker podman | secret | * | INPUT
      sudo | -S | * | INPUT
      su | su | * | INPUT
      chpasswd | chpasswd | * | INPUT
      passwd | --stdin | * | INPUT
      gh | --with-token | * | INPUT
      gh | secret | * | INPUT
      wrangler | put | * | INPUT
      """;

  private static final Map<String, List<Place>> PLACES = places();

  /** A word of at least this length is rarer in commands than the name of its program. */
  private static final int MIN_RARE_WORD = 5;

  /**
   * Texts that make the scanner read the words of a command: one word of each place, so that not
   * every {@code sudo} and {@code docker} does.
   */
  static final Set<String> HINTS = hints();

  private Programs() {}

  private static Map<String, List<Place>> places() {
    Map<String, List<Place>> places = new HashMap<>();
    for (String row : TABLE.strip().split("\n")) {
      String[] columns = row.split(" \\| ");
      String word = columns[1].equals("*") ? "" : columns[1];
      for (String option : columns[2].split(" ")) {
        String text = option.equals("*") ? "" : option;
        Place place = new Place(word, text, Form.valueOf(columns[3]));
        for (String program : columns[0].split(" ")) {
          places.computeIfAbsent(program, any -> new ArrayList<>()).add(place);
        }
      }
    }
    return places;
  }

  private static Set<String> hints() {
    Set<String> hints = new TreeSet<>();
    PLACES.forEach(
        (program, places) -> {
          for (Place place : places) {
            String word = place.word();
            boolean isRare = word.startsWith("-") || word.length() >= MIN_RARE_WORD;
            hints.add(isRare ? word : program);
          }
        });
    return hints;
  }

  /** Returns the places in which a program takes a secret; empty if it is not in the table. */
  static List<Place> of(String program) {
    return PLACES.getOrDefault(program, List.of());
  }
}
