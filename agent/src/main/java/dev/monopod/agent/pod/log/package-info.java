/// The logs of a pod's containers: written, chained over restarts, read.
@NullMarked
package dev.monopod.agent.pod.log;

import org.jspecify.annotations.NullMarked;
