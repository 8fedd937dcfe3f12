/**
 * Accounts: people, with an e-mail address and a password, and how one signs up. Owns the account table; knows tenants
 * and credentials only to give a newcomer the first of each; knows nothing of web sessions.
 */
@NullMarked
package dev.dunlin.account;

import org.jspecify.annotations.NullMarked;
