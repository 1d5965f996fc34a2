/// One owner thread for each pod, and the pods of this host. May use every other room; none uses
/// it.
@NullMarked
package dev.monopod.agent.pod.worker;

import org.jspecify.annotations.NullMarked;
