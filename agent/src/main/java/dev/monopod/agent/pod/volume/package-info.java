/// The volumes and files of a pod, and the limits of its storage.
@NullMarked
package dev.monopod.agent.pod.volume;

import org.jspecify.annotations.NullMarked;
