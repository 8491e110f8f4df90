// SPDX-License-Identifier: Apache-2.0
package dev.indelible.queue;

/**
 * One thing that is wrong with a log although events reach its ledger.
 *
 * @param source what reports it; a log has at most one entry per source
 * @param reason what is wrong and what to do, for a person
 */
public record HealthEntry(String source, String reason) {}
