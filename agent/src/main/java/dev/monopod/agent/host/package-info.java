/// The Host object: what this host can carry. Depends on no other package of the agent.
@NullMarked
package dev.monopod.agent.host;

import org.jspecify.annotations.NullMarked;
