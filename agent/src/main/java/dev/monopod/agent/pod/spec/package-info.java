/// What a pod's spec means: containers, environment, numbers, security. Performs nothing.
@NullMarked
package dev.monopod.agent.pod.spec;

import org.jspecify.annotations.NullMarked;
