/// The pod worker: one owner thread per pod, pure decisions, volumes, environment, status. May use
/// image, machine, network and guest.
@NullMarked
package dev.monopod.agent.pod;

import org.jspecify.annotations.NullMarked;
