/// Log records: what they are made of, how their parts are named, how they are read from JSON and
/// written as it. Pure. Depends on the JDK, Jackson's core and joni.
@NullMarked
package dev.monopod.logging.record;

import org.jspecify.annotations.NullMarked;
