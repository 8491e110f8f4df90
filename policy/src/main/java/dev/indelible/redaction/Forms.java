// SPDX-License-Identifier: Apache-2.0
package dev.indelible.redaction;

import static dev.indelible.redaction.Characters.ALPHANUMERIC;
import static dev.indelible.redaction.Characters.BASE64;
import static dev.indelible.redaction.Characters.BASE64URL;
import static dev.indelible.redaction.Characters.BEARER;
import static dev.indelible.redaction.Characters.CAPITAL;
import static dev.indelible.redaction.Characters.HEX;
import static dev.indelible.redaction.Characters.PATH;
import static dev.indelible.redaction.Characters.QUERY;
import static dev.indelible.redaction.Characters.TOKEN;
import static dev.indelible.redaction.Characters.UUID;
import static dev.indelible.redaction.Characters.WORD;

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

  /** The number of characters of a UUID. */
  private static final int UUID_CHARS = 36;

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
      String detector, String prefix, Characters characters, int min, int max, boolean isRandom) {
    /** Returns true if the prefix is the place of the secret and not its beginning. */
    boolean isPlace() {
      char last = prefix.charAt(prefix.length() - 1);
      return last == '=' || last == '/';
    }

    /** Returns true if a bot's public number precedes the secret. */
    boolean isAfterNumber() {
      return prefix.charAt(0) == ':';
    }
  }

  private final List<Form> forms = new ArrayList<>();

  private Forms() {}

  /** Returns all forms; of two prefixes that begin alike, the longer comes first. */
  static List<Form> all() {
    Forms table = new Forms();
    table.clouds();
    table.repositories();
    table.builds();
    table.models();
    table.messages();
    table.payments();
    table.services();
    return List.copyOf(table.forms);
  }

  private void clouds() {
    exactly("aws_access_key", ALPHANUMERIC, 16, "AKIA", "ASIA", "ABIA", "ACCA");
    from("aws_bedrock_key", BASE64, 109, "ABSK");
    from("aws_bedrock_key", BASE64URL, 60, "bedrock-api-key-");
    exactly("gcp_api_key", BASE64URL, 35, "AIza");
    exactly("gcp_oauth_secret", BASE64URL, 28, "GOCSPX-");
    from("gcp_oauth_token", TOKEN, 20, "ya29.");
    from("gcp_refresh_token", BASE64URL, 50, "1//0");
    from("azure_sas", QUERY, 43, "sig=");
    from("aws_signature", HEX, 64, "X-Amz-Signature=");
    from("aws_signature", QUERY, 40, "X-Amz-Security-Token=");
    from("gcp_signature", HEX, 64, "X-Goog-Signature=");
    random("alibaba_key", ALPHANUMERIC, 16, 22, "LTAI");
    exactly("digitalocean_token", HEX, 64, "dop_v1_", "doo_v1_", "dor_v1_");
    exactly("cloudflare_token", ALPHANUMERIC, 48, "cfut_", "cfat_");
    from("cloudflare_key", BASE64URL, 160, "v1.0-");
    from("heroku_token", BASE64URL, 36, "HRKU-");
    from("fly_token", BASE64, 80, "fm1a_", "fm1r_", "fm2_");
    exactly("fly_token", BASE64URL, 43, "fo1_");
    exactly("openshift_token", BASE64URL, 43, "sha256~");
    random("render_key", ALPHANUMERIC, 26, 34, "rnd_");
    exactly("netlify_token", ALPHANUMERIC, 36, "nfp_");
    from("yandex_token", TOKEN, 90, "t1.");
    random("yandex_key", BASE64URL, 35, 38, "AQVN");
    from("databricks_token", Characters.HEX_PARTS, 32, "dapi");
    from("planetscale_token", TOKEN, 32, "pscale_tkn_", "pscale_pw_", "pscale_oauth_");
    exactly("supabase_token", HEX, 40, "sbp_");
    from("supabase_token", BASE64URL, 22, "sb_secret_");
    random("neon_key", ALPHANUMERIC, 60, 70, "napi_");
    exactly("pulumi_token", HEX, 40, "pul-");
    from("vault_token", BASE64URL, 24, "hvs.", "hvb.", "hvr.");
    from("tailscale_key", BASE64URL, 20, "tskey-");
    from("age_key", ALPHANUMERIC, 58, "AGE-SECRET-KEY-1");
    random("clickhouse_key", ALPHANUMERIC, 38, 38, "4b1d");
  }

  private void repositories() {
    from("github_token", WORD, 36, "github_pat_", "ghp_", "gho_", "ghu_", "ghs_", "ghr_");
    from(
        "gitlab_token",
        TOKEN,
        20,
        "glpat-",
        "gldt-",
        "glrt-",
        "glcbt-",
        "glptt-",
        "glft-",
        "glsoat-",
        "glimt-",
        "gloas-",
        "glagent-",
        "glffct-",
        "GR1348941");
    random("bitbucket_password", ALPHANUMERIC, 28, 36, "ATBB");
    from("bitbucket_token", QUERY, 60, "ATCTT3");
    from("sourcegraph_token", Characters.HEX_WORD, 40, "sgp_local_", "sgp_", "slk_");
    exactly("npm_token", ALPHANUMERIC, 36, "npm_");
    from("pypi_token", BASE64URL, 40, "pypi-Ag");
    exactly("rubygems_token", HEX, 48, "rubygems_");
    from("docker_token", BASE64URL, 27, "dckr_pat_", "dckr_oat_");
    random("crates_token", ALPHANUMERIC, 32, 32, "cio");
    exactly("nuget_key", ALPHANUMERIC, 43, "oy2");
    from("clojars_token", ALPHANUMERIC, 60, "CLOJARS_");
    random("artifactory_token", ALPHANUMERIC, 60, 80, "AKCp");
    random("artifactory_token", ALPHANUMERIC, 59, 59, "cmVmd");
  }

  private void builds() {
    from("circleci_token", WORD, 60, "CCIPAT_");
    from("buildkite_token", ALPHANUMERIC, 40, "bkua_");
    exactly("octopus_key", CAPITAL, 26, "API-");
    exactly("prefect_key", ALPHANUMERIC, 36, "pnu_");
    exactly("infracost_key", ALPHANUMERIC, 32, "ico-");
    from("doppler_token", TOKEN, 40, "dp.pt.", "dp.st.", "dp.ct.", "dp.sa.", "dp.scim.");
    random("harness_token", TOKEN, 68, 68, "pat.", "sat.");
    exactly("sonar_token", HEX, 40, "squ_", "sqp_", "sqa_");
    from("dynatrace_token", TOKEN, 60, "dt0c01.", "dt0s01.");
    from("onepassword_token", BASE64, 240, "ops_eyJ");
    exactly("onepassword_key", Characters.CAPITAL_PARTS, 36, "A3-");
    from("nebula_key", BASE64URL, 79, "dnkey-");
    exactly("scalingo_token", BASE64URL, 48, "tk-us-");
  }

  private void models() {
    from("anthropic_key", BASE64URL, 32, "sk-ant-");
    from("openrouter_key", HEX, 64, "sk-or-v1-");
    from("openai_key", BASE64URL, 32, "sk-proj-", "sk-svcacct-", "sk-service-", "sk-admin-");
    exactly("langfuse_key", UUID, UUID_CHARS, "sk-lf-");
    exactly("deepseek_key", HEX, 32, "sk-");
    random("openai_key", BASE64URL, 32, MAX_RANDOM, "sk-");
    between("huggingface_token", ALPHANUMERIC, 34, 40, "hf_", "api_org_");
    from("groq_key", ALPHANUMERIC, 48, "gsk_");
    from("replicate_token", BASE64URL, 37, "r8_");
    from("perplexity_key", ALPHANUMERIC, 40, "pplx-");
    from("xai_key", WORD, 70, "xai-");
    from("langsmith_key", WORD, 40, "lsv2_");
    from("tavily_key", BASE64URL, 32, "tvly-");
    exactly("firecrawl_key", HEX, 32, "fc-");
    from("jina_key", BASE64URL, 50, "jina_");
    from("nvidia_key", BASE64URL, 60, "nvapi-");
    exactly("elevenlabs_key", HEX, 48, "sk_");
    random("fireworks_key", ALPHANUMERIC, 22, 24, "fw_");
    random("voyage_key", BASE64URL, 43, 43, "pa-");
    from("pinecone_key", WORD, 60, "pcsk_");
    exactly("cerebras_key", ALPHANUMERIC, 48, "csk-");
    from("posthog_key", WORD, 43, "phx_");
    exactly("e2b_key", HEX, 40, "e2b_");
  }

  private void messages() {
    from("slack_token", TOKEN, 10, "xoxb-", "xoxp-", "xoxa-", "xoxr-", "xoxs-", "xoxc-");
    from("slack_token", TOKEN, 10, "xoxe-", "xoxe.");
    from("slack_token", QUERY, 10, "xoxd-");
    from("slack_token", BASE64URL, 20, "xapp-");
    from("slack_webhook", PATH, 30, "hooks.slack.com/services/", "hooks.slack.com/workflows/");
    from("slack_webhook", PATH, 30, "hooks.slack.com/triggers/");
    from("discord_webhook", PATH, 60, "discord.com/api/webhooks/");
    from("discord_webhook", PATH, 60, "discordapp.com/api/webhooks/");
    from("teams_webhook", PATH, 32, "/IncomingWebhook/");
    exactly("sendgrid_key", TOKEN, 66, "SG.");
    exactly("twilio_key", HEX, 32, "SK");
    exactly("mailgun_key", HEX, 32, "key-");
    from("brevo_key", BASE64URL, 64, "xkeysib-", "xsmtpsib-");
    random("resend_key", WORD, 30, 40, "re_");
    random("facebook_token", ALPHANUMERIC, 100, MAX_RANDOM, "EAA");
    random("twitter_token", QUERY, 80, MAX_RANDOM, "AAAAAAAAAAAAAAAAAAAAAA");
    from("firebase_key", BASE64URL, 120, "APA91b");
    // The second half of a Telegram bot's token; the first half is the bot's public number.
    exactly("telegram_token", BASE64URL, 33, ":AA");
  }

  private void payments() {
    from("stripe_key", BASE64, 16, "sk_live_", "sk_test_", "rk_live_", "rk_test_", "whsec_");
    from("stripe_key", BASE64, 16, "sk_prod_", "rk_prod_");
    from("square_token", BASE64URL, 22, "sq0atp-");
    from("square_token", BASE64URL, 43, "sq0csp-");
    random("square_token", BASE64URL, 59, 61, "EAAA");
    from("braintree_token", Characters.DOLLAR_PARTS, 40, "access_token$production$");
    exactly("razorpay_key", ALPHANUMERIC, 14, "rzp_live_");
    from("flutterwave_key", BASE64URL, 14, "FLWSECK_TEST-", "FLWSECK-");
    exactly("easypost_key", ALPHANUMERIC, 54, "EZAK", "EZTK");
    exactly("shippo_token", HEX, 40, "shippo_live_", "shippo_test_");
    from("duffel_token", BASE64URL, 43, "duffel_live_", "duffel_test_");
    exactly("amazon_token", UUID, UUID_CHARS, "amzn.mws.");
    from("paddle_key", WORD, 40, "pdl_live_apikey_", "pdl_sdbx_apikey_");
    exactly("plaid_token", UUID, UUID_CHARS, "access-production-", "access-sandbox-");
    exactly("plaid_token", UUID, UUID_CHARS, "access-development-");
  }

  private void services() {
    exactly("shopify_token", ALPHANUMERIC, 32, "shpat_", "shpca_", "shppa_", "shpss_");
    from("atlassian_token", QUERY, 60, "ATATT3");
    from("linear_token", ALPHANUMERIC, 40, "lin_api_", "lin_oauth_");
    from("sentry_token", BEARER, 60, "sntrys_");
    from("sentry_token", HEX, 64, "sntryu_");
    exactly("postman_key", BASE64URL, 59, "PMAK-");
    exactly("postman_key", CAPITAL, 26, "PMAT-");
    random("notion_token", ALPHANUMERIC, 43, 43, "secret_");
    from("notion_token", ALPHANUMERIC, 43, "ntn_");
    from("figma_token", BASE64URL, 40, "figd_", "figp_");
    from("grafana_token", WORD, 40, "glsa_");
    from("grafana_token", BASE64, 32, "glc_");
    from("newrelic_key", ALPHANUMERIC, 27, "NRAK-");
    from("newrelic_key", BASE64URL, 32, "NRII-");
    exactly("newrelic_key", HEX, 19, "NRJS-");
    random("airtable_token", TOKEN, 79, 79, "pat");
    exactly("hubspot_token", UUID, UUID_CHARS, "pat-na1-", "pat-eu1-");
    exactly("contentful_token", BASE64URL, 43, "CFPAT-");
    from("typeform_token", TOKEN, 40, "tfp_");
    exactly("readme_key", ALPHANUMERIC, 70, "rdme_");
    exactly("frameio_token", BASE64URL, 64, "fio-u-");
    exactly("adobe_secret", ALPHANUMERIC, 32, "p8e-");
    exactly("settlemint_token", ALPHANUMERIC, 16, "sm_pat_", "sm_aat_", "sm_sat_");
    from("mapbox_token", TOKEN, 76, "sk.eyJ");
    random("dropbox_token", BASE64URL, 130, MAX_RANDOM, "sl.");
    exactly("launchdarkly_key", UUID, UUID_CHARS, "api-", "sdk-");
    exactly("ubidots_token", ALPHANUMERIC, 30, "BBFF-");
  }

  private void exactly(String detector, Characters characters, int length, String... prefixes) {
    between(detector, characters, length, length, prefixes);
  }

  private void from(String detector, Characters characters, int min, String... prefixes) {
    between(detector, characters, min, ANY_LENGTH, prefixes);
  }

  private void between(
      String detector, Characters characters, int min, int max, String... prefixes) {
    for (String prefix : prefixes) {
      forms.add(new Form(detector, prefix, characters, min, max, false));
    }
  }

  private void random(
      String detector, Characters characters, int min, int max, String... prefixes) {
    for (String prefix : prefixes) {
      forms.add(new Form(detector, prefix, characters, min, max, true));
    }
  }
}
