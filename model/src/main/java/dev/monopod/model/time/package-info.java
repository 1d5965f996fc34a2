/// What time it is: for others, by the wall clock; for waits and ages within a process, by a clock
/// that never jumps. The JDK only.
@NullMarked
package dev.monopod.model.time;

import org.jspecify.annotations.NullMarked;
