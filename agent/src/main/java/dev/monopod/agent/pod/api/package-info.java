/// What pods ask of the API server, and the API server's answers. Uses no other room.
@NullMarked
package dev.monopod.agent.pod.api;

import org.jspecify.annotations.NullMarked;
