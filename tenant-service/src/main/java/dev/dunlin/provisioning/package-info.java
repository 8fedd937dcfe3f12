/**
 * Provisioning: an operator's YAML file, applied at start in one transaction. Owns the file's form; writes the
 * tables of the other packages, since it compares and changes many rows at once.
 */
@NullMarked
package dev.dunlin.provisioning;

import org.jspecify.annotations.NullMarked;
