/// Brings the images of a pod, under the identity that may pull them.
@NullMarked
package dev.monopod.agent.pod.pull;

import org.jspecify.annotations.NullMarked;
