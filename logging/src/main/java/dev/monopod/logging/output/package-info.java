/// What the sections of `output.conf` ask for. Pure: who sends is elsewhere.
@NullMarked
package dev.monopod.logging.output;

import org.jspecify.annotations.NullMarked;
