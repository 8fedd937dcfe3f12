package dev.dunlin.messagestore;

/**
 * How the message store does.
 *
 * @param commits transactions since the start, and likewise below
 * @param changes made by them
 * @param messages bodies written
 * @param refusals changes refused for want of room or for a fault
 * @param waiting changes not yet written
 * @param waitingBytes about what those hold in memory
 * @param away whether changes wait because the database is away
 */
public record StoreStatistics(
        long commits, long changes, long messages, long refusals, long waiting, long waitingBytes, boolean away) {}
