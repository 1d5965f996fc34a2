/// Resizes a pod in place.
@NullMarked
package dev.monopod.agent.pod.resize;

import org.jspecify.annotations.NullMarked;
