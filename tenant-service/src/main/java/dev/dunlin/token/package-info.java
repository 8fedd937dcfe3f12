/**
 * API tokens: what scripts of a tenant call the REST API with. Owns the api_token table, which keeps a hash only.
 */
@NullMarked
package dev.dunlin.token;

import org.jspecify.annotations.NullMarked;
