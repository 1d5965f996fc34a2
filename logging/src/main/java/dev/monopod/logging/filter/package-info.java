/// Filters of `filters.conf`, with Fluent Bit's meaning. Pure, but for what `throttle` counts.
@NullMarked
package dev.monopod.logging.filter;

import org.jspecify.annotations.NullMarked;
