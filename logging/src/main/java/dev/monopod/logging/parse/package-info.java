/// Parsers of `parsers.conf`: a text becomes a table, with Fluent Bit's meaning. Pure.
@NullMarked
package dev.monopod.logging.parse;

import org.jspecify.annotations.NullMarked;
