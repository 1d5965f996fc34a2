/// A pod's status as the API server shows it, and its writer.
@NullMarked
package dev.monopod.agent.pod.status;

import org.jspecify.annotations.NullMarked;
