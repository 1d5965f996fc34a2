/// Gives a pod that is resized in place its limits.
@NullMarked
package dev.monopod.agent.pod.resize;

import org.jspecify.annotations.NullMarked;
