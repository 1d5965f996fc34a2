/// The life of a pod as a pure state machine, and its record. Reads no clock, no file and no
/// network but its record.
@NullMarked
package dev.monopod.agent.pod.life;

import org.jspecify.annotations.NullMarked;
