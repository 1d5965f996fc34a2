/// Starts, probes, watches and stops the containers of a pod in its guest.
@NullMarked
package dev.monopod.agent.pod.container;

import org.jspecify.annotations.NullMarked;
