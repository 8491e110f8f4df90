// SPDX-License-Identifier: Apache-2.0
package dev.indelible.redaction;

import java.util.ArrayList;
import java.util.List;

/**
 * The forms of tokens that begin with a fixed text. The lengths and characters are those that the
 * services use; a longer run of characters is another thing and not a token.
 */
final class Forms {
  private static final int ANY_LENGTH = 1 << 20;

  /** Bounds the work on a run of characters that turns out not to be random. */
  private static final int MAX_RANDOM = 256;

  /**
   * A form.
   *
   * @param detector the name of the detector
   * @param prefix the fixed text
   * @param characters the characters after it
   * @param min the smallest number of these characters
   * @param max the largest number of these characters
   * @param isRandom true if they must include a digit, a small and a capital letter, because the
   *     prefix alone is not rare enough
   */
  record Form(
      String detector, String prefix, Characters characters, int min, int max, boolean isRandom) {}

  private final List<Form> forms = new ArrayList<>();

  private Forms() {}

  /** Returns all forms; of two prefixes that begin alike, the longer comes first. */
  static List<Form> all() {
    Forms table = new Forms();
    table.clouds();
    table.repositories();
    table.models();
    table.services();
    return List.copyOf(table.forms);
  }

  private void clouds() {
    for (String prefix : List.of("AKIA", "ASIA", "ABIA", "ACCA")) {
      exactly("aws_access_key", prefix, Characters.ALPHANUMERIC, 16);
    }
    exactly("gcp_api_key", "AIza", Characters.BASE64URL, 35);
    exactly("gcp_oauth_secret", "GOCSPX-", Characters.BASE64URL, 28);
    from("gcp_oauth_token", "ya29.", Characters.TOKEN, 20);
    from("azure_sas", "sig=", Characters.QUERY, 43);
    from("aws_signature", "X-Amz-Signature=", Characters.HEX, 64);
    from("aws_signature", "X-Amz-Security-Token=", Characters.QUERY, 40);
    from("gcp_signature", "X-Goog-Signature=", Characters.HEX, 64);
    exactly("digitalocean_token", "dop_v1_", Characters.HEX, 64);
    exactly("digitalocean_token", "doo_v1_", Characters.HEX, 64);
    exactly("digitalocean_token", "dor_v1_", Characters.HEX, 64);
    from("heroku_token", "HRKU-", Characters.BASE64URL, 36);
    from("fly_token", "fm2_", Characters.BASE64, 80);
    exactly("databricks_token", "dapi", Characters.HEX, 32);
    from("planetscale_token", "pscale_tkn_", Characters.TOKEN, 32);
    from("planetscale_token", "pscale_pw_", Characters.TOKEN, 32);
    exactly("supabase_token", "sbp_", Characters.HEX, 40);
    exactly("pulumi_token", "pul-", Characters.HEX, 40);
    from("vault_token", "hvs.", Characters.BASE64URL, 24);
    from("vault_token", "hvb.", Characters.BASE64URL, 24);
    from("tailscale_key", "tskey-", Characters.BASE64URL, 20);
    from("age_key", "AGE-SECRET-KEY-1", Characters.ALPHANUMERIC, 58);
  }

  private void repositories() {
    from("github_token", "github_pat_", Characters.WORD, 36);
    for (String prefix : List.of("ghp_", "gho_", "ghu_", "ghs_", "ghr_")) {
      from("github_token", prefix, Characters.WORD, 36);
    }
    for (String prefix :
        List.of(
            "glpat-",
            "gldt-",
            "glrt-",
            "glcbt-",
            "glptt-",
            "glft-",
            "glsoat-",
            "glimt-",
            "gloas-",
            "glagent-")) {
      from("gitlab_token", prefix, Characters.TOKEN, 20);
    }
    exactly("npm_token", "npm_", Characters.ALPHANUMERIC, 36);
    from("pypi_token", "pypi-Ag", Characters.BASE64URL, 40);
    exactly("rubygems_token", "rubygems_", Characters.HEX, 48);
    from("docker_token", "dckr_pat_", Characters.BASE64URL, 27);
    from("docker_token", "dckr_oat_", Characters.BASE64URL, 27);
    random("crates_token", "cio", Characters.ALPHANUMERIC, 32, 32);
    exactly("nuget_key", "oy2", Characters.ALPHANUMERIC, 43);
    from("clojars_token", "CLOJARS_", Characters.ALPHANUMERIC, 60);
    from("buildkite_token", "bkua_", Characters.ALPHANUMERIC, 40);
    random("artifactory_token", "AKCp", Characters.ALPHANUMERIC, 60, 80);
    from("atlassian_token", "ATATT3", Characters.QUERY, 60);
    from("linear_token", "lin_api_", Characters.ALPHANUMERIC, 40);
    from("sentry_token", "sntrys_", Characters.BEARER, 60);
    from("sentry_token", "sntryu_", Characters.HEX, 64);
    exactly("postman_key", "PMAK-", Characters.BASE64URL, 59);
  }

  private void models() {
    from("anthropic_key", "sk-ant-", Characters.BASE64URL, 32);
    from("openrouter_key", "sk-or-v1-", Characters.HEX, 64);
    from("openai_key", "sk-proj-", Characters.BASE64URL, 32);
    from("openai_key", "sk-svcacct-", Characters.BASE64URL, 32);
    from("openai_key", "sk-admin-", Characters.BASE64URL, 32);
    random("openai_key", "sk-", Characters.BASE64URL, 32, MAX_RANDOM);
    forms.add(new Form("huggingface_token", "hf_", Characters.ALPHANUMERIC, 34, 40, false));
    from("groq_key", "gsk_", Characters.ALPHANUMERIC, 48);
    from("replicate_token", "r8_", Characters.ALPHANUMERIC, 37);
    from("perplexity_key", "pplx-", Characters.ALPHANUMERIC, 40);
    from("xai_key", "xai-", Characters.ALPHANUMERIC, 70);
    from("langsmith_key", "lsv2_", Characters.WORD, 40);
  }

  private void services() {
    for (String kind : List.of("xoxb-", "xoxp-", "xoxa-", "xoxr-", "xoxs-", "xoxe-", "xoxc-")) {
      from("slack_token", kind, Characters.BASE64URL, 10);
    }
    from("slack_token", "xoxd-", Characters.QUERY, 10);
    from("slack_token", "xapp-", Characters.BASE64URL, 20);
    from("slack_webhook", "hooks.slack.com/services/", Characters.PATH, 30);
    from("slack_webhook", "hooks.slack.com/workflows/", Characters.PATH, 30);
    from("discord_webhook", "discord.com/api/webhooks/", Characters.PATH, 60);
    from("discord_webhook", "discordapp.com/api/webhooks/", Characters.PATH, 60);
    for (String prefix : List.of("sk_live_", "sk_test_", "rk_live_", "rk_test_", "whsec_")) {
      from("stripe_key", prefix, Characters.BASE64, 16);
    }
    exactly("sendgrid_key", "SG.", Characters.TOKEN, 66);
    exactly("twilio_key", "SK", Characters.HEX, 32);
    exactly("mailgun_key", "key-", Characters.HEX, 32);
    from("brevo_key", "xkeysib-", Characters.BASE64URL, 64);
    for (String prefix : List.of("shpat_", "shpca_", "shppa_", "shpss_")) {
      exactly("shopify_token", prefix, Characters.ALPHANUMERIC, 32);
    }
    from("doppler_token", "dp.pt.", Characters.ALPHANUMERIC, 40);
    from("square_token", "sq0atp-", Characters.BASE64URL, 22);
    from("square_token", "sq0csp-", Characters.BASE64URL, 43);
    from("grafana_token", "glsa_", Characters.WORD, 40);
    from("grafana_token", "glc_", Characters.BASE64, 32);
    from("newrelic_key", "NRAK-", Characters.ALPHANUMERIC, 27);
    from("figma_token", "figd_", Characters.BASE64URL, 40);
    from("notion_token", "ntn_", Characters.ALPHANUMERIC, 43);
    from("netlify_token", "nfp_", Characters.ALPHANUMERIC, 36);
    // The second half of a Telegram bot's token; the first half is the bot's public number.
    exactly("telegram_token", ":AA", Characters.BASE64URL, 33);
  }

  private void exactly(String detector, String prefix, Characters characters, int length) {
    forms.add(new Form(detector, prefix, characters, length, length, false));
  }

  private void from(String detector, String prefix, Characters characters, int min) {
    forms.add(new Form(detector, prefix, characters, min, ANY_LENGTH, false));
  }

  private void random(String detector, String prefix, Characters characters, int min, int max) {
    forms.add(new Form(detector, prefix, characters, min, max, true));
  }
}
