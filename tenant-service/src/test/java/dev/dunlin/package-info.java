/** What the tests of the services share: an application without pages, and one PostgreSQL for all of them. */
@NullMarked
package dev.dunlin;

import org.jspecify.annotations.NullMarked;
